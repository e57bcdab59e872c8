import { assertEquals } from "@std/assert";
import { world } from "../world/world.ts";

Deno.test("a phone is stored as E.164, read in the workspace's country when it has no prefix", async () => {
  const { alice } = await world();

  const local = await alice.creates("/contacts", { first_name: "Ann", phone: "0412 000 101" });
  const foreign = await alice.creates("/contacts", { first_name: "Ben", phone: " +44 (0)20 7946 0201 " });
  const refused = await alice.post("/contacts", { first_name: "Cay", phone: "hello" });
  await alice.changes("/company", { country: null });
  const homeless = await alice.patch(`/contacts/${local.id}`, { phone: "0412 000 102" });

  assertEquals([local.phone, foreign.phone], ["+61412000101", "+442079460201"]);
  assertEquals([refused.status, refused.error.details.fields[0].path], [400, "phone"]);
  assertEquals([homeless.status, homeless.error.code], [400, "VALIDATION_ERROR"]);
  assertEquals((await alice.gets(`/contacts/${local.id}`)).phone, "+61412000101");
});

Deno.test("an email names one contact of a workspace, in any case; another workspace may have it too", async () => {
  const { alice, bob } = await world();
  const ann = await alice.creates("/contacts", { first_name: "Ann", email: "Ann@Example.com" });
  const ben = await alice.creates("/contacts", { first_name: "Ben", email: null });

  const twice = await alice.post("/contacts", { first_name: "Anna", email: "ann@example.COM" });
  const changed = await alice.patch(`/contacts/${ben.id}`, { email: "ANN@example.com" });
  const elsewhere = await bob.post("/contacts", { first_name: "Ann", email: "ann@example.com" });

  assertEquals([twice.status, twice.error.code, twice.error.existing_id], [409, "CONFLICT", ann.id]);
  assertEquals([changed.status, changed.error.existing_id], [409, ann.id]);
  assertEquals(elsewhere.status, 201);
  assertEquals((await alice.gets("/contacts?order=asc")).map((row: { email: string }) => row.email), [
    "Ann@Example.com",
    null,
  ]);
});

Deno.test("alice changes a contact, and only what she names", async () => {
  const { alice } = await world();
  const ann = await alice.creates("/contacts", { first_name: " Ann ", last_name: "Lee", job_title: "GP" });

  const changed = await alice.changes(`/contacts/${ann.id}`, { last_name: null });

  assertEquals([changed.first_name, changed.last_name, changed.job_title, changed.images], ["Ann", null, "GP", []]);
  assertEquals(changed.updated_at >= ann.updated_at, true);
  assertEquals((await alice.gets(`/contacts/${ann.id}`)).last_name, null);
});

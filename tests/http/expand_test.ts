import { assertEquals } from "@std/assert";
import { chain, world } from "../world/world.ts";

const card = ["email", "first_name", "id", "job_title", "last_name", "phone"];
const expansions = {
  "/referrals": {
    referrer: card,
    referred_contact: card,
    opportunity: ["contact_id", "currency", "id", "name", "status", "value"],
  },
  "/opportunities": { referrer: card, contact: card },
};

for (const [path, objects] of Object.entries(expansions)) {
  Deno.test(`expand on ${path} inlines just the contract's fields, and null where there is none`, async () => {
    const { alice } = await world();
    const { referrer, referral, opportunity } = await chain(alice);
    const bare = path === "/referrals"
      ? await alice.creates(path, { referrer_contact_id: referrer.id })
      : await alice.creates(path, { name: "Bare" });
    const rich = path === "/referrals" ? referral : opportunity;
    const expand = Object.keys(objects).join(",");

    const { data } = await alice.get(`${path}?fields=id&expand=${expand}`);

    for (const row of [...data, await alice.gets(`${path}/${rich.id}?fields=id&expand=${expand}`)]) {
      assertEquals(Object.keys(row).sort(), ["id", ...Object.keys(objects)].sort());
      for (const [name, keys] of Object.entries(objects)) {
        const empty = row.id === bare.id && row.id !== rich.id && name !== (path === "/referrals" ? "referrer" : "");
        assertEquals(row[name] === null ? null : Object.keys(row[name]).sort(), empty ? null : keys, name);
      }
    }
    for (const wrong of ["expand=", "expand=notes", `expand=${expand},placements`, "expand=a,b,c,d,e,f"]) {
      for (const at of [path, `${path}/${rich.id}`]) {
        const reply = await alice.get(`${at}?${wrong}`);
        assertEquals([reply.status, reply.error.code, reply.error.details.fields[0].path], [
          400,
          "VALIDATION_ERROR",
          "expand",
        ]);
      }
    }
  });
}

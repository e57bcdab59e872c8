import { assertEquals, assertMatch } from "@std/assert";
import { type CountryCode, getCountries, getExampleNumber } from "libphonenumber-js/max";
import examples from "libphonenumber-js/mobile/examples";
import { readPhone } from "../../supabase/functions/api/contacts/phone.ts";
import { world } from "../world/world.ts";

const read = async (typed: string, country: string | null = "AU") => {
  const answer = await readPhone(typed, () => Promise.resolve(country));
  return "phone" in answer ? answer.phone : null;
};

Deno.test("a number of every country is read as it is dialled there, and as it is dialled from elsewhere", async () => {
  for (const country of getCountries()) {
    const number = getExampleNumber(country, examples)!;
    const ways = [number.number, number.formatNational(), number.formatInternational(), number.getURI()];
    assertEquals(await Promise.all(ways.map((way) => read(way, country))), ways.map(() => number.number), country);
    assertEquals(await read(number.formatInternational(), null), number.number, `${country}, from nowhere`);
    const abroad: CountryCode = number.countryCallingCode === "1" ? "GB" : "US";
    const dialled = number.format("IDD", { fromCountry: abroad });
    assertEquals(await read(dialled, abroad), number.number, dialled);
  }
});

Deno.test("what people paste around a number goes, and its extension stays", async () => {
  const pasted: [string, string][] = [
    ["0412 000 101", "+61412000101"],
    ["\u202d+61 412 000 101\u202c", "+61412000101"],
    ["\u2066(04) 1200 0101\u2069", "+61412000101"],
    ["\ufeff0412\u00a0000\u00a0101\u200b", "+61412000101"],
    ["tel:+61-412-000-101", "+61412000101"],
    ["Tel.: 0412 000 101", "+61412000101"],
    ["Mobile 0412 000 101", "+61412000101"],
    ["telefon: ＋61 412 000 101", "+61412000101"],
    ["+61 (0)412 000 101", "+61412000101"],
    ["0412–000–101", "+61412000101"],
    ["0412.000.101", "+61412000101"],
    ["61 412 000 101", "+61412000101"],
    ["٠٤١٢ ٠٠٠ ١٠١", "+61412000101"],
    ["０４１２ ０００ １０１", "+61412000101"],
    ["0011 44 20 7946 0958", "+442079460958"],
    ["0044 20 7946 0958", "+442079460958"],
    ["00 1 212 555 0123", "+12125550123"],
    ["1300 123 456", "+611300123456"],
    ["13 11 14", "+61131114"],
    ["(02) 8888 0000 ext. 12", "+61288880000;ext=12"],
    ["+61 2 8888 0000 x12", "+61288880000;ext=12"],
    ["tel:+61288880000;ext=12", "+61288880000;ext=12"],
    ["02 8888 0000 #012", "+61288880000;ext=012"],
  ];
  for (const [typed, phone] of pasted) assertEquals(await read(typed), phone, typed);
  assertEquals(await read("0044 20 7946 0958", null), "+442079460958");
  assertEquals(await read("+61288880000;ext=12"), "+61288880000;ext=12", "what is answered can be sent again");
});

Deno.test("a number that nobody can have is refused, with an example of the workspace's country", async () => {
  const { alice } = await world();
  const ann = await alice.creates("/contacts", { first_name: "Ann", phone: "0412 000 101" });
  const nobody = [
    "0412 345",
    "0412 000 10",
    "0412 000 1011",
    "0612 000 101",
    "000",
    "12",
    "hello",
    "+61 412 345",
    "+999 123 456 789",
  ];
  for (const phone of [...nobody, "0412 000 101 / 0412 000 102"]) {
    const { status, error } = await alice.patch(`/contacts/${ann.id}`, { phone });
    assertEquals([status, error.code, error.details.fields[0].path], [400, "VALIDATION_ERROR", "phone"], phone);
  }
  for (
    const [country, example] of [["DE", /\(?01/], ["GB", /07/], ["US", /\(201\)/], ["IN", /081/], [
      "IT",
      /\b3/,
    ]] as const
  ) {
    await alice.changes("/company", { country });
    const { error } = await alice.patch(`/contacts/${ann.id}`, { phone: "12" });
    assertMatch(error.message, example);
  }
  await alice.changes("/company", { country: null });
  const homeless = await alice.patch(`/contacts/${ann.id}`, { phone: "0412 000 102" });
  assertMatch(homeless.error.message, /such as \+61/);
  assertEquals((await alice.gets(`/contacts/${ann.id}`)).phone, "+61412000101");
});

Deno.test("by the data API too, a phone is E.164 with an extension or without", async () => {
  const { alice } = await world();
  const add = (phone: string) => alice.rest("POST", "/crm_contacts", { first_name: "Ann", phone });
  assertEquals((await add("+61288880000;ext=12")).status, 201);
  for (
    const phone of ["0288880000", "+61 2 8888 0000", "+61288880000 ext 12", "+61288880000;ext=", "+61288880000;ext=1;x"]
  ) {
    assertEquals((await add(phone)).body.code, "23514", phone);
  }
});

Deno.test("every problem of a contact is told at once, its phone's too", async () => {
  const { alice } = await world();
  const { status, error } = await alice.post("/contacts", { last_name: "", email: "ann@", phone: "0412 345", age: 3 });

  assertEquals([status, error.code], [400, "VALIDATION_ERROR"]);
  const paths = error.details.fields.map(({ path }: { path: string }) => path);
  assertEquals(paths.sort(), ["age", "email", "first_name", "last_name", "phone"]);
  assertEquals((await alice.get("/contacts")).body.pagination.total, 0);
});

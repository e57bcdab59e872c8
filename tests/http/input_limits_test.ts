import { assertEquals } from "@std/assert";
import { contents } from "../world/contents.ts";
import { endpoints, pathTo, rowsOf, title } from "../world/every_endpoint.ts";
import { outcome, paths } from "../world/outcome.ts";
import { call, type Json, world } from "../world/world.ts";

const text = (field: string, most: number) => ({
  most,
  make: (letter: string, n: number): Json => ({ [field]: letter.repeat(n) }),
});
const limits = [
  { at: "POST /contacts", ...text("first_name", 200) },
  { at: "PATCH /contacts/:id", ...text("last_name", 200) },
  { at: "PATCH /contacts/:id", ...text("job_title", 200) },
  { at: "POST /opportunities", ...text("name", 300) },
  { at: "PATCH /opportunities/:id", ...text("lead_source", 200) },
  { at: "PATCH /referrals/:id", ...text("category", 80) },
  { at: "PATCH /referrals/:id", ...text("notes", 10_000) },
  { at: "POST /pipelines", ...text("name", 200) },
  { at: "PATCH /company", ...text("name", 200) },
  {
    at: "PATCH /company/crm-settings",
    most: 80,
    make: (letter: string, n: number): Json => ({ referral_categories: [letter.repeat(n)] }),
  },
  { at: "PATCH /automations/:id", ...text("name", 200) },
  {
    at: "PATCH /automations/:id",
    most: 1_000,
    make: (letter: string, n: number): Json => ({ conditions: { "deal.name": { eq: letter.repeat(n) } } }),
  },
  ...[{ name: "subject", most: 200 }, { name: "body_html", most: 20_000 }].map(({ name, most }) => ({
    at: "PATCH /automations/:id/actions/:actionId",
    most,
    make: (letter: string, n: number): Json => ({
      config: { to: "referrer", subject: "Thanks", body_html: "<p>", [name]: letter.repeat(n) },
      action_type: "send_email",
    }),
  })),
  ...[{ name: "category", most: 80 }, { name: "notes", most: 10_000 }].map(({ name, most }) => ({
    at: "POST /automations/:id/actions",
    most,
    make: (letter: string, n: number): Json => ({
      config: { [name]: letter.repeat(n) },
      action_type: "attribute_referral",
    }),
  })),
  {
    at: "PATCH /webhooks/subscriptions/:id",
    most: 2_048,
    make: (letter: string, n: number): Json => ({ url: `http://127.0.0.1:9/${letter.repeat(n - 19)}` }),
  },
  {
    at: "PATCH /company",
    most: 2_048,
    make: (letter: string, n: number): Json => ({ logo_url: `https://example.com/${letter.repeat(n - 20)}` }),
  },
];

for (const { at, most, make } of limits) {
  const field = Object.keys(make("a", 1_000))[0];
  Deno.test(`${at} takes up to ${most} characters of ${field}, each of them one, and keeps the old when there are more`, async () => {
    const { alice } = await world();
    const rows = await rowsOf(alice);
    const endpoint = endpoints.find((one) => title(one) === at)!;
    const send = (body: Json) => call(endpoint.contract.method.toUpperCase(), pathTo(endpoint, rows), body, alice);
    for (const letter of ["a", "é", "😀"]) {
      for (const length of [most - 1, most]) {
        const reply = await send(make(letter, length));
        assertEquals(
          [reply.status < 300, reply.data?.[field]],
          [true, make(letter, length)[field]],
          `${letter} ${length}`,
        );
      }
      const before = await contents(alice);
      const reply = await send(make(letter, most + 1));
      assertEquals([outcome(reply), paths(reply)[0]?.split(".")[0]], [[400, "VALIDATION_ERROR"], field], letter);
      assertEquals(await contents(alice), before);
    }
  });
}

Deno.test("an email has at most 320 characters", async () => {
  const { alice } = await world();
  const email = (length: number) => `${"a".repeat(length - 12)}@example.com`;

  assertEquals((await alice.creates("/contacts", { first_name: "Rita", email: email(320) })).email, email(320));
  const refused = await alice.post("/contacts", { first_name: "Rita", email: email(321) });
  assertEquals([outcome(refused), paths(refused)], [[400, "VALIDATION_ERROR"], ["email"]]);
});

Deno.test("a value is a number with two decimals that Postgres and JavaScript both hold", async () => {
  const { alice } = await world();
  const write = (value: string) =>
    alice.post("/opportunities", undefined, {
      raw: `{"name": "Knee", "value": ${value}}`,
      headers: { "content-type": "application/json" },
    });

  for (const [value, stored] of [["0", 0], ["-0", 0], ["0.1", 0.1], ["19.99", 19.99], ["1e3", 1_000], ["null", null]]) {
    assertEquals((await write(String(value))).data?.value, stored, String(value));
  }
  assertEquals((await write("999999999999.99")).data.value, 999_999_999_999.99);
  const before = await contents(alice);
  for (
    const value of ["1e400", "-1e400", "-0.01", "9007199254740993", "1000000000000", "0.001", `"5"`, "true", "[1]"]
  ) {
    const reply = await write(value);
    assertEquals([outcome(reply), paths(reply)], [[400, "VALIDATION_ERROR"], ["value"]], value);
  }
  for (const value of ["NaN", "Infinity", "01", "+1", ".5", "0x10"]) {
    assertEquals(outcome(await write(value)), [400, "INVALID_BODY"], value);
  }
  assertEquals(await contents(alice), before);
});

Deno.test("a position is a whole number that Postgres holds", async () => {
  const { alice } = await world();
  const rows = await rowsOf(alice);
  const { pipeline_id, stage_id } = rows.fields;
  const before = await contents(alice);
  for (const position of [-1, 0.5, 2_147_483_648, Number.MAX_SAFE_INTEGER, "1"]) {
    const replies = await Promise.all([
      alice.post(`/opportunities/${rows.paths["/opportunities"]}/move`, { pipeline_id, stage_id, position }),
      alice.post("/pipelines", { name: "Pipeline", stages: [{ name: "Stage", position }] }),
    ]);
    assertEquals(replies.map(outcome), Array(2).fill([400, "VALIDATION_ERROR"]), String(position));
    assertEquals(replies.map(paths), [["position"], ["stages.0.position"]]);
  }
  assertEquals(await contents(alice), before);
});

Deno.test("a body is nested 32 levels deep at most, and how deep it is costs nothing", async () => {
  const { alice } = await world();
  const nested = (levels: number) => `{"first_name": "Rita", "last_name": ${"[".repeat(levels)}${"]".repeat(levels)}}`;
  const send = (raw: string) =>
    alice.post("/contacts", undefined, { raw, headers: { "content-type": "application/json" } });
  const told = async (raw: string) => {
    const { status, error } = await send(raw);
    return [status, error.code];
  };
  assertEquals(await told(nested(31)), [400, "VALIDATION_ERROR"]);
  assertEquals(await told(nested(32)), [400, "INVALID_BODY"]);
  assertEquals(await told(nested(120_000)), [400, "INVALID_BODY"]);
  assertEquals((await alice.get("/contacts")).body.pagination.total, 0);
});

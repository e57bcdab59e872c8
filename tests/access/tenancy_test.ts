import { assertEquals } from "@std/assert";
import type { Endpoint } from "../../supabase/functions/api/http/endpoint.ts";
import { contents } from "../world/contents.ts";
import {
  bodyOf,
  endpoints,
  isById,
  isReference,
  nowhere,
  pathTo,
  reference,
  type Rows,
  rowsOf,
  title,
} from "../world/every_endpoint.ts";
import { call, type Json, type Person, type Reply, world } from "../world/world.ts";

// Asked twice with one request id, two answers are the same to the byte or they tell something.
const headers = { "x-request-id": crypto.randomUUID() };

async function ask(person: Person, endpoint: Endpoint, path: string, body?: Json): Promise<Json> {
  return whole(await call(endpoint.contract.method.toUpperCase(), path, body, { token: person.token, headers }));
}

// What is left of the budget goes down with each request, whatever it asks for.
const whole = ({ status, headers, text, error }: Reply) => ({
  status,
  code: error?.code,
  text,
  headers: Object.fromEntries([...headers].filter(([name]) => !["date", "ratelimit"].includes(name))),
});

const references = (shape: Json) => Object.keys(shape ?? {}).filter(isReference);
const fieldsOf = (rows: Rows, names: string[]) =>
  Object.fromEntries(names.map((name) => [name, reference(name, rows)]));

Deno.test("the row of another workspace is the same 404 as none, on every path with an id", async () => {
  const { alice, bob } = await world();
  const [mine, theirs] = [await rowsOf(alice), await rowsOf(bob)];
  const before = await contents(bob);

  for (const endpoint of endpoints.filter(isById)) {
    const [hidden, missing] = await Promise.all(
      [theirs, nowhere()].map((rows) => ask(alice, endpoint, pathTo(endpoint, rows), bodyOf(endpoint, mine))),
    );

    assertEquals([hidden.status, hidden.code], [404, "NOT_FOUND"], title(endpoint));
    assertEquals(hidden, missing, title(endpoint));
  }
  assertEquals(await contents(bob), before);
});

Deno.test("a reference to another workspace is the same 404 as none, in every body, alone and all together", async () => {
  const { alice, bob } = await world();
  const [mine, theirs] = [await rowsOf(alice), await rowsOf(bob)];
  // A stage needs its pipeline beside it: without one every stage would be refused for that.
  await alice.changes("/company/crm-settings", { referral_pipeline_id: mine.fields.pipeline_id });
  const before = [await contents(alice), await contents(bob)];

  for (const endpoint of endpoints) {
    const names = references(endpoint.contract.body?.shape);
    const path = pathTo(endpoint, mine);
    for (const chosen of [...names.map((name) => [name]), ...(names.length > 1 ? [names] : [])]) {
      const [hidden, missing] = await Promise.all(
        [theirs, nowhere()].map((rows) =>
          ask(alice, endpoint, path, { ...bodyOf(endpoint, mine), ...fieldsOf(rows, chosen) })
        ),
      );

      assertEquals([hidden.status, hidden.code], [404, "NOT_FOUND"], `${title(endpoint)} with ${chosen}`);
      assertEquals(hidden, missing, `${title(endpoint)} with ${chosen}`);
    }
  }
  assertEquals([await contents(alice), await contents(bob)], before);
});

Deno.test("a filter by a row of another workspace gives the same empty list as by none", async () => {
  const { alice, bob } = await world();
  const [mine, theirs] = [await rowsOf(alice), await rowsOf(bob)];

  for (const endpoint of endpoints) {
    for (const name of references(endpoint.contract.query?.shape)) {
      const [hidden, missing] = await Promise.all(
        [theirs, nowhere()].map((rows) =>
          ask(alice, endpoint, `${pathTo(endpoint, mine)}?${name}=${reference(name, rows)}`)
        ),
      );

      assertEquals([hidden.status, JSON.parse(hidden.text).data], [200, []], `${title(endpoint)} by ${name}`);
      assertEquals(hidden, missing, `${title(endpoint)} by ${name}`);
    }
  }
});

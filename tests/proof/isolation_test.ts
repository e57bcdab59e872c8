import { assertEquals } from "@std/assert";
import { title } from "./isolation/cells.ts";
import { endpoints, title as nameOf } from "../world/every_endpoint.ts";
import { Door, inProcess, runAlone } from "./isolation/function_alone.ts";
import { tables } from "./isolation/catalogue.ts";
import { matrix } from "./isolation/matrix.ts";
import { scopeOf } from "./isolation/rules.ts";
import { superuser } from "./isolation/snapshot.ts";

Deno.test("every endpoint asks for the scope that the contract gives it", () => {
  const wanted = endpoints.map((endpoint) => [nameOf(endpoint), endpoint.contract.scope]);

  assertEquals(wanted, endpoints.map((endpoint) => [nameOf(endpoint), scopeOf(endpoint)]));
});

Deno.test("every table that is exposed says whose its rows are", () => {
  const strays = tables.filter(({ schema, owned }) => schema === "public" && owned === null);

  assertEquals(strays.map(({ full }) => full), []);
});

Deno.test("whoever asks, whatever way, nobody sees or changes a row of another workspace", async (t) => {
  const { runner, parts } = await matrix();

  for (const [promise, cells] of Object.entries(parts)) {
    await t.step(promise, () => runner.prove(cells));
  }
  await t.step("the function by itself turns them away before it asks the database", async () => {
    const cells = Object.values(parts).flat();
    await using door = new Door();
    const wrong = await runAlone(cells, inProcess(door), door);
    assertEquals(wrong.map(({ cell, wrong }) => `${title(cell)} ${wrong}`), []);
  });
  console.log(`${runner.cells} cells, foreign values seen: ${runner.leaks}`);
  await superuser.end();
});

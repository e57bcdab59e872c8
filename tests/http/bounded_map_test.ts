import { assertEquals } from "@std/assert";
import { BoundedMap } from "../../supabase/functions/api/platform/bounded_map.ts";

Deno.test("a full map forgets what was set longest ago, and nobody else", () => {
  const tries = new BoundedMap<string, number>(3);
  for (const address of ["a", "b", "c"]) tries.set(address, 1);
  tries.set("a", 2);
  assertEquals([...tries], [["b", 1], ["c", 1], ["a", 2]]);
  tries.set("d", 1);
  assertEquals([...tries], [["c", 1], ["a", 2], ["d", 1]]);
});

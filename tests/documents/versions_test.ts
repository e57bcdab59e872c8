import { assertEquals } from "@std/assert";

type Manifest = { imports: Record<string, string> };

const manifest = async (folder: string): Promise<Manifest> => JSON.parse(await Deno.readTextFile(`${folder}deno.json`));

Deno.test("a package has one version, wherever the project names it", async () => {
  const manifests = await Promise.all(["", "supabase/functions/api/"].map(manifest));
  const versions = Map.groupBy(
    manifests.flatMap(({ imports }) => Object.values(imports)).filter((one) => one.startsWith("npm:")),
    (specifier) => specifier.replace(/@[^@/]+$/, ""),
  );

  const several = [...versions].filter(([, specifiers]) => new Set(specifiers).size > 1);

  assertEquals(several, []);
  assertEquals([...versions.values()].flat().filter((specifier) => !/@\d+\.\d+\.\d+[\w.-]*$/.test(specifier)), []);
});

Deno.test("a tool that npx runs has one version a purpose, wherever the project names it", async () => {
  const files = [".ci/run", "local/types.ts", "local/function_lock.ts", "tests/http/platform_test.ts", "README.md"];
  const texts = await Promise.all([...files, "CONTRIBUTING.md"].map((file) => Deno.readTextFile(file)));

  const named = new Set(texts.flatMap((text) => text.match(/\b(deno|supabase)@\d[\w.-]*/g) ?? []));

  // The hosted platform's line of Deno beside the one that all else runs on.
  assertEquals([...named].sort(), ["deno@2.1.4", "deno@2.9.6", "supabase@3.1.0"]);
});

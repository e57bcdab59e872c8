import { assertEquals } from "@std/assert";
import { glob } from "node:fs/promises";
import manifest from "../../deno.json" with { type: "json" };

const root = new URL("../../", import.meta.url);
const names = await Array.fromAsync(glob(["*.md", "docs/*.md"], { cwd: root.pathname }));
const documents = new Map(
  await Promise.all(names.map(async (name) => [name, await Deno.readTextFile(new URL(name, root))] as const)),
);

/** What no document may say: where it says it, and what. */
const found = (pattern: RegExp) =>
  [...documents].flatMap(([name, text]) => [...text.matchAll(pattern)].map(([all, inner]) => ({ name, all, inner })));

const exists = (url: URL) => Deno.stat(url).then(() => true, () => false);

/** The anchor that a heading has on the usual hosts. */
const anchor = (heading: string) =>
  heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").trim().replaceAll(" ", "-");
const anchorsOf = (text: string) => [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchor(heading));

Deno.test("the README is read in one sitting", () => {
  const lines = documents.get("README.md")!.trimEnd().split("\n").length;
  assertEquals(lines <= 120, true, `It has ${lines} lines, of at most 120.`);
});

Deno.test("every relative link of the documents leads to a file, and to a heading of it", async () => {
  const links = found(/\]\(([^)\s]+)\)/g).filter(({ inner }) => !/^[a-z]+:/.test(inner));
  const broken: string[] = [];
  for (const { name, inner } of links) {
    const [path, heading] = inner.split("#");
    const url = path ? new URL(path, new URL(name, root)) : new URL(name, root);
    const isThere = await exists(url);
    const text = isThere && heading ? await Deno.readTextFile(url) : "";
    if (!isThere || heading && !anchorsOf(text).includes(heading)) broken.push(`${name}: ${inner}`);
  }
  assertEquals(broken, []);
  assertEquals(links.length > 0, true);
});

Deno.test("every task and every test that the documents name exists", async () => {
  const tasks = found(/deno(?:@[\d.]+)? task ([a-z]+)/g);
  const unknown = tasks.filter(({ inner }) => !(inner in manifest.tasks)).map(({ name, all }) => `${name}: ${all}`);
  const paths = found(/\b((?:tests|examples|bench|local|operator|form)\/[\w./-]+\w)/g);
  for (const { name, inner } of paths) if (!await exists(new URL(inner, root))) unknown.push(`${name}: ${inner}`);

  assertEquals(unknown, []);
  assertEquals([tasks.length > 0, paths.length > 0], [true, true]);
});

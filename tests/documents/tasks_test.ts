import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import manifest from "../../deno.json" with { type: "json" };

const tasks = Object.entries(manifest.tasks);

async function deno(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    env: { NO_COLOR: "1", DATABASE_URL: "" },
  }).output();
  return { code, printed: new TextDecoder().decode(stdout), said: new TextDecoder().decode(stderr) };
}

Deno.test("deno task lists every task with what it does", async () => {
  const { printed, said } = await deno("task");

  for (const [name, { description }] of tasks) {
    assertMatch(description, /^[A-Z].{10,100}[^.]$/);
    assertStringIncludes(printed + said, `- ${name}\n`);
    assertStringIncludes(printed + said, description);
  }
});

Deno.test("every task's program says by --help how it is used, and does nothing else", async () => {
  for (const [name] of tasks) {
    for (const flag of name === "keys" ? ["--help", "-h"] : ["--help"]) {
      const { code, printed } = await deno("task", "--quiet", name, flag);

      assertEquals([name, code], [name, 0]);
      assertMatch(printed, name === "proof" ? /^Usage: deno task test / : new RegExp(`^Usage: deno task ${name}\\b`));
    }
  }
});

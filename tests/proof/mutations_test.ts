import { assertEquals } from "@std/assert";
import { join } from "node:path";

Deno.test("whichever layer of the defence is made weaker, a cell of the isolation matrix goes red: one of each kind", async () => {
  const program = join(import.meta.dirname!, "mutations/program.ts");
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: ["run", "-A", program, "--sample"] })
    .output();
  const [said, complained] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));

  console.log(said.trim().split("\n").at(-1));
  assertEquals(code, 0, said + complained);
});

import { assertEquals } from "@std/assert";
import { settled } from "../world/automations.ts";
import { type Json, Person, sql, stack } from "../world/world.ts";

const root = new URL("../../", import.meta.url);
const clinic = new Person("00000000-0000-4000-8000-000000000001", "", stack.demoKeys!["local admin"]);

/** The calls in a document's shell blocks, with the status that each is to have: 2xx, unless a comment behind it says another. */
async function callsIn(name: string): Promise<{ line: string; wanted: string }[]> {
  const text = await Deno.readTextFile(new URL(name, root));
  const blocks = [...text.matchAll(/^```sh\n([^]*?)^```/gm)].map(([, block]) => block);
  return blocks.flatMap((block) => block.split(/^(?=\S)/m))
    .map((line) => line.trim())
    .filter((line) => /^(api|curl) .*(\/|\$API)/.test(line))
    .map((line) => ({ line, wanted: /# (\d{3})$/.exec(line)?.[1] ?? "2" }));
}

/** The document's own shell function, as it stands there. */
async function preludeOf(name: string): Promise<string> {
  return /^api\(\) .*$/m.exec(await Deno.readTextFile(new URL(name, root)))?.[0] ?? "";
}

async function paste(line: string, prelude: string): Promise<{ status: string; body: Json }> {
  const script = `curl() { command curl -w '\\n%{http_code}' "$@"; }\n${prelude}\n${line}`;
  const { stdout } = await new Deno.Command("bash", {
    args: ["-c", script],
    env: { API: stack.apiUrl, API_KEY: clinic.token },
    stderr: "inherit",
  }).output();
  const [, text, status] = /^([^]*)\n(\d{3})$/.exec(new TextDecoder().decode(stdout))!;
  return { status, body: text && text.startsWith("{") ? JSON.parse(text) : undefined };
}

/** Pastes all calls of a document in their order, each with what earlier ones answered in place of `<id>` and the like. */
async function pasteAll(name: string): Promise<number> {
  const [calls, prelude] = await Promise.all([callsIn(name), preludeOf(name)]);
  const answered: Record<string, string> = {};
  for (const { line, wanted } of calls) {
    const filled = line.replace(/<([a-z ]+)>/g, (all, key) => answered[key] ?? all);
    const { status, body } = await paste(filled, prelude);
    assertEquals(status.startsWith(wanted), true, `${name}: ${filled} answers ${status} ${JSON.stringify(body)}`);
    const { id = answered.id, token = answered.token } = body?.data ?? {};
    Object.assign(answered, { id, token });
    if (/\/automations"? /.test(line) && id) answered["automation id"] = id;
  }
  return calls.length;
}

Deno.test({
  name: "every call that README and guide give to paste answers as it should on the seeded stack",
  // Without curl there is nothing to paste into.
  ignore: !Deno.env.get("CI") &&
    !await new Deno.Command("curl", { args: ["--version"], stdout: "null" }).output().then(() => true, () => false),
  async fn() {
    try {
      assertEquals(await pasteAll("README.md") >= 8, true);
      assertEquals(await pasteAll("docs/guide.md") >= 30, true);
    } finally {
      // Nothing of it acts on beside the other tests.
      for (const table of ["webhook_subscriptions", "automations"]) {
        await sql`delete from ${sql(table)} where company_id = ${clinic.companyId}`;
      }
      await settled(clinic);
    }
    assertEquals([await clinic.gets("/automations"), await clinic.gets("/webhooks/subscriptions")], [[], []]);
  },
});

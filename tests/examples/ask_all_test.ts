import { assertEquals } from "@std/assert";
import { ask } from "../world/ask.ts";
import { mailsTo } from "../world/mailbox.ts";
import { call, type Json, type Person, stack, workspace } from "../world/world.ts";
import { example } from "./example.ts";

/** Runs the example to its end; gives the lines that it printed. */
async function askAll(api: string, { token }: Person, ...args: string[]): Promise<string[]> {
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-net", "--allow-env", example("ask_all.ts"), ...args],
    env: { API: api, API_KEY: token },
    stdin: "null",
  }).output();
  assertEquals(success, true, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim().split("\n");
}

/** The API, but whoever asks for the first time is told to come back in a second. */
function busyAtFirst() {
  const refused: string[] = [];
  const over = new AbortController();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, signal: over.signal, onListen: () => {} },
    async (request) => {
      const { pathname, search } = new URL(request.url);
      const name = `${request.method} ${pathname}`;
      if (!refused.includes(name)) {
        refused.push(name);
        const status = request.method === "POST" ? 429 : 503;
        await request.body?.cancel();
        return Response.json({ error: { status } }, { status, headers: { "Retry-After": "1" } });
      }
      return await fetch(stack.apiUrl + pathname + search, {
        method: request.method,
        headers: request.headers,
        body: request.method === "POST" ? await request.text() : undefined,
      });
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    refused,
    async [Symbol.asyncDispose]() {
      over.abort();
      await server.finished;
    },
  };
}

Deno.test("ask_all.ts asks three contacts once, waits when it is told to, and leaves alone whom it must", async () => {
  const clinic = await workspace("Harbour Health");
  const asker = await clinic.holding("contacts:read", "referrals:write");
  const add = (first_name: string, email: string | null = `${first_name}-${crypto.randomUUID()}@example.com`) =>
    clinic.creates("/contacts", { first_name, last_name: "Okafor", email });
  const asked = [await add("Grace"), await add("Liam"), await add("Sofia")];
  await add("Noah", null);
  // Una has the address that Uma had when she unsubscribed.
  const { rita: uma, unsubscribe } = await ask(clinic, { first_name: "Uma" });
  assertEquals((await call("POST", unsubscribe)).status, 200);
  await clinic.changes(`/contacts/${uma.id}`, { email: null });
  const una = await add("Una", uma.email);
  const stranger = await clinic.creates("/contacts", { first_name: "Zed", email: `zed-${crypto.randomUUID()}@x.org` });
  await using busy = busyAtFirst();

  const lines = await askAll(busy.url, asker, "okafor");

  assertEquals(lines, [
    "Grace: asked",
    "Liam: asked",
    "Sofia: asked",
    "Noah: has no email address",
    "Una: left alone: This person has unsubscribed: they asked not to be asked again.",
  ]);
  assertEquals(busy.refused, ["GET /contacts", "GET /referrals/requests", "POST /referrals/request"]);
  const mails = await Promise.all(asked.map(({ email }: Json) => mailsTo(email)));
  assertEquals(mails.map(({ length }) => length), [1, 1, 1]);
  assertEquals([await mailsTo(una.email), await mailsTo(stranger.email)], [[], []]);

  const again = await askAll(stack.apiUrl, asker, "okafor");

  assertEquals(again.slice(0, 3), ["Grace", "Liam", "Sofia"].map((name) => `${name}: has a request already (sent)`));
  const later = await Promise.all(asked.map(({ email }: Json) => mailsTo(email)));
  assertEquals(later.map(({ length }) => length), [1, 1, 1]);
});

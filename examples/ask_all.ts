// Asks every contact that a search finds for a referral, once: whoever was asked before, or has unsubscribed, is left alone,
// so it can be run again after an interruption. The key needs contacts:read and referrals:write.
//
//   API=http://127.0.0.1:54321/functions/v1/api/v1 API_KEY=… deno run --allow-net --allow-env examples/ask_all.ts [search]

type Contact = { id: string; first_name: string; email: string | null };

const [api, key] = [needed("API"), needed("API_KEY")];

for await (const contact of contacts(Deno.args[0])) console.log(`${contact.first_name}: ${await ask(contact)}`);

/** Those of all pages. A cursor goes with the very sort and filters that gave it. */
async function* contacts(search?: string): AsyncGenerator<Contact> {
  const query = new URLSearchParams({ limit: "100", order: "asc", fields: "id,first_name,email" });
  if (search) query.set("search", search);
  for (;;) {
    const { data, pagination } = await read(`/contacts?${query}`);
    yield* data;
    if (pagination.next_cursor === null) return;
    query.set("after", pagination.next_cursor);
  }
}

/** Says what became of it. */
async function ask({ id, email }: Contact): Promise<string> {
  if (email === null) return "has no email address";
  for (;;) {
    // Also after a failure, which does not say whether the request was made.
    const { data: [earlier] } = await read(`/referrals/requests?contact_id=${id}&limit=1`);
    if (earlier) return `has a request already (${earlier.status})`;
    const { status, body, wait } = await call("POST", "/referrals/request", { contact_id: id });
    if (status === 201) return body.data.email_sent ? "asked" : `not mailed: ${body.data.email_error}`;
    if (status === 409) return `left alone: ${body.error.message}`;
    await passingOrThrow(status, body, wait);
  }
}

async function read(path: string) {
  for (;;) {
    const { status, body, wait } = await call("GET", path);
    if (status === 200) return body;
    await passingOrThrow(status, body, wait);
  }
}

async function call(method: string, path: string, sent?: unknown) {
  const response = await fetch(api + path, {
    method,
    headers: { "Authorization": `Bearer ${key}`, ...(sent !== undefined && { "Content-Type": "application/json" }) },
    body: sent === undefined ? undefined : JSON.stringify(sent),
  });
  return {
    status: response.status,
    body: await response.json(),
    wait: Number(response.headers.get("Retry-After") ?? 2),
  };
}

/** Waits as long as the API asks to when it is busy or away; throws what else it refuses. */
async function passingOrThrow(status: number, body: { error: unknown }, seconds: number): Promise<void> {
  if (status !== 429 && status !== 503) throw new Error(JSON.stringify(body.error));
  console.error(`The API asks to wait ${seconds} s.`);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
}

function needed(name: string): string {
  const value = Deno.env.get(name);
  if (!value) throw new Error(`${name} is missing.`);
  return value;
}

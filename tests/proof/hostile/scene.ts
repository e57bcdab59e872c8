import { ask } from "../../world/ask.ts";
import { type Rows, rowsOf } from "../../world/every_endpoint.ts";
import type { Plan } from "./requests.ts";
import type { Answer, Wire } from "../../world/raw_client.ts";
import { type Person, sql, stack, workspace } from "../../world/world.ts";

/** A workspace whose rows, tokens and keys fill requests in. Rows get lost and settings odd: take a fresh one now and then. */
export class Scene {
  readonly #keys = new Map<string, string>();
  readonly #cursors = new Map<string, string>();
  readonly #used: Record<string, number> = {};

  constructor(
    readonly person: Person,
    readonly rows: Rows,
    readonly tokens: Record<"refer" | "unsubscribe", string[]>,
    readonly foreign: Rows,
  ) {}

  static async set(foreign: Rows): Promise<Scene> {
    const alice = await workspace("Alice's clinic");
    const [{ fields, paths }, una, ...asked] = await Promise.all([
      rowsOf(alice),
      // Nothing names her: she can be deleted.
      alice.creates("/contacts", { first_name: "Una" }),
      ask(alice),
      ask(alice),
      ask(alice),
    ]);
    const rows: Rows = { fields, paths: { ...paths, "/contacts": una.id } };
    await Promise.all([
      alice.delete(`/referrals/requests/${asked[0].requestId}`),
      // One that is off takes no test.
      alice.patch(`/webhooks/subscriptions/${rows.paths["/webhooks/subscriptions"]}`, { enabled: true }),
    ]);
    const tokens = {
      refer: asked.map(({ token }) => token),
      unsubscribe: asked.map(({ unsubscribe }) => unsubscribe.split("/").at(-1)!),
    };
    return new Scene(alice, rows, tokens, foreign);
  }

  /** The request as it goes over the wire. */
  async fill({ method, path, key, type, body, twists }: Plan): Promise<Wire> {
    const text = body === null ? null : this.#filled(body, path);
    let wire: Wire = {
      method,
      target: new URL(stack.apiUrl).pathname + this.#filled(path, path),
      headers: [
        ...(key === null ? [] : [["authorization", `Bearer ${await this.#key(key)}`] as [string, string]]),
        ...(type === null ? [] : [["content-type", type] as [string, string]]),
      ],
      body: text === null ? null : new TextEncoder().encode(text),
    };
    for (const twist of twists) wire = twist(wire);
    return wire;
  }

  /** Keeps what the next requests can use. */
  learn({ path }: Plan, { status, text }: Answer): void {
    if (status !== 200 || !text.includes('"next_cursor":"')) return;
    this.#cursors.set(path.split("?")[0], JSON.parse(text).pagination?.next_cursor);
  }

  /** Whether a request bore a key of this scene that lives. */
  isAlive(wire: Wire): boolean {
    const given = wire.headers.filter(([name]) => name === "authorization");
    const living = [...this.#keys].filter(([name]) => name !== "revoked").map(([, token]) => `Bearer ${token}`);
    return given.length === 1 && living.includes(given[0][1]);
  }

  #filled(text: string, path: string): string {
    return text.replace(/~([a-z]+)\.([\w/:-]+)~/g, (_, kind: string, name: string) => {
      const row = this.rows.fields[name] ?? nowhere();
      const at = this.rows.paths[name] ?? (this.#token(name) || nowhere());
      switch (kind) {
        case "row":
          return row;
        case "upper":
          return row.toUpperCase();
        case "foreign":
          return this.foreign.fields[name] ?? nowhere();
        case "path":
          return at;
        case "upperpath":
          return at.toUpperCase();
        case "encodedpath":
          return [...at].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join("");
        case "foreignpath":
          return this.foreign.paths[name] ?? nowhere();
        case "cursor":
          return this.#cursors.get(path.split("?")[0]) ?? "x";
        default:
          return nowhere();
      }
    });
  }

  // A form's token serves one submission, so they take turns; the first is withdrawn.
  #token(collection: string): string | undefined {
    const tokens = collection === "/public/unsubscribe"
      ? this.tokens.unsubscribe
      : /^\/(refer|public\/referral-requests)$/.test(collection)
      ? this.tokens.refer
      : [];
    this.#used[collection] = (this.#used[collection] ?? 0) + 1;
    return tokens[this.#used[collection] % tokens.length];
  }

  async #key(name: string): Promise<string> {
    let token = this.#keys.get(name);
    if (!token) {
      const { keyId, token: minted } = await this.#holder(name);
      if (name === "revoked") await sql`update api_keys set revoked_at = now() where id = ${keyId}`;
      this.#keys.set(name, token = minted);
    }
    return token;
  }

  async #holder(name: string): Promise<Person> {
    if (name === "admin") return this.person;
    return await this.person.holding(name === "revoked" ? "admin" : name);
  }
}

const nowhere = () => crypto.randomUUID();

import { cp } from "node:fs/promises";
import { join } from "node:path";
import { startFunction } from "../../../local/edge_function.ts";
import { endpoints } from "../../../supabase/functions/api/app.ts";
import type { Endpoint } from "../../../supabase/functions/api/http/endpoint.ts";
import { Door, inProcess, runAlone } from "../isolation/function_alone.ts";
import { type Cell, run, type Send, title } from "../isolation/cells.ts";
import type { MatrixRunner } from "../isolation/matrix_runner.ts";
import { stack } from "../../world/world.ts";
import type { Fate } from "./mutant.ts";

/** The function with one check weakened, over the data API at the door. */
export type FunctionMutant = {
  name: string;
  family: string;
  weaken: (door: Door) => Promise<{ send: Send; undo: () => Promise<void> }>;
  /** The endpoint that it is about; all of them without. */
  about?: string;
};

/** The family whose mutants run in a process of their own. */
export const copied = "the function's check";

const folder = join(import.meta.dirname ?? ".", "../../../supabase/functions/api");

type Patch = { name: string; file: string; find: string; put: string };

const patches: Patch[] = [
  {
    name: "asks for no scope",
    file: "app.ts",
    find: "if (key && scope) demandScopes(key, [scope]);",
    put: "",
  },
  {
    name: "asks for no key",
    file: "app.ts",
    find: 'endpoint.access === "open" ? null : await authenticate(c.req.header("Authorization"))',
    put: "null",
  },
  {
    name: "forgets the scope on the way to the database",
    file: "app.ts",
    find: "new Database(config, key, scope, ",
    put: "new Database(config, key, null, ",
  },
  {
    name: "takes any scope for any",
    file: "contract/scopes.ts",
    find: "held.includes(wanted) ||",
    put: "held.length > 0 ||",
  },
  {
    name: "lets reading be writing",
    file: "contract/scopes.ts",
    find: 'access === "read" && (',
    put: "held.includes(`${resource}:read`) || (",
  },
  { name: "takes any role", file: "http/authentication.ts", find: 'role: z.literal("api_key")', put: "role: z.any()" },
  { name: "takes any audience", file: "http/authentication.ts", find: 'audience: "authenticated",', put: "" },
  {
    name: "takes any signature",
    file: "http/authentication.ts",
    find: `const { data, error } = await verifyCredentials({ token, apikey: null }, {
    auth: "user",
    audience: "authenticated",
    env: config.supabase,
  });`,
    put: `const [, payload] = token.split(".");
  const data = { jwtClaims: JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))) };
  const error: { status: number } | null = null as { status: number } | null;`,
  },
  {
    name: "remembers one caller for all",
    file: "http/authentication.ts",
    find: 'createHash("sha256").update(token).digest("base64")',
    put: '"everybody"',
  },
  {
    name: "keeps one client for all",
    file: "data/clients.ts",
    find: "key ?? config",
    put: "config",
  },
  {
    name: "does not ask whether the key lives where no rows say so",
    file: "data/database.ts",
    find: "if (answer.data.length === 0) await this.confirmScope();",
    put: "",
  },
  {
    name: "does not ask whether the key lives where nothing says so",
    file: "data/database.ts",
    find: "    await this.confirmScope();\n    throw missing();",
    put: "    throw missing();",
  },
  {
    name: "does not ask why a command was refused",
    file: "data/database.ts",
    find: 'if (answer.error.code === "42501") await this.confirmScope();',
    put: "",
  },
  {
    name: "remembers a token beyond its end",
    file: "http/authentication.ts",
    find: "if (key.expires <= Date.now())",
    put: "if (key.expires < 0)",
  },
];

/** The function in a process of its own, from a copy of its folder in which `patch` is made. */
async function copy(door: Door, patch?: Patch): ReturnType<FunctionMutant["weaken"]> {
  const place = await Deno.makeTempDir({ prefix: "referrals-mutant-" });
  await cp(folder, join(place, "functions/api"), { recursive: true });
  if (patch) {
    const path = join(place, "functions/api", patch.file);
    const source = await Deno.readTextFile(path);
    if (!source.includes(patch.find)) {
      throw new Error(`${patch.file} has changed: ${patch.find} is what the mutant looks for.`);
    }
    await Deno.writeTextFile(path, source.replaceAll(patch.find, () => patch.put));
  }
  const { signing: { kid, secret }, publishableKey, secretKey, mailUrl } = stack;
  const { origin, stop } = await startFunction(place, {
    url: door.url,
    mailUrl,
    secrets: { jwtSecret: secret, jwtKeyId: kid, publishableKey, secretKey, apiKeys: {} },
  });
  return {
    send: (request) => fetch(new Request(request.url.replace(stack.apiUrl, `${origin}/api/v1`), request)),
    async undo() {
      await stop();
      await Deno.remove(place, { recursive: true });
    },
  };
}

const patched: FunctionMutant[] = patches.map((patch) => ({
  name: `the function ${patch.name}`,
  family: copied,
  weaken: (door) => copy(door, patch),
}));

/** An endpoint's contract made weaker, as a slip of the pen would. */
function weakened(endpoint: Endpoint, how: string, change: Partial<Endpoint>): FunctionMutant {
  const sound = { access: endpoint.access, contract: endpoint.contract };
  const { method, path } = endpoint.contract;
  return {
    name: `${method.toUpperCase()} ${path} ${how}`,
    family: "an endpoint's contract",
    about: `${method} ${path}`,
    weaken: (door) => {
      Object.assign(endpoint, change);
      const undo = () => Promise.resolve(void Object.assign(endpoint, sound));
      return Promise.resolve({ send: inProcess(door), undo });
    },
  };
}

const contracts: FunctionMutant[] = endpoints.filter(({ access }) => access === "keyed").flatMap((endpoint) => {
  const { contract } = endpoint;
  const reading = (contract.scope?.replace(/:(write|delete|trigger)$/, ":read") ?? null) as typeof contract.scope;
  return [
    weakened(endpoint, "takes no key", { access: "open" }),
    ...(contract.scope ? [weakened(endpoint, "takes any scope", { contract: { ...contract, scope: null } })] : []),
    ...(reading !== contract.scope
      ? [weakened(endpoint, "takes the scope for reading", { contract: { ...contract, scope: reading } })]
      : []),
  ];
});

export const functionMutants = [...patched, ...contracts];

/** A copy in which nothing is weaker: whatever goes red over it is no mutant's doing. */
export const sound: FunctionMutant = { name: "a sound copy", family: "", weaken: (door) => copy(door) };

/** What goes red: the function by itself first, which must refuse before any query; then over the database. */
export async function fateOf({ weaken, about }: FunctionMutant, cells: Cell[], runner: MatrixRunner): Promise<Fate> {
  const concerned = cells.filter((cell) =>
    cell.to === "api" && !cell.changes && (!about || cell.about.includes(about))
  );
  await using door = new Door();
  const { send, undo } = await weaken(door);
  try {
    const [alone] = await runAlone(concerned, send, door, true);
    const [wrong] = alone ? [alone] : await run(concerned, send, true);
    return {
      by: wrong ? `${alone ? "alone, " : ""}${title(wrong.cell)} ${wrong.wrong}` : null,
      cells: concerned.length,
    };
  } finally {
    await undo();
    await runner.putBack();
  }
}

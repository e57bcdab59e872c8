import { type Json, type Reply, stack } from "../../world/world.ts";
import type { Principal } from "./principals.ts";
import { seen, type Values } from "./workspaces.ts";

/** One request of one caller, and all that may come of it. */
export type Cell = {
  who: Principal;
  to: "api" | "rest";
  method: string;
  path: string;
  body?: Json;
  headers?: Record<string, string>;
  /** What may be answered: `<status>`, or `<status> <code>`; `<status> []` for nothing, `<status> …` for something. */
  accepted: string[];
  /** What must be in the answer. */
  told?: RegExp;
  /** What must be in no answer. */
  secret: Values[];
  /** The same request about rows that do not exist: its answer must be the same to the byte. */
  twin?: { path: string; body?: Json };
  /** The tables and functions that it is about. */
  about: string[];
  /** It may change rows of alice's own. */
  changes?: boolean;
  /** It locks rows in an order of its own: it runs beside no other. */
  isApart?: boolean;
  /** Asks the database itself instead, for what no HTTP request can say. */
  query?: (send: Send) => Promise<Answer>;
};

export type Answer = Pick<Reply, "status" | "headers" | "text">;

export type Send = (request: Request) => Promise<Response>;

/** What was wrong with a cell's answer; null when nothing was. */
export type Verdict = { cell: Cell; wrong: string };

export const title = ({ who, to, method, path, body }: Cell) =>
  `${who.name}: ${method} ${to === "rest" ? "/rest/v1" : ""}${path}${
    body === undefined ? "" : ` ${JSON.stringify(body)}`
  }`;

/** Runs the cells, eight at once, and gives those that went wrong; with `first`, none after the first of them. */
export async function run(cells: Cell[], send: Send = fetch, first = false): Promise<Verdict[]> {
  const wrong: Verdict[] = [];
  for (const isApart of [false, true]) {
    const queue = cells.filter((cell) => Boolean(cell.isApart) === isApart).values();
    await Promise.all(Array.from({ length: isApart ? 1 : 8 }, async () => {
      for (const cell of queue) {
        if (first && wrong.length > 0) return;
        const found = await judge(cell, send).catch((error) => `throws ${error}`);
        if (found) wrong.push({ cell, wrong: found });
      }
    }));
  }
  return wrong;
}

async function judge(cell: Cell, send: Send): Promise<string | null> {
  const [reply, twin] = await Promise.all([
    cell.query ? cell.query(send) : ask(cell, send),
    cell.twin && ask({ ...cell, ...cell.twin }, send),
  ]);
  const outcome = outcomeOf(reply);
  if (
    !cell.accepted.some((one) =>
      outcome === one || outcome.split(" ")[0] === one || (one.length === 1 && outcome.startsWith(one))
    )
  ) {
    return `answers ${outcome}, not ${cell.accepted.join(" or ")}: ${reply.text.slice(0, 300)}`;
  }
  const all = reply.text + [...reply.headers].filter(isTelling).join();
  if (cell.told && !cell.told.test(reply.text)) return `does not say ${cell.told}: ${reply.text}`;
  const leaked = cell.secret.flatMap((values) => seen(all, values));
  if (leaked.length > 0) return `shows ${leaked.slice(0, 3)}`;
  if (twin && whole(twin) !== whole(reply)) {
    return `tells a hidden row from a missing one: ${reply.text} / ${twin.text}`;
  }
  return null;
}

// The data API says the request's own query once more in Content-Location; what is left of a budget goes down with each request.
const isTelling = ([name]: [string, string]) => !["date", "content-location", "ratelimit"].includes(name);
const whole = ({ status, headers, text }: Answer) => JSON.stringify([status, [...headers].filter(isTelling), text]);

// Asked twice with one request id, two answers are the same to the byte or they tell something.
const requestId = crypto.randomUUID();

/** Its answer; whoever has all slots in use asks again. */
export async function ask(cell: Cell, send: Send): Promise<Answer> {
  for (;;) {
    const answer = await askOnce(cell, send);
    if (answer.status !== 429 || !answer.text.includes('"concurrent_statements"')) return answer;
  }
}

async function askOnce({ who, to, method, path, body, headers }: Cell, send: Send): Promise<Answer> {
  const response = await send(
    new Request((to === "rest" ? stack.restUrl : stack.apiUrl) + path, {
      method,
      headers: {
        "x-request-id": requestId,
        ...(body !== undefined && { "content-type": "application/json" }),
        ...who.headers,
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      redirect: "manual",
    }),
  );
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** The answer in a word or two. */
function outcomeOf({ status, text }: Answer): string {
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    return `${status} ${text === "" ? "[]" : "…"}`;
  }
  const code = body?.error?.code ?? body?.refused?.code ?? (status >= 400 ? body?.code : undefined);
  if (code) return `${status} ${code}`;
  const shown = status < 300 && body?.meta ? body.data : body;
  const isNothing = shown === null || (Array.isArray(shown) && shown.length === 0);
  return `${status} ${isNothing ? "[]" : "…"}`;
}

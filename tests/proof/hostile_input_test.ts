import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { contents } from "../world/contents.ts";
import { curl } from "./hostile/curl.ts";
import { type Rows, rowsOf } from "../world/every_endpoint.ts";
import { documentedRequests, type Operation, operationsOf, type Plan, requestsOf } from "./hostile/requests.ts";
import { Scene } from "./hostile/scene.ts";
import { hostileTexts } from "./hostile/values.ts";
import { insideWords } from "../world/inside_words.ts";
import { answersBy } from "../world/openapi_answers.ts";
import { withPages } from "../world/public_pages.ts";
import { type Answer, exchange, type Wire } from "../world/raw_client.ts";
import { call, stack, workspace } from "../world/world.ts";

// FULL=1 sends 100,000, HOSTILE_REQUESTS as many as it says; FAST_CHECK_SEED repeats a run.
const wanted = Number(Deno.env.get("HOSTILE_REQUESTS") ?? (Deno.env.get("FULL") ? 100_000 : 3_000));
const seed = Number(Deno.env.get("FAST_CHECK_SEED") ?? crypto.getRandomValues(new Int32Array(1))[0]);
const hands = 8;
const requestsOfAScene = 125;
const requestsToShrink = 200;

const document = withPages((await call("GET", "/openapi.json")).body);
const answers = answersBy(document, new URL(stack.apiUrl).pathname);
const requests = requestsOf(document);
const inside = await insideWords(document);

Deno.test("no request of any shape makes the API fail, break its documentation or speak of its inside", async () => {
  const bob = await workspace("Bob's brokers");
  const theirs = await rowsOf(bob);
  const before = await contents(bob);
  const secrets = unsaid(JSON.stringify(before), theirs);
  const tally = new Tally();

  const runs = await Promise.all(Array.from({ length: hands }, async (_, hand) => {
    let [scene, left] = [await Scene.set(theirs), requestsOfAScene];
    let patience = Infinity;
    const right = fc.asyncProperty(requests, async (plan: Plan) => {
      if (patience-- <= 0) return;
      if (left-- === 0) [scene, left] = [await Scene.set(theirs), requestsOfAScene];
      const wire = await scene.fill(plan);
      const answer = await exchange(stack.url, wire).catch((error) => {
        throw new Error(`${curl(stack.url, wire)}\n  has no answer: ${error}`);
      });
      scene.learn(plan, answer);
      tally.count(wire, answer);
      const problems = [
        ...answers.problems(wire, answer),
        ...told(answer, secrets),
        ...(answers.needsKey(wire, answer) && !scene.isAlive(wire) ? ["is a success without a living key"] : []),
      ];
      if (problems.length === 0) return;
      patience = Math.min(patience, requestsToShrink);
      const shown = `${answer.status} ${answer.text.slice(0, 500)}`;
      throw new Error(`${curl(stack.url, wire)}\n  answers ${shown}\n  which ${problems.join("\n  and ")}`);
    });
    const examples = documentedRequests(document).filter((_, at) => at % hands === hand).map((plan): [Plan] => [plan]);
    return await fc.check(right, { seed: seed + hand, numRuns: Math.ceil(wanted / hands), examples });
  }));

  console.log(`${tally} (FAST_CHECK_SEED=${seed})`);
  const failures = runs.filter(({ failed }) => failed).map(({ errorInstance }) => `${errorInstance}`);
  assert(
    failures.length === 0,
    `HOSTILE_REQUESTS=${wanted} FAST_CHECK_SEED=${seed} repeats\n\n${failures.join("\n\n")}`,
  );
  assert(tally.requests >= wanted);
  assertEquals(tally.unsuccessful(), [], "These operations took no request at all: refusals alone prove little.");
  assertEquals(await contents(bob), before);
  assertEquals([(await call("GET", "/health")).status, (await bob.get("/referrals")).body.pagination.total], [200, 1]);
});

Deno.test("nothing that is sent looks like what must never be answered", () => {
  assertEquals(hostileTexts.filter((text) => inside.test(text)), []);
});

/** The ids and addresses in these rows that no request holds: the ids of `said` are sent, and may come back in free text. */
function unsaid(rows: string, said: Rows): string[] {
  const sent = [...Object.values(said.fields), ...Object.values(said.paths)];
  const found = rows.match(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[\w-]+@example\.com/g) ?? [];
  return [...new Set(found)].filter((value) => !sent.includes(value));
}

/** What an answer tells that no caller may know. */
function told({ text, headers }: Answer, secrets: string[]): string[] {
  // A secret of the caller's own may spell anything.
  const said = text.replace(/"secret":"(?:[^"\\]|\\.)*"/g, "");
  const shown = `${said}\n${[...headers].filter(([name]) => name !== "content-security-policy").join("\n")}`;
  const word = inside.exec(shown);
  return [
    ...(word ? [`speaks of its inside: ${shown.slice(Math.max(0, word.index - 40), word.index + 80)}`] : []),
    ...(secrets.some((secret) => shown.includes(secret)) ? ["tells of another workspace"] : []),
  ];
}

class Tally {
  requests = 0;
  readonly #classes = [0, 0, 0, 0, 0, 0];
  readonly #successes = new Map(operationsOf(document).map((operation) => [title(operation), 0]));

  count(wire: Wire, { status }: Answer): void {
    this.requests += 1;
    this.#classes[Math.floor(status / 100)] += 1;
    const operation = answers.reached(wire);
    if (operation && status < 300) this.#successes.set(title(operation), this.#successes.get(title(operation))! + 1);
  }

  unsuccessful(): string[] {
    return [...this.#successes].filter(([, count]) => count === 0).map(([name]) => name);
  }

  toString(): string {
    const classes = [2, 3, 4, 5].map((each) => `${each}xx: ${this.#classes[each]}`).join(", ");
    return `${this.requests} hostile requests to ${this.#successes.size} operations; ${classes}`;
  }
}

const title = ({ method, path }: Operation) => `${method} ${path}`;

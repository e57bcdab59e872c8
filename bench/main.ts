import manifest from "../deno.json" with { type: "json" };
import { breakdown } from "./breakdown.ts";
import { eventThroughput } from "./events.ts";
import { ownCost } from "./own_cost.ts";
import { roundTrips } from "./round_trips.ts";
import { throughput } from "./throughput.ts";
import { triggers } from "./triggers.ts";
import { wrongTokens } from "./wrong_tokens.ts";

// Answers all questions, or those named: `deno task bench [cost] [breakdown] [throughput] [triggers] [events] [trips] [tokens]`.
const questions: Record<string, () => Promise<void>> = {
  cost: ownCost,
  breakdown,
  throughput,
  triggers,
  events: eventThroughput,
  trips: roundTrips,
  tokens: wrongTokens,
};

const unknown = Deno.args.filter((name) => !(name in questions));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(", ")}. Benchmarks: ${Object.keys(questions).join(", ")}.`);
  Deno.exit(1);
}

const versions = Object.values(manifest.imports)
  .filter((specifier) => specifier.startsWith("npm:"))
  .map((specifier) => specifier.slice("npm:".length));
console.log(`${navigator.hardwareConcurrency} cores, load ${Deno.loadavg()[0].toFixed(1)}, ${Deno.build.target}`);
console.log(`Deno ${Deno.version.deno}, V8 ${Deno.version.v8}`);
console.log(`${versions.join(", ")}\n`);
for (const name of Deno.args.length > 0 ? Deno.args : Object.keys(questions)) await questions[name]();

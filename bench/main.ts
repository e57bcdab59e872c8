import manifest from "../deno.json" with { type: "json" };
import { parseArgs } from "node:util";
import { breakdown } from "./breakdown.ts";
import { coldStart } from "./cold_start.ts";
import { eventThroughput } from "./events.ts";
import { growth } from "./growth.ts";
import { ownCost } from "./own_cost.ts";
import { roundTrips } from "./round_trips.ts";
import { throughput } from "./throughput.ts";
import { triggers } from "./triggers.ts";
import { wrongTokens } from "./wrong_tokens.ts";

// Answers all questions, or those named: `deno task bench [cost] [breakdown] [throughput] [triggers] [events] [trips] [tokens]
// [cold] [growth]`; `--json` names a file for what `growth` finds, `--sizes` other sizes.
const { positionals: asked, values: options } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "string" }, sizes: { type: "string" } },
});
const questions: Record<string, (options: { json?: string; sizes?: string }) => Promise<void>> = {
  cost: ownCost,
  breakdown,
  throughput,
  triggers,
  events: eventThroughput,
  trips: roundTrips,
  tokens: wrongTokens,
  cold: coldStart,
  growth,
};

const unknown = asked.filter((name) => !(name in questions));
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
for (const name of asked.length > 0 ? asked : Object.keys(questions)) await questions[name](options);

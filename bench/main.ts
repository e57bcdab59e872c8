import manifest from "../deno.json" with { type: "json" };
import { parseArgs } from "node:util";
import { Refusal, runProgram } from "../local/refusal.ts";
import { breakdown } from "./breakdown.ts";
import { coldStart } from "./cold_start.ts";
import { eventThroughput } from "./events.ts";
import { growth } from "./growth.ts";
import { ownCost } from "./own_cost.ts";
import { roundTrips } from "./round_trips.ts";
import { throughput } from "./throughput.ts";
import { triggers } from "./triggers.ts";
import { wrongTokens } from "./wrong_tokens.ts";

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

const usage = `Usage: deno task bench [NAME]… [--json FILE] [--sizes N,N]
Measures all, or those named: ${Object.keys(questions).join(", ")}.
  --json FILE  where growth writes what it finds
  --sizes N,N  how many referrals growth measures at`;

await runProgram(usage, async () => {
  const { positionals: asked, values: options } = parseArgs({
    allowPositionals: true,
    options: { json: { type: "string" }, sizes: { type: "string" } },
  });
  const unknown = asked.filter((name) => !(name in questions));
  if (unknown.length > 0) {
    throw new Refusal(`There is no benchmark ${unknown.join(", ")}. Benchmarks: ${Object.keys(questions).join(", ")}.`);
  }

  const versions = Object.values(manifest.imports)
    .filter((specifier) => specifier.startsWith("npm:"))
    .map((specifier) => specifier.slice("npm:".length));
  console.log(`${navigator.hardwareConcurrency} cores, load ${Deno.loadavg()[0].toFixed(1)}, ${Deno.build.target}`);
  console.log(`Deno ${Deno.version.deno}, V8 ${Deno.version.v8}`);
  console.log(`${versions.join(", ")}\n`);
  for (const name of asked.length > 0 ? asked : Object.keys(questions)) await questions[name](options);
});

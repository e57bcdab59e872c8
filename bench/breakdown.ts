import { createContextClient } from "@supabase/server/core";
import { Hono } from "hono";
import type { z } from "zod";
import { createApp } from "../supabase/functions/api/app.ts";
import { authentication } from "../supabase/functions/api/http/authentication.ts";
import { readConfig } from "../supabase/functions/api/platform/config.ts";
import { Database } from "../supabase/functions/api/data/database.ts";
import { keyed } from "../supabase/functions/api/http/endpoint.ts";
import { readInput } from "../supabase/functions/api/http/input.ts";
import { listQuery, readPage } from "../supabase/functions/api/data/lists.ts";
import { NewReferral, Referral, referralResource } from "../supabase/functions/api/referrals/schema.ts";
import { present } from "../supabase/functions/api/data/rows.ts";
import { cannedKey } from "./canned_key.ts";
import { interleave, median, printTable } from "./measure.ts";
import { startServer } from "./process.ts";

const rounds = 7;

/** Where the API's own time goes: each step of a request alone, in this process, in microseconds. */
export async function breakdown(): Promise<void> {
  await using dataApi = await startServer("canned_data_api.ts");
  const { token, environment } = await cannedKey(dataApi.firstLine);
  const config = readConfig(environment);
  const header = `Bearer ${token}`;
  const authenticate = authentication(config);
  const key = await authenticate(header);
  const database = new Database(config, key, "referrals:read", null);
  const client = createContextClient({ auth: { token }, env: config.supabase });
  const url = `${dataApi.firstLine}/rest/v1/referrals`;
  const rows = await (await fetch(url)).json();
  const query = listQuery(referralResource);
  const listed = query.parse({});
  const body = JSON.stringify({ referrer_contact_id: rows[0].id, category: "MRI", notes: "Met at the open day" });
  const app = createApp(config);
  const contract = { method: "post", path: "/x", summary: "", scope: null, body: NewReferral } as const;
  const input = keyed(contract, () => Promise.resolve({}));
  const validating = new Hono().post("/x", async (c) => c.json(await readInput(input, c, database)));
  const json = { "content-type": "application/json" };
  const referrals = "http://localhost/api/v1/referrals";

  const steps: Record<string, () => unknown> = {
    "verify a token never seen": () => authentication(config)(header),
    "verify a token seen before": () => authenticate(header),
    "make a Database (supabase-js client)": () => new Database(config, key, "referrals:read", null),
    "validate an empty list query": () => query.safeParse({}),
    "validate a new referral": () => NewReferral.safeParse(JSON.parse(body)),
    "read and validate a body, with a bare Hono app": () =>
      validating.fetch(new Request("http://localhost/x", { method: "POST", body, headers: json })),
    "fetch the page alone": async () => await (await fetch(url)).json(),
    "fetch the page by a ready supabase-js client": () => client.from("referrals").select("id"),
    "fetch and present the page (readPage)": () => readPage(database, referralResource, listed),
    "present 20 rows": () => rows.map((row: z.output<typeof Referral>) => present(Referral, row)),
    "print 20 rows as JSON": () => JSON.stringify(rows),
    "answer GET /health, with the middleware": () => app.fetch(new Request("http://localhost/api/v1/health")),
    "GET /referrals whole, without HTTP to it": async () =>
      await (await app.fetch(new Request(referrals, { headers: { authorization: header } }))).text(),
    "POST /referrals whole, without HTTP to it": async () =>
      await (await app.fetch(
        new Request(referrals, { method: "POST", body, headers: { ...json, authorization: header } }),
      )).text(),
  };
  const contenders = Object.fromEntries(
    Object.entries(steps).map(([name, step]) => [name, () => microseconds(step)]),
  );
  const measured = await interleave(rounds, contenders);

  console.log(`Where the API's time goes: median of ${rounds} rounds, in one process`);
  printTable(["step", "µs"], Object.entries(measured).map(([name, values]) => [name, median(values).toFixed(1)]));
}

/** The mean time of a step over a tenth of a second. */
async function microseconds(step: () => unknown): Promise<number> {
  const start = performance.now();
  let times = 0;
  let passed = 0;
  for (; passed < 100; passed = performance.now() - start) {
    await step();
    times++;
  }
  return passed / times * 1_000;
}

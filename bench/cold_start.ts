import { cannedKey } from "./canned_key.ts";
import { pause } from "../supabase/functions/api/platform/pause.ts";
import { interleave, median, printTable, ratio } from "./measure.ts";
import { startServer } from "./process.ts";
import { claimPort } from "../local/ports.ts";

const rounds = 9;
const empty = "data:application/javascript,Deno.serve({ onListen() {} }, () => new Response());";
const entry = new URL("../supabase/functions/api/index.ts", import.meta.url);

/** From the start of a process to its first answer: the function, against a Deno server that answers nothing. */
export async function coldStart(): Promise<void> {
  await using dataApi = await startServer("canned_data_api.ts");
  const { token, environment } = await cannedKey(dataApi.firstLine);
  const headers = { authorization: `Bearer ${token}` };
  const mail = { RESEND_API_KEY: "re_bench", MAIL_FROM: "bench@example.com" };

  const measured = await interleave(rounds, {
    "an empty server": () => firstAnswer(empty, {}, "/"),
    "the function, GET /health": () => firstAnswer(entry.pathname, { ...environment, ...mail }, "/api/v1/health"),
    "the function, GET /referrals": () =>
      firstAnswer(entry.pathname, { ...environment, ...mail }, "/api/v1/referrals", headers),
  });

  console.log(`Cold start: from the start of a process to its first answer, ${rounds} rounds, Deno's cache warm`);
  printTable(
    ["process", "median ms", "against an empty server"],
    Object.entries(measured).map(([name, values]) => [
      name,
      median(values).toFixed(0),
      ratio(values, measured["an empty server"]).text,
    ]),
  );
}

/** Milliseconds until a process answers 200. */
async function firstAnswer(
  module: string,
  environment: Record<string, string>,
  path: string,
  headers: Record<string, string> = {},
): Promise<number> {
  const port = claimPort(0, "--port");
  const url = `http://127.0.0.1:${port}${path}`;
  const start = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-net", "--allow-env", "--allow-read", module],
    env: { ...environment, DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`, DENO_NO_UPDATE_CHECK: "1" },
    stderr: "null",
  }).spawn();
  let ended = false;
  child.status.then(() => ended = true);
  try {
    for (;;) {
      const reply = await fetch(url, { headers }).catch(() => null);
      await reply?.body?.cancel();
      if (reply?.ok) return performance.now() - start;
      if (reply || ended) throw new Error(`${module} answered ${reply?.status ?? "nothing, and ended"}.`);
      await pause(1);
    }
  } finally {
    child.kill("SIGKILL");
    await child.status;
  }
}

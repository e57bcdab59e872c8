import { parseArgs } from "node:util";
import { Refusal, runProgram } from "../local/refusal.ts";
import { staticPage } from "./static_page.tsx";

const usage = `Usage: deno task form [--api URL] [--out FILE]
Writes the referral form as one file, to be hosted anywhere, over the API at URL.
  --api URL   the API's base URL; the local stack's by default
  --out FILE  form.html by default`;

await runProgram(usage, async () => {
  const { api, out } = readArguments(Deno.args);
  await Deno.writeTextFile(out, await staticPage(readApi(api)));
  console.log(`Wrote ${out}. Host it, and set PUBLIC_FORM_URL to its address with #{token} at its end.`);
});

function readArguments(args: string[]): { api: string; out: string } {
  try {
    const { values } = parseArgs({
      args,
      options: {
        api: { type: "string", default: "http://127.0.0.1:54321/functions/v1/api/v1" },
        out: { type: "string", default: "form.html" },
      },
    });
    return values;
  } catch (error) {
    throw new Refusal(`${error instanceof Error ? error.message : error}\n${usage}`);
  }
}

function readApi(text: string): string {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) throw new Refusal(`"${text}" is no address of an API.\n${usage}`);
  return url.href.replace(/\/+$/, "");
}

import { readOptions, usage } from "./options.ts";
import { runProgram } from "./refusal.ts";
import { type Stack, startStack } from "./stack.ts";

await runProgram(usage, async () => {
  const stack = await startStack(readOptions(Deno.args, Deno.env));
  console.log(describe(stack));
  await interrupted();
  await stack.stop();
  Deno.exit(0);
});

function describe(stack: Stack): string {
  const lines = [
    "",
    `API              ${stack.apiUrl}`,
    `Docs             ${stack.apiUrl}/docs`,
    `Form             ${stack.apiUrl}/refer/{token}, the link in a request's mail`,
    `Mailbox          ${stack.mailUrl}`,
    `Data API         ${stack.restUrl}`,
    `Database         ${stack.databaseUrl}`,
    `Publishable key  ${stack.publishableKey}`,
    "",
  ];
  if (stack.demoKeys) {
    lines.push(
      "Paste this into another terminal, then the lines of README.md, or the one below:",
      "",
      `export API=${stack.apiUrl} API_KEY=${stack.demoKeys["local admin"]}`,
      "",
      'curl -s "$API/referrals?limit=3" -H "Authorization: Bearer $API_KEY"',
      "",
      "That key may do everything. One that may only read referrals:",
      "",
      `export API_KEY=${stack.demoKeys["local reader"]}`,
    );
  } else {
    lines.push("This database has no seeded workspace: make one with deno task workspaces create.");
  }
  return [...lines, "", "Ctrl-C ends it."].join("\n");
}

async function interrupted(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) Deno.addSignalListener(signal, () => resolve());
  });
}

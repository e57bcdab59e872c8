import { readOptions } from "./options.ts";
import { runProgram } from "./refusal.ts";
import { type Stack, startStack } from "./stack.ts";

await runProgram(async () => {
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
    `Data API         ${stack.restUrl}`,
    `Mailbox          ${stack.mailUrl}`,
    `Database         ${stack.databaseUrl}`,
    `Publishable key  ${stack.publishableKey}`,
  ];
  if (stack.demoKeys) {
    lines.push(
      `API key (admin)  ${stack.demoKeys["local admin"]}`,
      "",
      `API key (referrals:read)  ${stack.demoKeys["local reader"]}`,
      "",
      "Try it:",
      `curl -s -H "Authorization: Bearer ${stack.demoKeys["local admin"]}" "${stack.apiUrl}/referrals?limit=3"`,
    );
  } else {
    lines.push("", "This database has no seeded workspace: make a key with deno task keys create.");
  }
  return [...lines, "", "Ctrl-C ends it."].join("\n");
}

async function interrupted(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) Deno.addSignalListener(signal, () => resolve());
  });
}

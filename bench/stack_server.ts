import { startStack } from "../local/stack.ts";

// The embedded stack in a process of its own, away from the load. Its first line tells all about it, as JSON.
const data = await Deno.makeTempDir({ prefix: "referrals-bench-" });
const { signing, stop, ...stack } = await startStack({ port: 0, dbPort: 0, data });
const secret = new TextDecoder().decode(signing.key as Uint8Array);
console.log(JSON.stringify({ ...stack, signing: { kid: signing.kid, secret } }));
for await (const _closed of Deno.stdin.readable);
await stop();
await Deno.remove(data, { recursive: true });

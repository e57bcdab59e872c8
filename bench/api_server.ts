import { Hono } from "hono";
import { createApp } from "../supabase/functions/api/app.ts";
import { readConfig } from "../supabase/functions/api/platform/config.ts";

// The API and, beside it, a Hono app with one empty route, on one server in a process of its own.
const api = createApp(readConfig(Deno.env.toObject()));
const empty = new Hono().get("/empty", (c) => c.body(null));

const server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen() {} },
  (request) => request.url.endsWith("/empty") ? empty.fetch(request) : api.fetch(request),
);
console.log(`http://127.0.0.1:${server.addr.port}`);
for await (const _closed of Deno.stdin.readable);
await server.shutdown();

import { createApp } from "./app.ts";
import { readConfig } from "./config.ts";

Deno.serve({ onListen() {} }, createApp(readConfig(Deno.env.toObject())).fetch);

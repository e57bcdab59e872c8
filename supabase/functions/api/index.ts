import { createApp } from "./app.ts";
import { readConfig } from "./platform/config.ts";

const config = readConfig(Deno.env.toObject());
if (!config.mail) console.warn("Mail is off: RESEND_API_KEY is not set.");
Deno.serve({ onListen() {} }, createApp(config).fetch);

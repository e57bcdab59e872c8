import { Hono } from "hono";
import { inBackground } from "../platform/background.ts";
import type { Config } from "../platform/config.ts";
import { ApiError } from "../contract/errors.ts";
import { serviceDatabase } from "../data/service_database.ts";

const refusal = () =>
  new ApiError("UNAUTHORIZED", "This is for the database's own wake-ups.", {
    fix: "Leave it to the database: events are sent by themselves.",
  });

/** Where the database wakes the dispatcher. It answers at once, and works on in the background. */
export function dispatcher(config: Config) {
  return new Hono().post("/internal/dispatch", async (c) => {
    const issuedAt = c.req.header("X-Dispatch-Time") ?? "";
    const signature = c.req.header("X-Dispatch-Signature") ?? "";
    if (!/^\d{1,12}$/.test(issuedAt) || !/^[0-9a-f]{64}$/.test(signature)) throw refusal();
    const { data: accepted } = await serviceDatabase(config).ask((client) =>
      client.rpc("accept_wake_up", { issued_at: Number(issuedAt), signature })
    );
    if (accepted !== true) throw refusal();
    const { dispatch } = await import("./dispatch.ts");
    inBackground(dispatch(config));
    return c.body(null, 202);
  });
}

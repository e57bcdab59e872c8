import { createApp } from "../../../supabase/functions/api/app.ts";
import { readConfig } from "../../../supabase/functions/api/platform/config.ts";
import { endpoints } from "../../world/every_endpoint.ts";
import { stack } from "../../world/world.ts";
import type { Cell } from "./cells.ts";
import type { Principal } from "./principals.ts";
import { formToken, stopToken, type Workspace } from "./workspaces.ts";

const config = readConfig({
  SUPABASE_URL: stack.url,
  SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: stack.publishableKey }),
  SUPABASE_JWKS: '{"keys":[]}',
});

/** Every route of the app that is not behind a key. */
const routes = createApp(config).routes
  .filter(({ method }) => method !== "ALL")
  .map(({ method, path }) => ({ method, path: path.replace("/api/v1", "") }))
  .filter(({ method, path }) =>
    !endpoints.some(({ contract }) => contract.path === path && contract.method === method.toLowerCase())
  );

/** Anybody at every route that takes no key: with bob's ids for tokens, and with alice's own link and bob's friend. */
export function openCells(callers: Principal[], theirs: Workspace): Cell[] {
  const [friend] = theirs.rows["public.crm_contacts"];
  const body = { first_name: "Mallory", email: friend.email, consent: true };
  const [request] = theirs.rows["public.referral_requests"];
  const tokens = (path: string) => path.includes("unsubscribe") ? stopToken : formToken;
  return callers.flatMap((who) =>
    routes.flatMap(({ method, path }) =>
      [...new Set([request.id, request.company_id, tokens(path)])].map((token): Cell => {
        const isOwn = token === tokens(path) && path.includes(":");
        return {
          who,
          to: "api",
          method,
          path: path.replace(/:\w+(\{.*\})?/, token),
          ...(method === "GET" ? {} : { body }),
          accepted: isOwn
            ? ["2", "3", "4"]
            : path.includes(":")
            ? ["404", "403", "401", "400", "415"]
            : ["2", "401", "404"],
          // The friend's address is what was typed.
          secret: [{ ids: theirs.values.ids, words: theirs.values.words.filter((word) => word !== friend.email) }],
          about: [path],
          changes: method !== "GET",
        };
      })
    )
  );
}

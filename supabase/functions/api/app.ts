import { type Context, Hono, type Next } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { methodNotAllowed } from "hono/method-not-allowed";
import { requestId } from "hono/request-id";
import { auditEndpoints } from "./audit/routes.ts";
import { authentication } from "./http/authentication.ts";
import { actionEndpoints } from "./actions/routes.ts";
import { actionTypeEndpoints } from "./actions/action_type_routes.ts";
import { automationEndpoints } from "./automations/routes.ts";
import { companyEndpoints } from "./company/routes.ts";
import type { Config } from "./platform/config.ts";
import { Metered } from "./budgets/limiter.ts";
import { contactEndpoints } from "./contacts/routes.ts";
import type { ApiKey } from "./data/clients.ts";
import { Database } from "./data/database.ts";
import { dispatcher } from "./dispatcher/routes.ts";
import type { Endpoint, Handled } from "./http/endpoint.ts";
import { costOf, withinBudget } from "./budgets/within_budget.ts";
import { answerError, ApiError } from "./contract/errors.ts";
import { readInput } from "./http/input.ts";
import { manifest } from "./http/manifest.ts";
import { triggerEndpoints } from "./events/routes.ts";
import { opportunityEndpoints } from "./opportunities/routes.ts";
import { pipelineEndpoints } from "./pipelines/routes.ts";
import { publicForm } from "./public_form/page_routes.tsx";
import { publicFormEndpoints } from "./public_form/routes.ts";
import { callerAddress } from "./http/caller_address.ts";
import { callingKeyEndpoints } from "./calling_key/routes.ts";
import { referralRequestEndpoints } from "./referral_requests/routes.ts";
import { referralEndpoints } from "./referrals/routes.ts";
import { runEndpoints } from "./runs/routes.ts";
import { type Scope, scopesAllow } from "./contract/scopes.ts";
import { webhookEndpoints } from "./webhooks/routes.ts";

/** Every endpoint, in the order that the documentation shows them. */
export const endpoints: Endpoint[] = [
  ...referralRequestEndpoints,
  ...referralEndpoints,
  ...opportunityEndpoints,
  ...contactEndpoints,
  ...pipelineEndpoints,
  ...callingKeyEndpoints,
  ...companyEndpoints,
  ...triggerEndpoints,
  // Before `/automations/:id`, which would take their last word for an id.
  ...actionTypeEndpoints,
  ...runEndpoints,
  ...automationEndpoints,
  ...actionEndpoints,
  ...webhookEndpoints,
  ...auditEndpoints,
  ...publicFormEndpoints,
];

/** The whole API for one configuration, as the platform calls it: below `/api`. */
export function createApp(config: Config) {
  const root = new Hono<{ Variables: { requestId: string; docs: string } }>();
  const docs = `${config.publicUrl}/docs`;
  root.onError(answerError);
  root.notFound((c) => answerError(noSuchRoute(), c));
  root.use(
    requestId(),
    harden,
    allowEveryOrigin,
    async (c, next) => {
      c.set("docs", docs);
      c.header("Link", `<${docs}>; rel="help"`);
      await next();
    },
    methodNotAllowed({ app: root, onMethodNotAllowed: refuseMethod }),
    bodyLimit({ maxSize: 256 * 1024, onError: refuseSize }),
  );

  const app = root.basePath("/api/v1");
  // With a slash at its end, and without.
  for (const path of ["/api/v1", "/api/v1/"]) root.get(path, (c) => c.json(manifest(config, c.get("requestId"))));
  app.get("/health", (c) => c.json({ status: "ok" }));
  app.get("/openapi.json", async (c) => c.json((await import("./http/openapi.ts")).openapi(endpoints, config)));
  app.get("/docs", async (c) => (await import("./http/docs.tsx")).docs(c, endpoints, config));

  app.route("/", publicForm(config));
  app.route("/", dispatcher(config));

  const authenticate = authentication(config);
  for (const endpoint of endpoints) {
    const { method, path, scope } = endpoint.contract;
    app.on(method, path, async (c) => {
      const key = endpoint.access === "open" ? null : await authenticate(c.req.header("Authorization"));
      const metered = key && new Metered(config, key, costOf(endpoint));
      const handled = async () => {
        if (key && scope) demandScopes(key, [scope]);
        metered?.requireCredits();
        const database = new Database(config, key, scope, c.get("requestId"));
        const input = await readInput(endpoint, c, database);
        // Of what this endpoint's own contract made of the body.
        if (key) demandScopes(key, endpoint.contract.alsoNeeds?.(input.body as never) ?? []);
        // Its input is what its own contract made of the request, which a list of endpoints cannot say of each.
        return await endpoint.handle({ ...input, database, config, address: callerAddress(c, config) } as never);
      };
      const result = metered ? await withinBudget(c, metered, method === "get", handled) : await handled();
      return answer(c, endpoint, result, config, metered?.creditsRemaining ?? null);
    });
  }
  return root;
}

function demandScopes(key: ApiKey, wanted: Scope[]) {
  const lacking = wanted.find((scope) => !scopesAllow(key.scopes, scope));
  if (lacking) throw new ApiError("INSUFFICIENT_SCOPE", `This API key lacks the scope ${lacking}.`, { scope: lacking });
}

function answer(
  c: Context,
  { contract }: Endpoint,
  { data, pagination, location }: Handled,
  config: Config,
  credits: number | null,
) {
  const status = contract.status ?? 200;
  if (status === 204) return c.body(null, 204);
  if (location) c.header("Location", config.publicUrl + location);
  return c.json({
    data,
    ...(pagination && { pagination }),
    meta: { request_id: c.get("requestId"), credits_remaining: credits },
  }, status);
}

const hardened = {
  "Cache-Control": "no-store",
  "Referrer-Policy": "no-referrer",
  "Strict-Transport-Security": "max-age=31536000",
  "X-Content-Type-Options": "nosniff",
};

async function harden(c: Context, next: Next) {
  for (const [name, value] of Object.entries(hardened)) c.header(name, value);
  await next();
}

const preflight = cors({ origin: "*", maxAge: 86_400 });

// Hono's cors writes to a response before there is one, which costs every answer a copy: it serves preflights only.
async function allowEveryOrigin(c: Context, next: Next) {
  if (c.req.method === "OPTIONS") return await preflight(c, next);
  c.header("Access-Control-Allow-Origin", "*");
  c.header(
    "Access-Control-Expose-Headers",
    "Link,Location,RateLimit,RateLimit-Policy,Retry-After,WWW-Authenticate,X-Request-Id",
  );
  await next();
}

const noSuchRoute = () =>
  new ApiError("NOT_FOUND", "There is no such route.", { fix: "Check the path: /docs shows every route." });

function refuseMethod(c: Context, methods: string[]) {
  const allow = [...methods, "OPTIONS"].join(", ");
  const refusal = new ApiError("METHOD_NOT_ALLOWED", `This route answers ${allow}.`, { headers: { Allow: allow } });
  return answerError(refusal, c);
}

function refuseSize(c: Context) {
  return answerError(new ApiError("PAYLOAD_TOO_LARGE", "The body is over 256 kB."), c);
}

import { z } from "zod";

const json = <T extends z.ZodType>(schema: T) =>
  z.string("is missing").transform((text, context) => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: "custom", message: "is not JSON" });
      return z.NEVER;
    }
  }).pipe(schema);

const address = z.url({ error: (issue) => issue.input === undefined ? "is missing" : "must be a URL" });
const namedKeys = z.record(z.string(), z.string().min(1)).refine(
  (keys) => Object.keys(keys).length > 0,
  "holds no key",
);
const isLoopback = (url: string) => /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:|\/|$)/.test(url);
const jwk = z.looseObject({ kty: z.string(), kid: z.string() });

const Environment = z.object({
  SUPABASE_URL: address,
  SUPABASE_PUBLISHABLE_KEYS: json(namedKeys),
  SUPABASE_SECRET_KEYS: json(namedKeys).optional(),
  SUPABASE_JWKS: json(
    z.union(
      [z.object({ keys: z.array(jwk) }), z.array(jwk).transform((keys) => ({ keys }))],
      "is not a JSON Web Key Set",
    ),
  ),
  /** Where callers reach the API, when that is not the project's own address: for `Location` and OpenAPI's `servers`. */
  PUBLIC_API_URL: address.optional(),
  /** A form hosted elsewhere, with `{token}` where the token goes; the function's own page without it. */
  PUBLIC_FORM_URL: z.string().refine(
    (url) => URL.canParse(url) && url.includes("{token}"),
    "must be a URL with {token} in it",
  )
    .optional(),
  /** How many submissions one address may try in an hour. */
  PUBLIC_FORM_TRIES_PER_HOUR: z.coerce.number("must be a number").int().min(1).default(1_000),
  /** Where the platform's proxy tells the caller's address: `cf-connecting-ip`, `x-real-ip` and the like. */
  CLIENT_ADDRESS_HEADER: z.string().regex(/^[A-Za-z0-9-]+$/, "must be the name of a header").toLowerCase()
    .default("x-forwarded-for"),
  /** How many proxies of ours stand before the function: each has appended one address to X-Forwarded-For. */
  TRUSTED_PROXIES: z.coerce.number("must be a number").int().min(1).default(1),
  /** For development: webhooks may go to this machine, by plain http too. */
  ALLOW_LOOPBACK_WEBHOOKS: z.enum(["true", "false"], "must be true or false").default("false"),
  RESEND_API_KEY: z.string().min(1).optional(),
  RESEND_BASE_URL: address.optional(),
  /** The sender's bare address, of a domain that Resend has verified. */
  MAIL_FROM: z.email("must be an email address").optional(),
}).refine(({ RESEND_API_KEY, MAIL_FROM }) => !RESEND_API_KEY || MAIL_FROM, {
  path: ["MAIL_FROM"],
  error: "is missing beside RESEND_API_KEY",
}).refine(
  ({ ALLOW_LOOPBACK_WEBHOOKS, SUPABASE_URL }) => ALLOW_LOOPBACK_WEBHOOKS === "false" || isLoopback(SUPABASE_URL),
  {
    path: ["ALLOW_LOOPBACK_WEBHOOKS"],
    error: "is for a stack on this machine, and SUPABASE_URL is elsewhere",
  },
);

export type Config = {
  supabase: {
    url: string;
    publishableKeys: Record<string, string>;
    secretKeys: Record<string, string>;
    jwks: { keys: z.infer<typeof jwk>[] };
  };
  /** The project's own keys, past row level security: for the dispatcher alone. */
  secretKeys: Record<string, string>;
  allowLoopbackWebhooks: boolean;
  /** Base URL of the API, without a slash at its end. */
  publicUrl: string;
  /** Where a request's mail leads, with `{token}` in it. */
  publicFormUrl: string;
  publicFormTriesPerHour: number;
  clientAddressHeader: string;
  trustedProxies: number;
  /** Null: mail is off. */
  mail: { apiKey: string; baseUrl: string | undefined; from: string } | null;
  /** How long one call of the data API may take, in milliseconds: a key's, and those of the dispatcher and of strangers. */
  databaseTimeout: number;
  patientTimeout: number;
};

/** Takes the platform's environment; throws one sentence that names every variable that is missing or malformed. */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const { data, error } = Environment.safeParse(environment);
  if (error) {
    throw new Error(
      `The function cannot start: ${
        error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`).join("; ")
      }.`,
    );
  }
  const url = data.SUPABASE_URL.replace(/\/+$/, "");
  const publicUrl = (data.PUBLIC_API_URL ?? `${url}/functions/v1/api/v1`).replace(/\/+$/, "");
  return {
    supabase: { url, publishableKeys: data.SUPABASE_PUBLISHABLE_KEYS, secretKeys: {}, jwks: data.SUPABASE_JWKS },
    secretKeys: data.SUPABASE_SECRET_KEYS ?? {},
    allowLoopbackWebhooks: data.ALLOW_LOOPBACK_WEBHOOKS === "true",
    publicUrl,
    publicFormUrl: data.PUBLIC_FORM_URL ?? `${publicUrl}/refer/{token}`,
    publicFormTriesPerHour: data.PUBLIC_FORM_TRIES_PER_HOUR,
    clientAddressHeader: data.CLIENT_ADDRESS_HEADER,
    trustedProxies: data.TRUSTED_PROXIES,
    mail: data.RESEND_API_KEY && data.MAIL_FROM
      ? { apiKey: data.RESEND_API_KEY, baseUrl: data.RESEND_BASE_URL, from: data.MAIL_FROM }
      : null,
    // More than a statement may take, a key's 2 s or 8: so the database gives up first, and what failed is undone. The rest is for
    // waiting: keys have four calls under way at most, strangers as many as there are.
    databaseTimeout: 5_000,
    patientTimeout: 9_000,
  };
}

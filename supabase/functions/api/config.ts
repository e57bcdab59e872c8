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
const jwk = z.looseObject({ kty: z.string(), kid: z.string() });

const Environment = z.object({
  SUPABASE_URL: address,
  SUPABASE_PUBLISHABLE_KEYS: json(namedKeys),
  SUPABASE_JWKS: json(
    z.union(
      [z.object({ keys: z.array(jwk) }), z.array(jwk).transform((keys) => ({ keys }))],
      "is not a JSON Web Key Set",
    ),
  ),
  /** Where callers reach the API, when that is not the project's own address: for `Location` and OpenAPI's `servers`. */
  PUBLIC_API_URL: address.optional(),
});

export type Config = {
  supabase: {
    url: string;
    publishableKeys: Record<string, string>;
    secretKeys: Record<string, string>;
    jwks: { keys: z.infer<typeof jwk>[] };
  };
  /** Base URL of the API, without a slash at its end. */
  publicUrl: string;
  /** How long one call of the data API may take, in milliseconds. */
  databaseTimeout: number;
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
  return {
    supabase: { url, publishableKeys: data.SUPABASE_PUBLISHABLE_KEYS, secretKeys: {}, jwks: data.SUPABASE_JWKS },
    publicUrl: (data.PUBLIC_API_URL ?? `${url}/functions/v1/api/v1`).replace(/\/+$/, ""),
    databaseTimeout: 8_000,
  };
}

import type { Context } from "hono";
import { z } from "zod";
import type { Endpoint } from "./endpoint.ts";
import { ApiError, type ErrorCode, type Problem } from "../contract/errors.ts";
import type { Database } from "../data/database.ts";

const nothing = z.strictObject({});
/** How deep a body may be nested: what works through it calls itself for each level. */
const deepest = 32;
const utf8 = new TextDecoder("utf-8", { fatal: true });

export type Found = Problem & {
  missing?: boolean;
  /** What would be accepted there. */
  accepted?: string[];
  /** What those are, where they are no values. */
  called?: Names;
};
type Names = "Writable fields" | "Parameters";

type Sent = Record<string, unknown>;

/** The request's parameters, query and body as the contract has them; throws one 400 that names every problem. */
export async function readInput({ contract }: Endpoint, c: Context, database: Database) {
  const body = contract.body ? await readBody(c, contract.bodyIsOptional) : undefined;
  const found: Found[] = [];
  const readOnly = Object.keys(contract.answer?.shape ?? {});

  const params = check(contract.params ?? nothing, c.req.param(), found, []);
  const query = check(contract.query ?? nothing, single(c.req.queries(), found), found, [], "Parameters");
  const sent = contract.body ? check(contract.body, body, found, readOnly, "Writable fields") : undefined;
  if (contract.complete && params) {
    // A body that is taken is an object, whatever its schema found.
    const { values, problems = [] } = await contract.complete({ sent: body as Sent, params, database });
    found.push(...problems.filter(({ path }) => !found.some((known) => known.path === path)));
    if (sent) Object.assign(sent, values);
  }
  if (contract.method === "patch" && found.length === 0 && sent && Object.keys(sent).length === 0) {
    found.push({
      path: "",
      message: "holds no field to change",
      accepted: Object.keys(contract.body!.shape),
      called: "Writable fields",
    });
  }
  if (found.length > 0) throw refusal(found);
  return { params, query, body: sent };
}

async function readBody(c: Context, isOptional = false): Promise<unknown> {
  const type = c.req.header("content-type");
  const bytes = await c.req.arrayBuffer();
  if (bytes.byteLength === 0 && isOptional) return {};
  if (bytes.byteLength === 0) throw new ApiError("INVALID_BODY", "This request needs a JSON body, and has none.");
  const encoding = c.req.header("content-encoding");
  if (!/^application\/json\s*(;|$)/i.test(type ?? "") || (encoding && encoding !== "identity")) {
    throw new ApiError("UNSUPPORTED_MEDIA_TYPE", "The body is not declared as plain application/json.");
  }
  let body: unknown;
  try {
    body = JSON.parse(utf8.decode(bytes));
  } catch {
    throw new ApiError("INVALID_BODY", "The body is not valid JSON.");
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new ApiError("INVALID_BODY", "The body is JSON, but not an object.");
  }
  if (isDeeperThan(deepest, body)) {
    throw new ApiError("INVALID_BODY", `The body is nested deeper than ${deepest} levels.`);
  }
  return body;
}

const isDeeperThan = (levels: number, value: unknown): boolean =>
  typeof value === "object" && value !== null &&
  (levels === 0 || Object.values(value).some((inner) => isDeeperThan(levels - 1, inner)));

function single(queries: Record<string, string[]>, found: Found[]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(queries).map(([name, [value, ...more]]) => {
      if (more.length > 0) found.push({ path: name, message: "is given more than once" });
      return [name, value];
    }),
  );
}

/** `value` as the schema has it; adds to `found` what is wrong with it. Its keys are called so in hints. */
export function check<Schema extends z.ZodObject>(
  schema: Schema,
  value: unknown,
  found: Found[],
  readOnly: string[] = [],
  called?: Names,
) {
  const { data, error } = schema.safeParse(value, { reportInput: true });
  for (const issue of error?.issues ?? []) {
    if (issue.code === "unrecognized_keys") {
      const accepted = keysAt(schema, issue.path);
      for (const key of issue.keys) {
        const message = readOnly.includes(key) ? "is read-only here" : "is unknown here";
        found.push({ path: [...issue.path, key].join("."), message, accepted, called });
      }
    } else if (issue.input === undefined) {
      const accepted = keysAt(schema, issue.path.slice(0, -1));
      found.push({ path: issue.path.join("."), message: "is required", missing: true, accepted, called });
    } else {
      found.push({
        path: issue.path.join("."),
        message: issue.message,
        missing: issue.code === "custom" && issue.params?.missing === true,
        accepted: acceptedBy(issue),
      });
    }
  }
  return data;
}

function acceptedBy(issue: z.core.$ZodIssue): string[] | undefined {
  if (issue.code === "invalid_value") return issue.values.map(String);
  return issue.code === "custom" ? issue.params?.accepted : undefined;
}

/** The keys that the object at `path` of a schema may have. */
function keysAt(schema: z.core.$ZodType, path: PropertyKey[]): string[] {
  // Wrappers have an inner type, arrays an element, objects a shape; zod tells them apart by class, which is not needed here.
  const { def } = schema._zod as {
    def: {
      innerType?: z.core.$ZodType;
      in?: z.core.$ZodType;
      out?: z.core.$ZodType;
      element?: z.core.$ZodType;
      shape?: z.core.$ZodShape;
    };
  };
  // One of the two ends of a transformation is what callers send.
  if (def.in && def.out) return [...keysAt(def.in, path), ...keysAt(def.out, path)];
  if (def.innerType) return keysAt(def.innerType, path);
  if (path.length === 0) return Object.keys(def.shape ?? {});
  const [key, ...rest] = path;
  const inner = def.element ?? def.shape?.[String(key)];
  return inner ? keysAt(inner, rest) : [];
}

/** The one 400 for all that was found. */
export function refusal(found: Found[]): ApiError {
  const code: ErrorCode = found.every((problem) => problem.missing) ? "MISSING_FIELDS" : "VALIDATION_ERROR";
  const details = found.map(({ path, message }) => ({ path, message }));
  const message = details.map((problem) =>
    problem.path ? `${problem.path} ${problem.message}` : `The body ${problem.message}`
  )
    .join("; ");
  const accepted = Map.groupBy(found, ({ called = "Accepted" }) => called);
  const available = (problems: Found[]) => [...new Set(problems.flatMap((problem) => problem.accepted ?? []))];
  const hints = [...accepted].map(([called, problems]) => [called, available(problems).join(", ")])
    .filter(([, names]) => names !== "").map(([called, names]) => `${called}: ${names}`);
  return new ApiError(code, `${message}.`, {
    details,
    available: available(found),
    fix: details.every(({ path }) => path === "") ? "Send at least one of the fields that the hint lists." : undefined,
    hint: hints.join(". ") || undefined,
  });
}

// What zod says by itself, in the caller's words.
z.config({
  customError: (issue) => {
    switch (issue.code) {
      case "invalid_type":
        return `must be ${issue.expected === "int" ? "a whole number" : withArticle(issue.expected)}`;
      case "invalid_value":
        return `must be one of ${issue.values.map(String).join(", ")}`;
      case "too_big":
        return issue.origin === "array"
          ? `must hold at most ${issue.maximum}`
          : issue.origin === "string"
          ? `must have at most ${issue.maximum} characters`
          : `must be at most ${issue.maximum}`;
      case "too_small":
        return issue.origin === "array"
          ? `must hold at least ${issue.minimum}`
          : issue.origin === "string"
          ? `must have at least ${issue.minimum} characters`
          : `must be at least ${issue.minimum}`;
    }
  },
});

const withArticle = (noun: string) => /^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`;

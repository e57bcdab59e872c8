import fc from "fast-check";
import { hostileJson, hostileText } from "../proof/hostile/values.ts";
import type { Json } from "./world.ts";

/**
 * JSON text of values for the schemas of an OpenAPI document. References are left open, as `~row.contact_id~`: the rows
 * of another kind or workspace, or none, may fill them. With `wild`, now and then any part of a value is a hostile one.
 */
export function schemaValues(document: Json) {
  const known = [...new Set(names(document.components.schemas))];

  function resolve(schema: Json): Json {
    if (schema?.$ref) {
      return resolve(schema.$ref.slice(2).split("/").reduce((at: Json, key: string) => at[key], document));
    }
    if (!schema?.allOf) return schema ?? {};
    const { allOf, ...own } = schema;
    const parts = [...allOf.map(resolve), own];
    return Object.assign({}, ...parts, { properties: Object.assign({}, ...parts.map(({ properties }) => properties)) });
  }

  function json(unresolved: Json, name: string, wild: boolean, example?: unknown): fc.Arbitrary<string> {
    const schema = resolve(unresolved);
    const shown = example ?? schema.example;
    const right = fc.oneof(
      { weight: 4, arbitrary: ofSchema(schema, name, wild) },
      ...(shown === undefined || isReference(schema, name)
        ? []
        : [{ weight: 3, arbitrary: fc.constant(JSON.stringify(shown)) }]),
    );
    if (!wild) return right;
    const wrong = fc.oneof({ weight: 2, arbitrary: hostileJson }, ...beside(schema, name));
    return fc.oneof({ withCrossShrink: true }, { weight: 9, arbitrary: right }, { weight: 2, arbitrary: wrong });
  }

  function ofSchema(schema: Json, name: string, wild: boolean): fc.Arbitrary<string> {
    const alternatives = schema.anyOf ?? schema.oneOf;
    if (alternatives) return fc.oneof(...(alternatives as Json[]).map((each) => json(each, name, wild)));
    if ("const" in schema) return fc.constant(JSON.stringify(schema.const));
    if (schema.enum) return fc.constantFrom(...schema.enum.map((each: unknown) => JSON.stringify(each)));
    const types: string[] = [schema.type ?? []].flat();
    const kinds = types.filter((type) => type !== "null").map((type) => ofType(type, schema, name, wild));
    if (types.includes("null")) {
      return fc.oneof(fc.constant("null"), ...kinds.map((arbitrary) => ({ weight: 4, arbitrary })));
    }
    if (kinds.length > 0) return fc.oneof(...kinds);
    return fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value));
  }

  function ofType(type: string, schema: Json, name: string, wild: boolean): fc.Arbitrary<string> {
    switch (type) {
      case "boolean":
        return fc.boolean().map(String);
      case "integer":
      case "number":
        return number(schema).map(String);
      case "array":
        return fc.array(json(schema.items, name.replace(/s$/, ""), wild), {
          minLength: schema.minItems ?? 0,
          maxLength: Math.min(schema.maxItems ?? 4, Math.max(schema.minItems ?? 0, 4)),
        }).map((items) => `[${items.join(",")}]`);
      case "object":
        return object(schema, wild);
      default:
        return text(schema, name).map((value) => JSON.stringify(value));
    }
  }

  function object(schema: Json, wild: boolean, example: Json = schema.example): fc.Arbitrary<string> {
    const required: string[] = schema.required ?? [];
    const fields = Object.entries<Json>(schema.properties ?? {}).map(([name, field]) => {
      const there = json(field, name, wild, example?.[name]).map((value): Entry[] => [[name, value]]);
      const weight = required.includes(name) ? (wild ? 12 : 0) : 1;
      return weight === 0
        ? there
        : fc.oneof({ withCrossShrink: true }, { weight: 1, arbitrary: fc.constant<Entry[]>([]) }, {
          weight,
          arbitrary: there,
        });
    });
    const keys = schema.propertyNames?.enum ? fc.constantFrom<string>(...schema.propertyNames.enum) : fc.string();
    const others = typeof schema.additionalProperties === "object" || !schema.properties
      ? fc.array(fc.tuple(keys, json(schema.additionalProperties || {}, "", wild)), { maxLength: 3 })
      : fc.constant<Entry[]>([]);
    const intruders = wild ? intruder(Object.keys(schema.properties ?? {})) : fc.constant<Entry[]>([]);
    return fc.tuple(fc.tuple(...fields), others, intruders).map(([own, more, hostile]) =>
      `{${[...own.flat(), ...more, ...hostile].map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(",")}}`
    );
  }

  // An unknown key, one that is read-only, or one that is there already.
  function intruder(own: string[]): fc.Arbitrary<Entry[]> {
    const key = fc.oneof(
      fc.constantFrom("__proto__", "constructor", "toString", "company_id", "id", ""),
      fc.constantFrom(...known, ...own),
      hostileText,
    );
    const one = fc.tuple(key, fc.oneof(hostileJson, fc.constant('"~row.contact_id~"'))).map((entry) => [entry]);
    return fc.oneof({ withCrossShrink: true }, { weight: 7, arbitrary: fc.constant<Entry[]>([]) }, {
      weight: 1,
      arbitrary: one,
    });
  }

  return {
    json,
    /** The body of an operation. */
    body: (media: Json, wild: boolean) =>
      fc.oneof(
        { weight: wild ? 3 : 2, arbitrary: object(resolve(media.schema), wild, exampleOf(media)) },
        { weight: 1, arbitrary: fc.constant(documented(media)) },
      ),
    /** A parameter as plain text. */
    text: (schema: Json, name: string, wild: boolean) => json(schema, name, wild).map(plain),
  };
}

// Made once: each costs milliseconds.
const grapheme = fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 });
const word = fc.stringMatching(/^[a-z]{1,12}$/);
const patterns = new Map<string, fc.Arbitrary<string>>();

function matching(pattern: string): fc.Arbitrary<string> {
  const known = patterns.get(pattern) ?? fc.stringMatching(new RegExp(pattern));
  patterns.set(pattern, known);
  return known;
}

type Entry = [key: string, json: string];

const exampleOf = (media: Json) => media.example ?? media.schema.example;

// Where webhooks may go to on this stack, and nobody listens.
const receiver = "http://127.0.0.1:9/hooks";

/** The documented example of a body. */
export const documented = (media: Json): string =>
  JSON.stringify(exampleOf(media), (key, value) => {
    if (key === "url") return receiver;
    return /_id$/.test(key) && typeof value === "string" ? `~row.${key}~` : value;
  });

const isReference = (schema: Json, name: string) => schema.format === "uuid" || /_id$/.test(name);

function text(schema: Json, name: string): fc.Arbitrary<string> {
  if (isReference(schema, name)) return fc.constant(`~row.${name}~`);
  if (schema.format === "email") return word.map((local) => `${local}@example.com`);
  if (schema.format === "uri") {
    return fc.oneof(word.map((path) => `https://example.com/${path}`), fc.constant(receiver));
  }
  if (schema.format === "date-time") {
    return fc.date({ noInvalidDate: true, min: new Date("0001-01-02"), max: new Date("9999-12-30") })
      .map((date) => date.toISOString());
  }
  if (schema.pattern) return matching(schema.pattern);
  const some = /^Some of (.+), separated by commas$/.exec(schema.description ?? "")?.[1].split(", ");
  if (some) {
    return fc.subarray(some, { minLength: 1, maxLength: Math.min(5, some.length) }).map((chosen) => chosen.join(","));
  }
  const { minLength = 0, maxLength = 200 } = schema;
  return fc.oneof(
    { weight: 6, arbitrary: fc.string({ unit: grapheme, minLength, maxLength: Math.min(maxLength, 30) }) },
    { weight: 3, arbitrary: word },
    { weight: 1, arbitrary: fc.constantFrom("é".repeat(maxLength), "x".repeat(Math.max(minLength, 1))) },
  );
}

function number({ type, minimum = -1_000_000, maximum = 1_000_000 }: Json): fc.Arbitrary<number> {
  const whole = fc.integer({ min: Math.ceil(minimum), max: Math.min(Math.floor(maximum), 2 ** 31 - 1) });
  return fc.oneof(
    { weight: 5, arbitrary: type === "number" ? whole.map((value) => Math.max(minimum, value / 4)) : whole },
    { weight: 3, arbitrary: fc.constantFrom(minimum, maximum) },
  );
}

/** Values just beside what a schema takes. */
function beside(schema: Json, name: string): { weight: number; arbitrary: fc.Arbitrary<string> }[] {
  const { minLength, maxLength, minimum, maximum, minItems, maxItems } = schema;
  const near = [
    ...(isReference(schema, name)
      ? ["upper", "foreign", "wrong"].map((kind) => `"~${kind}.${name}~"`).concat(
        `" ~row.${name}~"`,
        `"~row.${name}~0"`,
      )
      : []),
    ...(minLength ? [`"${" ".repeat(minLength)}"`, `"${"x".repeat(minLength - 1)}"`] : []),
    ...(maxLength ? ["x", "é", "🙂"].map((one) => `"${one.repeat(maxLength + 1)}"`) : []),
    ...(maxLength ? [`"${"🙂".repeat(maxLength)}"`, `"${"x".repeat(maxLength)} "`] : []),
    ...(minimum !== undefined ? [`${minimum - 1}`, `${minimum + 0.001}`] : []),
    ...(maximum !== undefined ? [`${maximum + 1}`, `${maximum}0`, `${maximum - 0.001}`] : []),
    ...(schema.enum ?? []).map((each: unknown) => JSON.stringify(String(each).toUpperCase())),
    ...(minItems ? ["[]"] : []),
    ...(maxItems
      ? [`[${Array(maxItems + 1).fill('"x"')}]`, `[${Array.from({ length: maxItems + 1 }, (_, at) => `"x${at}"`)}]`]
      : []),
  ];
  return near.length === 0 ? [] : [{ weight: 2, arbitrary: fc.constantFrom(...near) }];
}

const plain = (json: string): string => {
  try {
    const value = JSON.parse(json);
    return typeof value === "string" ? value : json;
  } catch {
    return json;
  }
};

function names(schema: Json): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  return [...Object.keys(schema.properties ?? {}), ...Object.values(schema).flatMap(names)];
}

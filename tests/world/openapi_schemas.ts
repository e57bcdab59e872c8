import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { Json } from "./world.ts";

type Mismatch = { path: string; keyword: string; message: string };

/** Gives a function that checks a value by the JSON schema at a place of an OpenAPI document, all its objects closed. */
export function schemasOf(document: Json) {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(closed(document), "openapi");

  return function mismatches(place: string[], value: unknown): Mismatch[] {
    const pointer = place.map((name) => encodeURIComponent(name.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/");
    const validate = ajv.getSchema(`openapi#/${pointer}`);
    if (!validate) throw new Error(`The document has no ${pointer}.`);
    if (validate(value)) return [];
    return validate.errors!.map(({ instancePath, keyword, message, params }) => ({
      path: instancePath,
      keyword,
      message: `${instancePath} ${message} ${JSON.stringify(params)}`,
    }));
  };
}

// What holds more than is documented is wrong too.
function closed(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const parts = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, key === "example" ? value : closed(value)]),
  );
  const isOpen = schema.type === "object" && schema.properties && !("additionalProperties" in schema);
  return isOpen ? { ...parts, additionalProperties: false } : parts;
}

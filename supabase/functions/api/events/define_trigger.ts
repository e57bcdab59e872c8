import type { z } from "zod";
import type { Scope } from "../contract/scopes.ts";
import type { Json } from "../data/database.types.ts";

type Definition<Data> = {
  label: string;
  description: string;
  /** What a key must hold to be told of it; `private.scopes_to_hear` says the same. */
  scope: Scope;
  /** Its `trigger_data`: what automations and subscribers are told, and what conditions and tokens may name. */
  data: Data;
  sample: z.input<Data>;
};

/** Something that a workspace can be told of, and can act on. */
export const defineTrigger = <Data extends z.ZodObject<Record<string, z.ZodType<Json>>>>(trigger: Definition<Data>) =>
  trigger;

import type { z } from "zod";

/** The columns of a table that a schema names, as a selection whose rows supabase-js can type. */
export const columnsOf = <Schema extends z.ZodObject>(schema: Schema) =>
  // Just what the type says, to which the order makes no difference.
  Object.keys(schema.shape).join(",") as Joined<keyof Schema["shape"] & string>;

/** `"a" | "b"` as `"a,b"`. */
type Joined<Names extends string, Last extends string = LastOf<Names>> = [Names] extends [never] ? ""
  : [Exclude<Names, Last>] extends [never] ? Last
  : `${Joined<Exclude<Names, Last>>},${Last}`;

// Of an overloaded function's results TypeScript infers the last: the one way to take a union apart.
type LastOf<Names> = Overloaded<Names> extends () => infer Last ? Last & string : never;
type Overloaded<Names> = (Names extends unknown ? (one: () => Names) => void : never) extends (
  all: infer Functions,
) => void ? Functions
  : never;

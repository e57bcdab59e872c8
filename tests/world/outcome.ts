import type { Json, Reply } from "./world.ts";

/** The status of an answer, and the code of its error. */
export const outcome = ({ status, error }: Reply): [number, string | undefined] => [status, error?.code];

/** What the details of an error are about. */
export const paths = ({ error }: Reply): string[] =>
  (error?.details?.fields ?? []).map((problem: Json) => problem.path);

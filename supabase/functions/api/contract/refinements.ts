import type { z } from "zod";

/** Where a judgement of a whole body puts the problems that it finds. */
export type Issues = Pick<z.core.$RefinementCtx, "addIssue">;

/** Has a body judged as a whole also where one of its fields is wrong: all its problems are in one answer. */
export const judgedAnyway: z.core.$ZodSuperRefineParams = {
  when: ({ value }) => typeof value === "object" && value !== null,
};

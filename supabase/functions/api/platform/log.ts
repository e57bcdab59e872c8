/** Writes one line of JSON for whoever operates the API. `fields` hold no token and no key. */
export function logError(message: string, fields: Record<string, unknown>): void {
  console.error(JSON.stringify({ level: "error", message, ...fields }));
}

export const causeOf = (error: unknown) => ({ cause: error instanceof Error ? error.message : error });

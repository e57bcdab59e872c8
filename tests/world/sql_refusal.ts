import postgres from "postgres";

/** The SQLSTATE and the message that a query is refused with, or `none`. */
export async function refusal(query: PromiseLike<unknown>): Promise<string> {
  try {
    await query;
  } catch (error) {
    if (error instanceof postgres.PostgresError) return `${error.code} ${error.message}`;
    throw error;
  }
  return "none";
}

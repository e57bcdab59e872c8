import { AsyncLocalStorage } from "node:async_hooks";
import type { PostgresConnection } from "@supabase/lite/postgres";
import type { Settings } from "./settings.ts";

type Transaction = Parameters<Parameters<PostgresConnection["withContext"]>[1]>[0];

/** The request that is being answered. */
export const answered = new AsyncLocalStorage<Request>();

/**
 * Has each request's transaction begin as PostgREST's does: with the settings of the role that it became, with what functions,
 * triggers and policies may know of the request, read-only when it reads or calls one of the `readers`, and with the call of
 * `pgrst.db_pre_request`.
 */
export function prepareTransactions(
  connection: PostgresConnection,
  settings: () => Settings,
  readers: Set<string>,
): void {
  const begin = connection.withContext.bind(connection);
  connection.withContext = (context, run, options) => {
    const request = answered.getStore();
    if (!request) return begin(context, run, options);
    return begin(context, async (transaction) => {
      const { ofRoles, preRequest } = settings();
      const { role = "anon" }: { role?: string } = context?.auth ?? {};
      await setLocally(transaction, [...ofRoles.get(role) ?? [], ...settingsOf(request, readers)]);
      if (preRequest) await ask(transaction, `select ${preRequest}()`, []);
      return await run(transaction);
    }, options);
  };
}

function settingsOf(request: Request, readers: Set<string>): [string, string][] {
  const path = new URL(request.url).pathname.replace(/^\/rest\/v1/, "");
  const headers = Object.fromEntries([...request.headers].filter(([name]) => name !== "cookie"));
  const about: [string, string][] = [
    ["request.method", request.method],
    ["request.path", path],
    ["request.headers", JSON.stringify(headers)],
  ];
  const isRead = /^(GET|HEAD)$/.test(request.method) || readers.has(path.split("/rpc/")[1]);
  return isRead ? [...about, ["transaction_read_only", "on"]] : about;
}

async function setLocally(transaction: Transaction, settings: [string, string][]): Promise<void> {
  const calls = settings.map((_, at) => `set_config($${2 * at + 1}, $${2 * at + 2}, true)`);
  await ask(transaction, `select ${calls.join(", ")}`, settings.flat());
}

async function ask(transaction: Transaction, sql: string, parameters: string[]): Promise<void> {
  const query = { kind: "RawNode", sqlFragments: [sql], parameters: [] } as const;
  await transaction.executeQuery({ sql, parameters, query, queryId: { queryId: "" } });
}

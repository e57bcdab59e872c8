import postgres from "postgres";
import { isLostConnection } from "../postgres/session.ts";
import { everySecond } from "./every_second.ts";

const most = 200;
const lockNotAvailable = "55P03";

interface Queued {
  id: string;
  method: string;
  url: string;
  headers: Record<string, string> | null;
  body: Uint8Array<ArrayBuffer> | null;
  timeout_milliseconds: number;
}

interface Outcome {
  status_code: number | null;
  content_type: string | null;
  headers: Record<string, string> | null;
  content: string | null;
  timed_out: boolean;
  error_msg: string | null;
}

/**
 * Sends what net.sql queues, as pg_net's worker does: when the transaction has committed, in batches that wait for their slowest,
 * with a pause of a second behind each, which the first wake-up ends and the next do not. It drops a wake-up when its tables
 * are locked, and never looks by itself. What is sent stays in the queue until its batch is answered, and is sent again when
 * the connection to the database is lost before that. Gives what ends it.
 */
export function startNet(superuserUrl: string): () => Promise<void> {
  // A kept connection that breaks would have Deno send a request a second time.
  const client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  const stopping = new AbortController();
  let woken = false;
  let drained = true;
  let connections = 0;

  const beat = everySecond(superuserUrl, async (sql, isNew) => {
    if (isNew) {
      connections += 1;
      await sql`listen net`;
      woken = true;
    }
    if (drained && !woken) return;
    // While there is work, one wake-up is kept for when there is none.
    if (drained) woken = false;
    drained = await sendBatch(sql) === 0;
  }, () => {
    if (woken) return;
    woken = true;
    beat.now();
  });

  // Not by `sql.begin`: when the connection is lost, postgres.js would roll back on it, and end the process.
  async function sendBatch(sql: postgres.Sql): Promise<number> {
    const connection = connections;
    await sql`begin`;
    try {
      const { expired, queued } = await takeBatch(sql);
      const outcomes = await Promise.all(queued.map(async (request) => (
        { id: request.id, ...await send(request, client, stopping.signal) }
      )));
      if (stopping.signal.aborted || connection !== connections) return 0;
      return await beat.run(async (sql) => {
        if (outcomes.length > 0) await sql`insert into net._http_response ${sql(outcomes)}`;
        await sql`commit`;
        return queued.length + expired;
      });
    } catch (error) {
      if (isLostConnection(error)) throw error;
      await beat.run((sql) => sql`rollback`);
      if (error instanceof postgres.PostgresError && error.code === lockNotAvailable) return 0;
      throw error;
    }
  }

  return async () => {
    stopping.abort();
    await beat.stop();
    client.close();
  };
}

async function takeBatch(sql: postgres.Sql): Promise<{ expired: number; queued: Queued[] }> {
  await sql`lock table net.http_request_queue, net._http_response in access share mode nowait`;
  const { count } = await sql`delete from net._http_response where created < now() - interval '6 hours'`;
  const queued = await sql<Queued[]>`
    delete from net.http_request_queue
    where id in (select id from net.http_request_queue order by id limit ${most})
    returning *
  `;
  return { expired: count, queued };
}

async function send(request: Queued, client: Deno.HttpClient, stopping: AbortSignal): Promise<Outcome> {
  const { method, url, headers, body, timeout_milliseconds } = request;
  const late = AbortSignal.timeout(timeout_milliseconds);
  const nothing = { status_code: null, content_type: null, headers: null, content: null };
  try {
    const signal = AbortSignal.any([late, stopping]);
    const response = await fetch(url, { method, headers: headers ?? {}, body, client, signal });
    const [content] = (await response.text()).split("\0", 1);
    return {
      status_code: response.status,
      content_type: response.headers.get("content-type"),
      headers: Object.fromEntries(response.headers),
      content: content || null,
      timed_out: false,
      error_msg: null,
    };
  } catch (error) {
    if (late.aborted) {
      return { ...nothing, timed_out: true, error_msg: `Timeout of ${timeout_milliseconds} ms reached.` };
    }
    return { ...nothing, timed_out: false, error_msg: error instanceof Error ? error.message : String(error) };
  }
}

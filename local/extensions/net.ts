import { everySecond } from "./every_second.ts";
import { isLostConnection } from "../postgres/session.ts";

const most = 50;

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
 * Sends what net.sql queues, as pg_net's worker would: when the transaction has committed. A request stays in the queue until it
 * is answered, and is sent again when the connection to the database was lost before that; the outcome is kept for six hours.
 * Unlike there, who answers late keeps nobody waiting but the last of fifty. Gives what ends it.
 */
export function startNet(superuserUrl: string): () => Promise<void> {
  // A kept connection that breaks would have Deno send a request a second time.
  const client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  const stopping = new AbortController();
  const started = new Set<Promise<void>>();
  let sending = new Set<string>();

  const beat = everySecond(superuserUrl, async (sql, isNew) => {
    // Behind a crash the queue is empty, and its ids begin anew.
    if (isNew) sending = new Set();
    await sql`listen net`;
    await sql`delete from net._http_response where created < now() - interval '6 hours'`;
    const queued = await sql<Queued[]>`
      select * from net.http_request_queue where id <> all (${`{${[...sending]}}`}::bigint[]) order by id limit ${
      most - sending.size
    }
    `;
    for (const request of queued) {
      const sent: Promise<void> = deliver(request, sending).finally(() => started.delete(sent));
      started.add(sent);
    }
  }, () => beat.now());

  async function deliver(request: Queued, among: Set<string>): Promise<void> {
    among.add(request.id);
    const outcome = { id: request.id, ...await send(request, client, stopping.signal) };
    if (among !== sending) return;
    await beat.run((sql) =>
      sql`
        with answered as (delete from net.http_request_queue where id = ${request.id})
        insert into net._http_response ${sql(outcome)}
      `
    ).catch((error) => {
      if (!isLostConnection(error)) console.error(`The outcome of ${request.url} is not kept: ${error.message}`);
    });
    if (among.size === most) beat.now();
    among.delete(request.id);
  }

  return async () => {
    stopping.abort();
    await beat.stop();
    await Promise.all(started);
    client.close();
  };
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

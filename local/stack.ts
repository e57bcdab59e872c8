import { resolve } from "node:path";
import { type Signing, symmetricSigning } from "../operator/signing.ts";
import { type DemoKeys, ensureDemoKeys } from "./demo_keys.ts";
import { startCron } from "./extensions/cron.ts";
import { startDataApi } from "./data_api/data_api.ts";
import { keepDispatchUrl } from "./dispatch_url.ts";
import { startFunction } from "./edge_function.ts";
import type { StandIns } from "./extensions/extensions.ts";
import { startGateway } from "./data_api/gateway.ts";
import { lockData, noteDatabase } from "./lock.ts";
import { startMailbox } from "./mailbox/mailbox.ts";
import { migrate } from "./postgres/migrations.ts";
import { startNet } from "./extensions/net.ts";
import { defaults, type StackOptions } from "./options.ts";
import { claimPort } from "./ports.ts";
import { startPostgres } from "./postgres/server.ts";
import { requireSuperuser } from "./postgres/connection.ts";
import { Refusal } from "./refusal.ts";
import { ensureSecrets } from "./secrets.ts";

export interface Stack {
  /** What the function sees as SUPABASE_URL. */
  url: string;
  /** The API's base URL, without a slash at its end. */
  apiUrl: string;
  restUrl: string;
  /** Where mails end: Resend's API, and a page. */
  mailUrl: string;
  /** As role `postgres`, the one that migrations run as. */
  databaseUrl: string;
  superuserUrl: string;
  publishableKey: string;
  secretKey: string;
  /** What API keys of this stack are signed with. */
  signing: Signing;
  /** The seeded workspace's ready keys. */
  demoKeys?: DemoKeys;
  /** Ends everything that was started, in order. */
  stop(): Promise<void>;
}

/** Starts the whole platform on this machine. Throws a Refusal, and leaves nothing running, when it cannot. */
export async function startStack(given: Partial<StackOptions> = {}): Promise<Stack> {
  const options = { ...defaults, ...given };
  const data = resolve(options.data);
  const started = new AsyncDisposableStack();
  try {
    return await start(options, data, started);
  } catch (error) {
    await started.disposeAsync();
    throw error;
  }
}

async function start(options: StackOptions, data: string, started: AsyncDisposableStack): Promise<Stack> {
  if (options.fresh && options.databaseUrl) {
    throw new Refusal("--fresh removes the embedded database only, and DATABASE_URL is set: empty that one yourself.");
  }
  await Deno.mkdir(data, { recursive: true });
  const lock = started.use(await lockData(data));
  const port = claimPort(options.port, "--port");
  const dbPort = options.databaseUrl ? 0 : claimPort(options.dbPort, "--db-port");
  const mailbox = await startMailbox(options.mailPort ?? (options.port === 0 ? 0 : 54324));
  started.defer(() => mailbox.stop());
  const url = `http://127.0.0.1:${port}`;
  const secrets = await ensureSecrets(data);
  const signing = symmetricSigning(secrets.jwtSecret, secrets.jwtKeyId);

  const [{ superuserUrl, standIns }, functionOrigin] = await all(
    startDatabase({ ...options, dbPort }, data, started),
    startFunction(options.supabase, { url, mailUrl: mailbox.url, secrets }).then((it) => {
      started.defer(() => it.stop());
      return it.origin;
    }),
  );
  await noteDatabase(lock, superuserUrl);

  const [dataApi, demoKeys] = await all(
    startDataApi({ superuserUrl, authenticatorUrl: asRole(superuserUrl, "authenticator"), secrets }).then((it) => {
      started.defer(() => it.close());
      return it;
    }),
    ensureDemoKeys(superuserUrl, signing, data, secrets),
    keepDispatchUrl(superuserUrl, `${url}/functions/v1/api/v1/internal/dispatch`),
  );
  const gateway = startGateway(port, { dataApi: (request) => dataApi.fetch(request), functionOrigin });
  started.defer(() => gateway.stop());
  if (standIns.net) started.defer(startNet(superuserUrl));
  if (standIns.cron) started.defer(startCron(superuserUrl));

  return {
    url,
    apiUrl: `${url}/functions/v1/api/v1`,
    restUrl: `${url}/rest/v1`,
    mailUrl: mailbox.url,
    databaseUrl: asRole(superuserUrl, "postgres"),
    superuserUrl,
    publishableKey: secrets.publishableKey,
    secretKey: secrets.secretKey,
    signing,
    demoKeys,
    stop: () => started.disposeAsync(),
  };
}

async function startDatabase(
  options: StackOptions,
  data: string,
  started: AsyncDisposableStack,
): Promise<{ superuserUrl: string; standIns: StandIns }> {
  if (options.databaseUrl) await requireSuperuser(options.databaseUrl);
  const superuserUrl = options.databaseUrl ?? await startEmbedded(options, data, started);
  return { superuserUrl, standIns: await migrate(superuserUrl, options.supabase) };
}

async function startEmbedded(options: StackOptions, data: string, started: AsyncDisposableStack): Promise<string> {
  const server = await startPostgres(data, options.dbPort, options.fresh);
  started.defer(() => server.stop());
  return server.superuserUrl;
}

/** Waits for all even when one fails, so that whatever was started is known before it is ended. */
async function all<T extends unknown[]>(...promises: { [Index in keyof T]: Promise<T[Index]> }): Promise<T> {
  await Promise.allSettled(promises);
  return await Promise.all(promises) as T;
}

function asRole(superuserUrl: string, role: string): string {
  const url = new URL(superuserUrl);
  if (url.username === role) return superuserUrl;
  url.username = role;
  url.password = "postgres";
  return url.href;
}

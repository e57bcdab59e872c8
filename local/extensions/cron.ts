import type postgres from "postgres";
import { asPostgres, openSession } from "../postgres/connection.ts";
import { everySecond } from "./every_second.ts";

interface Job {
  jobid: string;
  command: string;
  database: string;
  username: string;
  /** Of a schedule in seconds. */
  seconds: number | null;
  /** Of a schedule in five fields: whether it names this minute. */
  is_due: boolean | null;
}

/**
 * Runs the jobs of cron.sql as pg_cron's worker would: each as the role that scheduled it, in a session of its own, and never
 * twice at a time. Minutes that pass while the database is away are not made up for. Gives what ends it.
 */
export function startCron(superuserUrl: string): () => Promise<void> {
  const running = new Set<string>();
  const lastStart = new Map<string, number>();
  let minute = thisMinute();
  let leftRunning = true;

  const beat = everySecond(superuserUrl, async (sql, isNew) => {
    if (isNew || leftRunning) await failLostRuns(sql);
    leftRunning = false;
    for (const job of await dueJobs(sql)) {
      running.add(job.jobid);
      run(job).catch(() => {
        leftRunning = true;
      }).finally(() => running.delete(job.jobid));
    }
  });

  async function failLostRuns(sql: postgres.Sql): Promise<void> {
    await sql`
      update cron.job_run_details set status = 'failed', return_message = 'server restarted', end_time = now()
      where status = 'running' and jobid <> all (${`{${[...running]}}`}::bigint[])
    `;
  }

  async function dueJobs(sql: postgres.Sql): Promise<Job[]> {
    const isNewMinute = thisMinute() > minute;
    const jobs = await sql<Job[]>`
      select jobid, command, database, username, seconds,
        case when seconds is null and ${isNewMinute} then cron._is_due(schedule, now()) end as is_due
      from cron.job, cron._seconds(schedule) as seconds
      where active and database = current_database()
    `;
    if (isNewMinute) minute = thisMinute();
    const now = performance.now();
    return jobs.filter(({ jobid, seconds, is_due }) => {
      const before = lastStart.get(jobid) ?? now;
      // A beat comes a little early or late.
      const isDue = seconds === null ? is_due : now - before > seconds * 1000 - 100;
      const starts = isDue && !running.has(jobid);
      lastStart.set(jobid, starts ? now : before);
      return starts;
    });
  }

  async function run({ jobid, command, database, username }: Job): Promise<void> {
    const [{ runid }] = await beat.run((sql) =>
      sql<{ runid: string }[]>`
        insert into cron.job_run_details (jobid, database, username, command, status, start_time)
        values (${jobid}, ${database}, ${username}, ${command}, 'running', clock_timestamp())
        returning runid
      `
    );
    const own = openSession(superuserUrl, { ...asPostgres, role: username });
    const outcome = await own.run((sql) => sql.unsafe(command))
      .then(({ count }) => ({ status: "succeeded", return_message: `${count ?? 0} row${count === 1 ? "" : "s"}` }))
      .catch((error) => ({ status: "failed", return_message: `ERROR:  ${error.message}` }))
      .finally(() => own.close());
    await beat.run((sql) =>
      sql`update cron.job_run_details set ${sql(outcome)}, end_time = clock_timestamp() where runid = ${runid}`
    );
  }

  return beat.stop;
}

const thisMinute = () => Math.floor(Date.now() / 60_000);

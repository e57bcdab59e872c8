// `read` ends when the other end of the pipe is closed, which the kernel does even for a parent that was killed with -9.
const script = `
[ -n "$LEASH_LOG" ] && exec >>"$LEASH_LOG" 2>&1
signal=$LEASH_SIGNAL
unset LEASH_LOG LEASH_SIGNAL
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
exec 2>/dev/null
{ read -r _ <&3; kill -s "$signal" "$child"; } >/dev/null &
guard=$!
exec 3<&-
wait "$child"
code=$?
kill "$guard"
exit "$code"
`;

export interface Leashed {
  /** Resolves with the exit code when the program has ended. */
  ended: Promise<number>;
  /** Asks the program to end, and waits until it has. */
  end(): Promise<void>;
}

export interface LeashOptions {
  /** The program's whole environment. */
  env: Record<string, string>;
  /** What ends the program. */
  signal: "INT" | "TERM";
  cwd?: string;
  /** A file that gets the program's output; without it the output goes where ours goes. */
  log?: string;
  uid?: number;
  gid?: number;
}

/** Runs a program that ends when this process does, however this process ends. */
export function leash(program: string, args: string[], options: LeashOptions): Leashed {
  const { env, signal, log = "", ...rest } = options;
  const shell = new Deno.Command("/bin/sh", {
    ...rest,
    args: ["-c", script, "leash", program, ...args],
    clearEnv: true,
    env: { ...env, LEASH_SIGNAL: signal, LEASH_LOG: log },
    stdin: "piped",
    stdout: "inherit",
    stderr: "inherit",
    // A session of its own: the terminal's Ctrl-C is ours to pass on, in order.
    detached: true,
  }).spawn();
  const ended = shell.status.then((status) => status.code);
  return {
    ended,
    async end() {
      await shell.stdin.close().catch(() => {});
      await ended;
    },
  };
}

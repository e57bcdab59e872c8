import { pause } from "../platform/pause.ts";

export type Send = (url: RequestInfo | URL, init?: RequestInit) => Promise<Response>;

/** As many statements of one key as `data_api.begin_request` lets run at once. */
const most = 4;
const patience = 5_000;

/**
 * Has the calls of one key wait for each other here, rather than be refused by the database; where other isolates hold the
 * key's slots, they are tried again. Who has waited for five seconds is answered as the database answers: 429.
 */
export function inSlots(send: Send): Send {
  let free = most;
  const waiting = new Set<(isMine: boolean) => void>();

  function turn(deadline: number): Promise<boolean> | boolean {
    if (free > 0) {
      free -= 1;
      return true;
    }
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle(false), deadline - performance.now());
      const settle = (isMine: boolean) => {
        clearTimeout(timer);
        waiting.delete(settle);
        resolve(isMine);
      };
      waiting.add(settle);
    });
  }

  function release(): void {
    const [next] = waiting;
    if (next) next(true);
    else free += 1;
  }

  return async (url, init) => {
    const deadline = performance.now() + patience;
    if (!await turn(deadline)) return Response.json(refusal, { status: 429 });
    try {
      for (let wait = 10;; wait = Math.min(2 * wait, 200)) {
        const response = await send(url, init);
        if (response.status !== 429 || performance.now() > deadline || !await isSlotless(response)) return response;
        await pause(wait * (0.5 + Math.random()));
      }
    } finally {
      release();
    }
  };
}

const refusal = {
  code: "RATE_LIMITED",
  message: "Four statements of this API key are under way already.",
  details: "concurrent_statements",
  hint: null,
};

async function isSlotless(response: Response): Promise<boolean> {
  return (await response.text()).includes(refusal.details);
}

import { assert, assertEquals } from "@std/assert";
import { send } from "../../supabase/functions/api/webhooks/send.ts";
import { isStorable } from "../../supabase/functions/api/contract/values.ts";
import { receiving, say, slowly } from "../world/raw_server.ts";

const hints = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
const chunked = hints +
  "HTTP/1.1 200 OK\r\nRetry-After: 7\r\ntransfer-encoding: chunked\r\n\r\n6\r\nG'day \r\n00004;x=y\r\n🦘\r\n0\r\na: b\r\n\r\n";
const sized = hints + "HTTP/1.1 200 OK\r\nRetry-After: 7\r\nContent-Length: 10\r\n\r\nG'day 🦘and more";
const untilClosed = hints + "HTTP/1.1 200 OK\nRetry-After: 7\n\nG'day 🦘";
const originals = [chunked, sized, untilClosed].map((text) => new TextEncoder().encode(text));

/** What `send` makes of answers that come in these packets, each answer on its own connection. */
async function sent(answers: Uint8Array[][]) {
  const results: { answer: Uint8Array[]; status: number | null; error: string | null; body: string; wait: unknown }[] =
    [];
  for (let from = 0; from < answers.length; from += 50) {
    const now = answers.slice(from, from + 50);
    await Promise.all(now.map((answer) =>
      receiving(async (connection, over) => {
        (connection as Deno.TcpConn).setNoDelay();
        for (const [i, packet] of answer.entries()) {
          if (i > 0) await slowly(2, over);
          await say(connection, packet);
        }
      }, async ({ port }) => {
        const options = { allowLoopback: true, deadline: 5_000 };
        const { status, error, body, retryAfter } = await send(`http://127.0.0.1:${port}/`, "{}", {}, options);
        results.push({ answer, status, error, body, wait: retryAfter });
      })
    ));
  }
  return results;
}

Deno.test("an answer is the same wherever it is cut into packets", async () => {
  for (const bytes of originals) {
    const cuts = Array.from(bytes, (_, at) => [bytes.slice(0, at), bytes.slice(at)].filter(({ length }) => length > 0));
    const byteByByte = Array.from(bytes, (byte) => Uint8Array.of(byte));
    for (const { answer, status, error, body, wait } of await sent([...cuts, byteByByte])) {
      const where = `${new TextDecoder().decode(bytes)} after ${answer[0].length} bytes`;
      assertEquals([status, error, body, wait], [200, null, "G'day 🦘", 7], where);
    }
  }
});

Deno.test("2,000 damaged answers end in a status or a sentence, with text that can be stored", async () => {
  const pieces = ["\r\n", "\n\n", "0\r\n\r\n", "HTTP/1.1 200 OK\r\n", "-1", "ffffffffff", "\0", ": ", "\r", "chunked"];
  const sentences = [
    "127.0.0.1 did not answer in HTTP.",
    "127.0.0.1 did not answer in HTTP/1.1.",
    "127.0.0.1 closed the connection without an answer.",
  ];
  const any = (limit: number) => Math.floor(Math.random() * limit);
  const damaged = Array.from({ length: 2_000 }, () => {
    const original = originals[any(originals.length)];
    const at = any(original.length);
    const put = any(2) ? new TextEncoder().encode(pieces[any(pieces.length)]) : Uint8Array.of(any(256), any(256));
    return [Uint8Array.from([...original.subarray(0, at), ...put, ...original.subarray(at + any(8))])];
  });

  const results = await sent(damaged);

  for (const { answer, status, error, body } of results) {
    const isEither = status === null ? sentences.includes(error ?? "") : error === null;
    assert(isEither && isStorable(body), `${status}, ${error}: ${JSON.stringify(answer.map((part) => [...part]))}`);
  }
  const answered = results.filter(({ status }) => status !== null).length;
  assert(answered > 100 && answered < 2_000, `${answered}`);
});

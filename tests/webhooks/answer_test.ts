import { assertEquals } from "@std/assert";
import { Answer, BadAnswer } from "../../supabase/functions/api/webhooks/answer.ts";
import { isStorable } from "../../supabase/functions/api/contract/values.ts";

const maxBody = 65_536;
const hints = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
const chunked = hints +
  "HTTP/1.1 200 OK\r\nRetry-After: 7\r\ntransfer-encoding: chunked\r\n\r\n6\r\nG'day \r\n00004;x=y\r\n🦘\r\n0\r\na: b\r\n\r\n";
const sized = hints + "HTTP/1.1 200 OK\r\nRetry-After: 7\r\nContent-Length: 10\r\n\r\nG'day 🦘and more";
const untilClosed = hints + "HTTP/1.1 200 OK\nRetry-After: 7\n\nG'day 🦘";

/** What is made of an answer that comes in these pieces. */
function read(pieces: Uint8Array[]) {
  const answer = new Answer(maxBody);
  for (const piece of pieces) {
    answer.take(piece);
    // The connection's buffer is used again for what comes next.
    piece.fill(0x21);
  }
  return [answer.status, answer.header("retry-after"), answer.text(2_000), answer.ended];
}

Deno.test("an answer is the same wherever it is cut into packets", () => {
  for (const [text, ends] of [[chunked, true], [sized, true], [untilClosed, false]] as const) {
    const bytes = new TextEncoder().encode(text);
    const whole = [200, "7", "G'day 🦘", ends];
    assertEquals(read([bytes.slice()]), whole);
    assertEquals(read([...bytes].map((byte) => Uint8Array.of(byte))), whole, "byte by byte");
    for (let first = 0; first <= bytes.length; first++) {
      for (let second = first; second <= bytes.length; second += 7) {
        const cut = [bytes.slice(0, first), bytes.slice(first, second), bytes.slice(second)];
        assertEquals(read(cut), whole, `cut at ${first} and ${second}`);
      }
    }
  }
});

Deno.test("at most 64 kB of a body are kept, in whatever frames", () => {
  for (const framing of ["", "content-length: 900000\r\n", "transfer-encoding: chunked\r\n"]) {
    const answer = new Answer(maxBody);
    answer.take(
      new TextEncoder().encode(`HTTP/1.1 200 OK\r\n${framing}\r\n${framing.includes("chunked") ? "fffff\r\n" : ""}`),
    );
    let given = 0;
    for (; !answer.ended && given < 1_000_000; given += 4_096) answer.take(new Uint8Array(4_096).fill(0x61));
    assertEquals(
      [answer.ended, answer.text(100_000).length <= maxBody, given <= maxBody + 4_096],
      [true, true, true],
      framing,
    );
  }
});

Deno.test("20,000 damaged answers end in a status or a refusal, with text that can be stored", () => {
  const originals = [chunked, sized, untilClosed].map((text) => new TextEncoder().encode(text));
  const pieces = ["\r\n", "\n\n", "0\r\n\r\n", "HTTP/1.1 200 OK\r\n", "-1", "ffffffffff", "\0", ": ", "\r", "chunked"];
  const any = (limit: number) => Math.floor(Math.random() * limit);
  let answered = 0;
  for (let round = 0; round < 20_000; round++) {
    const original = originals[any(originals.length)];
    const at = any(original.length);
    const cut = at + any(8);
    const put = any(2) ? new TextEncoder().encode(pieces[any(pieces.length)]) : Uint8Array.of(any(256), any(256));
    const damaged = Uint8Array.from([...original.subarray(0, at), ...put, ...original.subarray(cut)]);
    const answer = new Answer(maxBody);
    try {
      for (let from = 0; from < damaged.length; from += 16) answer.take(damaged.slice(from, from + 16));
    } catch (cause) {
      assertEquals([cause instanceof BadAnswer, answer.status], [true, null], JSON.stringify([...damaged]));
    }
    if (answer.status !== null) answered++;
    assertEquals(isStorable(answer.text(2_000)), true);
  }
  assertEquals(answered > 1_000 && answered < 20_000, true, `${answered}`);
});

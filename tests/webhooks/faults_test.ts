import { assertEquals } from "@std/assert";
import { send, type SendOptions } from "../../supabase/functions/api/webhooks/send.ts";
import { isStorable } from "../../supabase/functions/api/contract/values.ts";
import { type Answering, receiving, say, saying, slowly } from "../world/raw_server.ts";

const deadline = 700;
const development: SendOptions = { allowLoopback: true, deadline };
const closed = "127.0.0.1 closed the connection without an answer.";
const late = "There was no answer within 0.7 s.";

/** A receiver that plays up; whatever it does, all that was opened is closed in time, and it was asked once. */
function faulty(
  name: string,
  answering: Answering,
  expected: { status: number | null; error: string | null; body?: string; within?: number },
  options: { reads?: boolean; scheme?: string; body?: string } = {},
) {
  const { reads = true, scheme = "http", body = "{}" } = options;
  const fn = async () => {
    await receiving(answering, async (receiver) => {
      const sent = await send(`${scheme}://127.0.0.1:${receiver.port}/`, body, {}, development);
      assertEquals([sent.status, sent.error], [expected.status, expected.error]);
      if (expected.body !== undefined) assertEquals(sent.body, expected.body);
      assertEquals([isStorable(sent.body), [...sent.body].length <= 2_000], [true, true]);
      const isInTime = sent.durationMs < (expected.within ?? deadline + 1_500);
      assertEquals([isInTime, receiver.connections], [true, 1], `${sent.durationMs} ms`);
    }, { reads });
  };
  Deno.test({ name: `a receiver that ${name}`, fn, sanitizeOps: true, sanitizeResources: true });
}

const head = (status: number, ...headers: string[]) =>
  `HTTP/1.1 ${status} X\r\n${headers.map((header) => `${header}\r\n`).join("")}\r\n`;
const bytes = (...parts: (string | number[])[]) =>
  Uint8Array.from(parts.flatMap((part) => typeof part === "string" ? [...new TextEncoder().encode(part)] : part));
/** Writes until the other end has gone. */
const forever = async (connection: Deno.Conn, what: string | Uint8Array) => {
  for (;;) await say(connection, what);
};

// Time.
faulty("answers just under the deadline is answered", async (connection, over) => {
  await slowly(deadline / 2, over);
  await say(connection, head(200, "content-length: 0"));
}, { status: 200, error: null });
faulty("answers just over the deadline is late", async (connection, over) => {
  await slowly(deadline + 200, over);
  await say(connection, head(200, "content-length: 0"));
}, { status: null, error: late });
faulty("never answers is late", (_, over) => over, { status: null, error: late });
faulty("never makes the TLS connection is late", (_, over) => over, { status: null, error: late }, {
  scheme: "https",
  reads: false,
});
faulty("never reads the request is late", (_, over) => over, { status: null, error: late }, {
  reads: false,
  body: "x".repeat(8_000_000),
});
faulty("sends its headers byte by byte is late", async (connection, over) => {
  for (const byte of bytes(head(200, `x: ${"y".repeat(100)}`))) {
    await say(connection, Uint8Array.of(byte));
    await slowly(deadline / 20, over);
  }
}, { status: null, error: late });
faulty("sends its body byte by byte has answered", async (connection, over) => {
  await say(connection, head(202, "content-length: 1000"));
  for (let i = 0; i < 1_000; i++) {
    await say(connection, "a");
    await slowly(deadline / 5, over);
  }
}, { status: 202, error: null });
faulty("fails with a trickling body has failed with that status", async (connection, over) => {
  await say(connection, head(500, "transfer-encoding: chunked") + "1\r\na\r\n");
  await over;
}, { status: 500, error: null, body: "a" });
faulty("keeps the connection open after a whole answer keeps nobody waiting", async (connection, over) => {
  await say(connection, head(200, "content-length: 2") + "ok");
  await over;
}, { status: 200, error: null, body: "ok", within: deadline });
faulty("keeps it open after a chunked answer does neither", async (connection, over) => {
  await say(connection, head(200, "transfer-encoding: chunked") + "2;a=b\r\nok\r\n1\r\n!\r\n0\r\nx: y\r\n\r\n");
  await over;
}, { status: 200, error: null, body: "ok!", within: deadline });

// Size.
faulty("sends an endless body has answered after 64 kB", async (connection) => {
  await say(connection, head(200));
  await forever(connection, "b".repeat(10_000));
}, { status: 200, error: null, body: "b".repeat(2_000), within: deadline });
faulty("sends an endless chunk has answered after 64 kB", async (connection) => {
  await say(connection, head(200, "transfer-encoding: chunked") + "ffffffff\r\n");
  await forever(connection, "c".repeat(10_000));
}, { status: 200, error: null, body: "c".repeat(2_000), within: deadline });
faulty("sends a chunk's size without end has answered", async (connection) => {
  await say(connection, head(200, "transfer-encoding: chunked"));
  await forever(connection, "0".repeat(10_000));
}, { status: 200, error: null, body: "", within: deadline });
faulty("sends 100 MB of headers has not", async (connection) => {
  await say(connection, "HTTP/1.1 200 OK\r\n");
  for (let i = 0; i < 10_000; i++) await say(connection, `x-${i}: ${"h".repeat(10_000)}\r\n`);
}, { status: null, error: "127.0.0.1 answered with more than 32 kB of headers.", within: deadline });
faulty("says 100 Continue without end has not", async (connection) => {
  await forever(connection, head(100).repeat(100));
}, { status: null, error: "127.0.0.1 answered with more than 32 kB of headers.", within: deadline });
faulty("sends a gzip bomb is not unpacked", async (connection) => {
  const zeros = new Blob([new Uint8Array(20_000_000)]).stream().pipeThrough(new CompressionStream("gzip"));
  const bomb = new Uint8Array(await new Response(zeros).arrayBuffer());
  await say(connection, head(200, "content-encoding: gzip", `content-length: ${bomb.length}`));
  await say(connection, bomb);
}, { status: 200, error: null, body: "" });

// Connections.
faulty("resets the connection before it has read has not answered", () => Promise.resolve(), {
  status: null,
  error: closed,
  within: deadline,
}, { reads: false, body: "x".repeat(100_000) });
faulty("resets it after it has read is not asked again", () => Promise.resolve(), {
  status: null,
  error: closed,
  within: deadline,
});
faulty("breaks off in its headers has not answered", saying("HTTP/1.1 200 OK\r\ncontent-le"), {
  status: null,
  error: closed,
  within: deadline,
});
faulty("breaks off in its body has answered", saying(head(200, "content-length: 100") + "half"), {
  status: 200,
  error: null,
  body: "half",
  within: deadline,
});
faulty(
  "answers before it has read is answered",
  async (connection, over) => {
    await say(connection, head(413, "content-length: 3") + "big");
    await over;
  },
  { status: 413, error: null, body: "big", within: deadline },
  { reads: false, body: "x".repeat(8_000_000) },
);
faulty("speaks no TLS", saying(head(400)), { status: null, error: "127.0.0.1 made no TLS connection." }, {
  scheme: "https",
  reads: false,
});

// What is no HTTP, or nearly.
for (
  const [what, answer] of [
    ["speaks SMTP", "220 mail.example.com ESMTP\r\n"],
    ["speaks SSH", "SSH-2.0-OpenSSH_9.2\r\n"],
    ["speaks HTTP/0.9", "<h1>Hello</h1>"],
  ]
) {
  const error = "127.0.0.1 did not answer in HTTP.";
  faulty(what, async (connection, over) => {
    await say(connection, answer);
    await over;
  }, { status: null, error, within: deadline });
}
for (
  const line of ["HTTP/2 200 OK", "HTTP/1.1 099 X", "HTTP/1.1 2000 X", "HTTP/1.1 -200 X", "HTTP/1.1 OK", "HTTP/1.1"]
) {
  const error = "127.0.0.1 did not answer in HTTP/1.1.";
  faulty(`begins by "${line}"`, saying(`${line}\r\n\r\n`), { status: null, error, within: deadline });
}
for (
  const [headers, rest, body] of [
    ["content-length: -200", "x", "x"],
    ["content-length: 1e9", "x", "x"],
    ["content-length: 99999999999999999999999", "x", "x"],
    ["content-length: 1\r\ncontent-length: 3", "abc", "abc"],
    ["transfer-encoding: chunked\r\ncontent-length: 1", "3\r\nabc\r\n0\r\n\r\n", "abc"],
    ["transfer-encoding: chunked", "-1\r\nabc\r\n0\r\n\r\n", ""],
    ["transfer-encoding: chunked", "3\r\nabc\r\nzz\r\nmore", "abc"],
    [": empty\r\nno colon\r\n folded\r\n__proto__: x\r\ncontent-length: 1", "x", "x"],
  ]
) {
  const name = `frames its body oddly (${headers.replaceAll("\r\n", ", ")}) has answered`;
  faulty(name, saying(head(200, headers) + rest), { status: 200, error: null, body, within: deadline });
}
faulty("breaks the frame of a chunk keeps nobody waiting", async (connection, over) => {
  await say(connection, head(200, "transfer-encoding: chunked") + "2\r\nok\r\nnext\r\n");
  await over;
}, { status: 200, error: null, body: "ok", within: deadline });
faulty("answers with line feeds only", saying("HTTP/1.0 200\nx: y\n\nok"), { status: 200, error: null, body: "ok" });
faulty("hints before it answers", saying(head(100) + head(103, "link: x") + head(201, "content-length: 2") + "ok"), {
  status: 201,
  error: null,
  body: "ok",
});
for (const status of [101, 204, 304]) {
  faulty(`says ${status}, which has no body, keeps nobody waiting`, async (connection, over) => {
    await say(connection, head(status, "content-length: 9"));
    await over;
  }, { status, error: null, body: "", within: deadline });
}

// Texts that a database would refuse.
faulty("answers with NUL", saying(bytes(head(200), "a\0b\0")), { status: 200, error: null, body: "ab" });
faulty("answers with broken UTF-8", saying(bytes(head(200), "a", [0xff, 0xed, 0xa0, 0x80], "b")), {
  status: 200,
  error: null,
  body: "a\ufffd\ufffd\ufffd\ufffdb",
});
faulty("answers with 3,000 emoji", saying(bytes(head(200), "a" + "🦘".repeat(3_000))), {
  status: 200,
  error: null,
  body: "a" + "🦘".repeat(1_999),
});

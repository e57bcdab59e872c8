import { assertEquals } from "@std/assert";
import { send, type SendOptions } from "../../supabase/functions/api/webhooks/send.ts";
import { certificate } from "../world/certificate.ts";
import { KeptConnections } from "../../supabase/functions/api/webhooks/connections.ts";
import { keepSaying, receiving, say, saying } from "../world/raw_server.ts";

const development = { allowLoopback: true };
const ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const localhost = await certificate("localhost");

const answer = (status: string, ...headers: string[]) =>
  `HTTP/1.1 ${status}\r\n${headers.map((header) => `${header}\r\n`).join("")}content-length: 0\r\n\r\n`;

/** A promise that everything opened here is closed in the end, and no timer stays. */
const leakless = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, fn, sanitizeOps: true, sanitizeResources: true });

leakless("the receiver gets one POST with the body and headers as given, and its answer comes back", async () => {
  await receiving(saying(ok), async (receiver) => {
    const body = JSON.stringify({ type: "referral_attributed", data: { name: "Zoë 🦘" } });
    const headers = { "webhook-id": "evt_1", "webhook-signature": "v1,a v1,b" };

    const { durationMs, ...sent } = await send(
      `http://127.0.0.1:${receiver.port}/hooks/a%20b?x=1&y=%0d%0a#part`,
      body,
      headers,
      development,
    );

    assertEquals(sent, { status: 200, body: "ok", error: null, retryAfter: null });
    assertEquals([Number.isInteger(durationMs), durationMs >= 0, durationMs < 5_000], [true, true, true]);
    const [head, content] = receiver.requests[0].split("\r\n\r\n");
    const [line, ...fields] = head.split("\r\n");
    assertEquals([line, content], ["POST /hooks/a%20b?x=1&y=%0d%0a HTTP/1.1", body]);
    assertEquals(fields, [
      "content-type: application/json",
      "user-agent: Referrals-Webhooks/1.0",
      "webhook-id: evt_1",
      "webhook-signature: v1,a v1,b",
      `host: 127.0.0.1:${receiver.port}`,
      `content-length: ${new TextEncoder().encode(body).length}`,
      "accept-encoding: identity",
      "connection: close",
    ]);
    assertEquals([receiver.connections, receiver.requests.length], [1, 1]);
  });
});

leakless("no header can smuggle in another, nor take the place of those that frame the request", async () => {
  await receiving(saying(ok), async (receiver) => {
    const url = `http://127.0.0.1:${receiver.port}/`;
    const framing = { Host: "elsewhere.example.com", "Content-Length": "1", Connection: "upgrade" };

    const smuggled = await send(url, "{}", { "webhook-id": "1\r\nhost: elsewhere.example.com" }, development);
    const replaced = await send(url, "{}", { ...framing, "Content-Type": "application/json" }, development);

    assertEquals([smuggled.status, smuggled.error], [null, "The webhook could not be sent."]);
    assertEquals([replaced.status, receiver.requests.length], [200, 1]);
    const fields = receiver.requests[0].toLowerCase().split("\r\n");
    for (const name of ["content-length: 2", "connection: close", "content-type: application/json"]) {
      assertEquals(fields.filter((field) => field.startsWith(name.split(" ")[0])), [name]);
    }
    assertEquals(fields.filter((field) => field.startsWith("host:")), [`host: 127.0.0.1:${receiver.port}`]);
  });
});

leakless("no redirect is followed, of whatever code", async () => {
  await receiving(saying(ok), async (inside) => {
    for (const status of ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent", "300 Choices"]) {
      const redirect = answer(status, `location: http://127.0.0.1:${inside.port}/`, "refresh: 0");
      await receiving(saying(redirect), async (receiver) => {
        const sent = await send(`http://127.0.0.1:${receiver.port}/`, "{}", {}, development);
        assertEquals([sent.status, sent.error, receiver.connections], [Number(status.slice(0, 3)), null, 1]);
      });
    }
    assertEquals([inside.connections, inside.requests], [0, []]);
  });
});

leakless("every status comes back as it is", async () => {
  for (const status of [200, 201, 202, 204, 304, 400, 401, 404, 409, 410, 413, 429, 500, 502, 503, 504, 599]) {
    await receiving(saying(answer(`${status} Whatever`)), async ({ port }) => {
      const sent = await send(`http://127.0.0.1:${port}/`, "{}", {}, development);
      assertEquals([sent.status, sent.error, sent.body], [status, null, ""]);
    });
  }
});

leakless("Retry-After counts in seconds and as a date, at most a day", async () => {
  const inAnHour = new Date(Date.now() + 3_600_000).toUTCString();
  const cases: [string, (wait: number | null) => boolean][] = [
    ["120", (wait) => wait === 120],
    ["0", (wait) => wait === 0],
    [" 7 ", (wait) => wait === 7],
    ["86401", (wait) => wait === 86_400],
    ["9".repeat(400), (wait) => wait === 86_400],
    [inAnHour, (wait) => wait !== null && wait > 3_590 && wait <= 3_600],
    ["Fri, 31 Dec 9999 23:59:59 GMT", (wait) => wait === 86_400],
    ["Sun, 06 Nov 1994 08:49:37 GMT", (wait) => wait === 0],
    ...["", "soon", "-5", "1.5", "1e3", "0x10", "NaN GMT", "Sun, 99 Nov 1994 08:49:37 GMT"].map((
      text,
    ): [string, (wait: number | null) => boolean] => [text, (wait) => wait === null]),
  ];
  for (const [value, isRight] of cases) {
    await receiving(saying(answer("429 Too Many Requests", `Retry-After: ${value}`)), async ({ port }) => {
      const sent = await send(`http://127.0.0.1:${port}/`, "{}", {}, development);
      assertEquals([sent.status, isRight(sent.retryAfter)], [429, true], `${value}: ${sent.retryAfter}`);
    });
  }
});

/** Options with a lookup that says something else each time, and whom it was asked for. */
function rebinding(...answers: string[][]): SendOptions & { lookups: string[] } {
  const lookups: string[] = [];
  const resolve = (name: string) => {
    lookups.push(name);
    return Promise.resolve(answers.shift() ?? ["127.0.0.3"]);
  };
  return { allowLoopback: true, caCerts: [localhost.cert], deadline: 2_000, resolve, lookups };
}

leakless("a webhook goes to the address that was checked, wherever the name leads a moment later", async () => {
  await receiving(saying(ok), async (checked) => {
    await receiving(saying(ok), async (later) => {
      const options = rebinding(["127.0.0.2"]);
      const sent = await send(`https://localhost:${checked.port}/`, "{}", {}, options);
      assertEquals([sent.status, sent.error, options.lookups], [200, null, ["localhost"]]);
      assertEquals([checked.connections, later.connections], [1, 0]);
    }, { hostname: "127.0.0.3", port: checked.port, tls: localhost });
  }, { hostname: "127.0.0.2", tls: localhost });
});

Deno.test({
  name: "a public name that becomes a private one after the check leads nowhere",
  // Deno 2.1 cannot stop an attempt to connect: it ends by itself, after the test.
  sanitizeOps: false,
  async fn() {
    await receiving(saying(ok), async (inside) => {
      // Nobody is at 2000::1: no such network has been given away.
      const options = { ...rebinding(["2000::1"]), deadline: 300 };
      const sent = await send(`https://hooks.example.com:${inside.port}/`, "{}", {}, options);
      assertEquals([sent.status, typeof sent.error, options.lookups], [null, "string", ["hooks.example.com"]]);
      assertEquals(inside.connections, 0);
    }, { hostname: "127.0.0.3", tls: localhost });
  },
});

leakless("when the first address is dead the next one that was checked is tried", async () => {
  await receiving(saying(ok), async (receiver) => {
    const resolve = () => Promise.resolve(["127.0.0.3", "127.0.0.2"]);
    const sent = await send(`http://localhost:${receiver.port}/`, "{}", {}, { allowLoopback: true, resolve });
    assertEquals([sent.status, receiver.connections], [200, 1]);
  }, { hostname: "127.0.0.2" });
});

leakless("a TLS certificate must be for the host's name and of an authority we trust", async () => {
  await receiving(saying(ok), async (receiver) => {
    const url = `https://localhost:${receiver.port}/hook`;
    const trusting = { ...development, caCerts: [localhost.cert], resolve: () => Promise.resolve(["127.0.0.1"]) };

    const trusted = await send(url, "{}", {}, trusting);
    const selfSigned = await send(url, "{}", {}, { ...trusting, caCerts: [] });
    const otherName = await send(url.replace("localhost", "127.0.0.1"), "{}", {}, trusting);

    assertEquals([trusted.status, trusted.body, trusted.error], [200, "ok", null]);
    assertEquals([selfSigned.status, selfSigned.error], [null, "The TLS certificate of localhost is not valid."]);
    assertEquals([otherName.status, otherName.error], [null, "The TLS certificate of 127.0.0.1 is not valid."]);
    assertEquals(receiver.requests.length, 1);
  }, { tls: localhost });
});

Deno.test("a host that leaves the TLS handshake hanging collects no more than three connections", async () => {
  const lookup = { resolve: () => Promise.resolve(["127.0.0.7"]), caCerts: [localhost.cert] };
  const posts = (port: number, deadline = 100) =>
    send(`https://localhost:${port}/`, "{}", {}, { ...development, ...lookup, deadline });
  await receiving((_, over) => over, async (receiver) => {
    for (let i = 0; i < 3; i++) assertEquals((await posts(receiver.port)).error, "There was no answer within 0.1 s.");
    for (let i = 0; i < 3; i++) assertEquals((await posts(receiver.port)).error, "localhost made no TLS connection.");
    assertEquals(receiver.connections, 3);
  }, { hostname: "127.0.0.7", reads: false });

  // It has ended them: it is called again.
  await receiving(saying(ok), async (receiver) => {
    const until = Date.now() + 5_000;
    while ((await posts(receiver.port, 2_000)).status !== 200) {
      assertEquals(Date.now() < until, true, "It is not called again.");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assertEquals(receiver.connections, 1);
  }, { hostname: "127.0.0.7", tls: localhost });
});

leakless("what a receiver leaves open takes the next request, as long as its name leads there", async () => {
  const kept = new KeptConnections();
  const more: string[] = [];
  await receiving(keepSaying(ok, more), async (first) => {
    await receiving(saying(ok), async (second) => {
      const options = { ...rebinding(["127.0.0.2"], ["127.0.0.2"], ["127.0.0.3", "127.0.0.2"], ["127.0.0.3"]), kept };
      for (let i = 1; i <= 4; i++) {
        const { status, body } = await send(`https://localhost:${first.port}/`, `{"i":${i}}`, {}, options);
        assertEquals([status, body], [200, "ok"]);
      }
      assertEquals([options.lookups.length, first.connections, second.connections], [4, 1, 1]);
      const requests = [...first.requests, ...more, ...second.requests];
      assertEquals(requests.map((text) => text.split("\r\n\r\n")[1]), ['{"i":1}', '{"i":2}', '{"i":3}', '{"i":4}']);
      assertEquals(requests[0].split("\r\n").includes("connection: keep-alive"), true);
      kept.close();
    }, { hostname: "127.0.0.3", port: first.port, tls: localhost });
  }, { hostname: "127.0.0.2", tls: localhost });
});

leakless("what one port of a host leaves open takes no request to another", async () => {
  const kept = new KeptConnections();
  await receiving(keepSaying(ok), async (one) => {
    await receiving(keepSaying(ok), async (other) => {
      for (const { port } of [one, other]) {
        await send(`http://127.0.0.1:${port}/`, "{}", {}, { ...development, kept });
      }
      assertEquals([one.requests.length, other.requests.length], [1, 1]);
      kept.close();
    });
  });
});

leakless("a connection that its receiver has closed meanwhile is replaced, and the request comes once", async () => {
  const kept = new KeptConnections();
  await receiving(saying(ok), async (receiver) => {
    for (const wanted of [1, 2, 3]) {
      const sent = await send(`http://127.0.0.1:${receiver.port}/`, "{}", {}, { ...development, kept });
      assertEquals([sent.status, receiver.connections, receiver.requests.length], [200, wanted, wanted]);
    }
  });
  kept.close();
});

leakless(
  "a connection takes no second request when it was to be closed, or its answer has no certain end",
  async () => {
    for (
      const last of [
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nconnection: Keep-Alive, Close\r\ncontent-length: 2\r\n\r\nok",
        "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok and more",
        "HTTP/1.1 204 None\r\ncontent-length: 2\r\n\r\n",
        "HTTP/1.1 204 None\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 101 Switch\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        `HTTP/1.1 200 OK\r\ncontent-length: 90000\r\n\r\n${"x".repeat(65_536)}`,
      ]
    ) {
      const kept = new KeptConnections();
      await receiving(async (connection, over) => {
        await say(connection, last);
        await over;
      }, async (receiver) => {
        for (const wanted of [1, 2]) {
          const options = { ...development, deadline: 2_000, kept };
          const sent = await send(`http://127.0.0.1:${receiver.port}/`, "{}", {}, options);
          assertEquals([sent.error, receiver.connections, receiver.requests.length], [null, wanted, wanted], last);
        }
      });
      kept.close();
    }
  },
);

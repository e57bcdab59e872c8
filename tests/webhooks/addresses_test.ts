import { assertEquals } from "@std/assert";
import { refusedAddress } from "../../supabase/functions/api/webhooks/addresses.ts";
import { send } from "../../supabase/functions/api/webhooks/send.ts";
import { privateAnswers, privateHosts, privateNames, refusedUrls } from "../world/address_vectors.ts";
import { receiving, saying } from "../world/receiver.ts";

const ok = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
const name = "hooks.example.com";
// Who is let through by mistake shall not wait long.
const deadline = 1_000;
const answering = (...addresses: string[]) => () => Promise.resolve(addresses);

const hasIPv6 = await Promise.resolve().then(() => Deno.listen({ hostname: "::1", port: 0 }).close())
  .then(() => true, () => false);

/** Listens on one port of every address of this machine, and counts who comes. */
async function everywhere(test: (port: number, connections: () => number) => Promise<void>) {
  await receiving(saying(ok), async (v4) => {
    if (!hasIPv6) return await test(v4.port, () => v4.connections);
    await receiving(saying(ok), (v6) => test(v4.port, () => v4.connections + v6.connections), {
      hostname: "::1",
      port: v4.port,
    });
  }, { hostname: "0.0.0.0" });
}

Deno.test("the listeners that must stay silent do hear who is let through, on IPv4 and IPv6", async () => {
  await everywhere(async (port, connections) => {
    const hosts = ["127.0.0.1", "127.9.9.9", "localhost", "2130706433", ...(hasIPv6 ? ["[::1]"] : [])];
    for (const host of hosts) {
      const sent = await send(`http://${host}:${port}/`, "{}", {}, { allowLoopback: true });
      assertEquals([sent.status, sent.error], [200, null], host);
    }
    assertEquals(connections(), hosts.length);
  });
});

Deno.test(`none of ${privateHosts.length} spellings of private addresses is saved or reached`, async () => {
  await everywhere(async (port, connections) => {
    // A lookup that nobody should make would lead to the listeners.
    const options = { allowLoopback: false, deadline, resolve: answering("127.0.0.1") };
    for (const host of privateHosts) {
      const url = `https://${host}:${port}/hook`;
      assertEquals(await refusedAddress(url, options), "The URL must lead to a public address.", url);
      const sent = await send(url, "{}", {}, options);
      assertEquals([sent.status, sent.error], [null, "The URL must lead to a public address."], url);
    }
    assertEquals(connections(), 0);
  });
});

Deno.test(`none of ${privateNames.length} names of private networks is saved, looked up or reached`, async () => {
  await everywhere(async (port, connections) => {
    const lookups: string[] = [];
    const resolve = (looked: string) => {
      lookups.push(looked);
      return Promise.resolve(["93.184.215.14"]);
    };
    for (const host of privateNames) {
      const url = `https://${host}:${port}/hook`;
      const options = { allowLoopback: false, deadline, resolve };
      assertEquals(await refusedAddress(url, options), "The URL must have a public host name.", url);
      const sent = await send(url, "{}", {}, options);
      assertEquals([sent.status, sent.error], [null, "The URL must have a public host name."], url);
    }
    assertEquals([lookups, connections()], [[], 0]);
  });
});

Deno.test(`a public name that leads to any of ${privateAnswers.length} private addresses is refused`, async () => {
  await everywhere(async (port, connections) => {
    const url = `https://${name}:${port}/hook`;
    const refused = `The name ${name} must lead to public addresses only.`;
    for (const address of privateAnswers) {
      for (
        const answers of [[address], ["8.8.8.8", address], [address, "8.8.8.8"], ["2606:4700::1", "1.1.1.1", address]]
      ) {
        const options = { allowLoopback: false, deadline, resolve: answering(...answers) };
        assertEquals(await refusedAddress(url, options), refused, answers.join(" "));
        const sent = await send(url, "{}", {}, options);
        assertEquals([sent.status, sent.error], [null, refused], answers.join(" "));
      }
    }
    assertEquals(connections(), 0);
  });
});

Deno.test("other schemes, credentials, ports of other services and riddles for parsers are refused", async () => {
  await everywhere(async (port, connections) => {
    for (const [template, reason] of refusedUrls) {
      const url = template.replace("{port}", String(port));
      const options = { allowLoopback: false, deadline, resolve: answering("127.0.0.1") };
      const refused = await refusedAddress(url, options);
      const sent = await send(url, "{}", {}, options);
      assertEquals([sent.status, sent.error, refused?.includes(reason)], [null, refused, true], `${url}: ${refused}`);
    }
    assertEquals(connections(), 0);
  });
});

Deno.test("a name that does not exist is refused", async () => {
  const refused = "There is no address for the name nothing-here.example.";
  assertEquals(await refusedAddress("https://nothing-here.example/hook", { allowLoopback: false }), refused);
});

Deno.test("a name whose lookup hangs is refused after the deadline", async () => {
  const options = { allowLoopback: false, resolve: () => new Promise<string[]>(() => {}), deadline: 50 };
  const refused = await refusedAddress(`https://${name}/hook`, options);
  assertEquals(refused, "The URL's host name could not be looked up in time.");
});

Deno.test("public addresses are accepted, by name and by number, on the ports of web servers", async () => {
  const options = (...answers: string[]) => ({ allowLoopback: false, resolve: answering(...answers) });
  for (const port of ["", ":443", ":80", ":3000", ":8000", ":8080", ":8443", ":9000", ":49152"]) {
    for (const host of [name, `${name}.`, "HOOKS.example.COM", "bücher.example.com", "a_b.example.com", "8.8.8.8"]) {
      assertEquals(await refusedAddress(`https://${host}${port}/x?y=z#w`, options("8.8.8.8")), null, host + port);
    }
    assertEquals(await refusedAddress(`https://[2606:4700:4700::1111]${port}/`, options()), null, port);
  }
  // What a lookup gives on a network with IPv6 only, and a mapped address, stand for the public address inside.
  for (const answer of ["2a00:1450:4001::1", "64:ff9b::808:808", "::ffff:8.8.8.8", "172.32.0.1", "100.128.0.1"]) {
    assertEquals(await refusedAddress(`https://${name}/`, options("1.1.1.1", answer)), null, answer);
  }
});

Deno.test("development lets loopback in, by http too, and nothing else that is private", async () => {
  const allowed = { allowLoopback: true };
  for (const host of ["127.0.0.1", "127.1.2.3", "[::1]", "localhost", "localhost.", "2130706433"]) {
    for (const scheme of ["http", "https"]) {
      assertEquals(await refusedAddress(`${scheme}://${host}:3000/`, allowed), null, `${scheme} ${host}`);
    }
  }
  const isLoopback = (host: string) =>
    /^\[(::1|0:0:0:0:0:0:0:1|0000::0001)\]$/.test(host) || new URL(`https://${host}`).hostname.startsWith("127.");
  for (const host of privateHosts.filter((host) => !isLoopback(host))) {
    const refused = await refusedAddress(`https://${host}:3000/`, allowed);
    assertEquals(refused, "The URL must lead to a public address.", host);
    assertEquals(await refusedAddress(`http://${host}:3000/`, allowed), "The URL must start with https://.", host);
  }
  for (const address of privateAnswers) {
    const refused = await refusedAddress(`https://${name}/`, { ...allowed, resolve: answering(address) });
    assertEquals(refused, `The name ${name} must lead to public addresses only.`, address);
  }
  const elsewhere = await refusedAddress("http://localhost/", {
    ...allowed,
    resolve: answering("127.0.0.1", "10.0.0.1"),
  });
  assertEquals(elsewhere, "The name localhost must lead to public addresses only.");
});

Deno.test("a webhook does not lead back to the API itself, on any port of its host", async () => {
  const own = ["https://abcdefgh.supabase.co/functions/v1/api/v1", "http://127.0.0.1:54321"];
  const refused = "The URL must not lead back to this API.";
  const names = ["abcdefgh.functions.supabase.co", "db.abcdefgh.supabase.co", "abcdefgh.storage.supabase.co"];
  const otherNames = [...names, "abcdefgh.supabase.in", "abcdefgh.functions.supabase.net."].map((host) =>
    `https://${host}/`
  );
  for (const url of ["https://abcdefgh.supabase.co/", "https://ABCDEFGH.supabase.co.:8443/rest/v1", ...otherNames]) {
    assertEquals(await refusedAddress(url, { allowLoopback: false, own, resolve: answering("8.8.8.8") }), refused, url);
  }
  for (const host of ["127.0.0.1", "localhost", "[::1]"]) {
    assertEquals(await refusedAddress(`http://${host}:54321/`, { allowLoopback: true, own }), refused, host);
    assertEquals(await refusedAddress(`http://${host}:54999/`, { allowLoopback: true, own }), null, host);
  }
  for (const host of [name, "stuvwxyz.supabase.co", "abcdefgh.example.co"]) {
    const other = await refusedAddress(`https://${host}/`, {
      allowLoopback: false,
      own,
      resolve: answering("8.8.8.8"),
    });
    assertEquals(other, null, host);
  }
});

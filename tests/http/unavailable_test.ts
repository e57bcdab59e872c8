import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type DataCall, functionAt, token, withCanned } from "../world/canned_data_api.ts";

const id = "5f0c2f0e-6f0b-4a53-9a53-0a4c0b7f7d01";
const referral = {
  id,
  company_id: id,
  referrer_contact_id: id,
  referred_contact_id: null,
  referred_deal_id: null,
  source: "manual",
  status: "pending",
  category: null,
  notes: null,
  converted_at: null,
  created_by: null,
  created_at: "2026-11-22T13:24:01.758+00:00",
  updated_at: "2026-11-22T13:24:01+00:00",
};

const requests = {
  "a list": ["GET", "/referrals"],
  "a read": ["GET", `/referrals/${id}`],
  "a create": ["POST", "/referrals", { referrer_contact_id: id }],
  "a change": ["PATCH", `/referrals/${id}`, { notes: "Plans" }],
  "a removal": ["DELETE", `/referrals/${id}`],
  "the leaderboard": ["GET", "/referrals/leaderboard"],
} as const;

/** What the data API answers when all is well. */
function well({ method, path }: DataCall): Response {
  if (path.includes("/rpc/referral_leaderboard")) return Response.json([]);
  const headers = { "content-range": "0-0/1" };
  return Response.json([referral], { status: method === "POST" ? 201 : 200, headers });
}

const postgrest = (status: number, code: string, message = "secret of the upstream") => () =>
  Response.json({ code, message, details: "secret details", hint: "secret hint" }, { status });

const text = (status: number, body: string, type: string) => () =>
  new Response(body, { status, headers: { "content-type": type } });

const page = "<html><body>secret of the upstream</body></html>";
const failures = {
  "57014, a statement timeout": postgrest(500, "57014"),
  "40P01, a deadlock, twice": postgrest(500, "40P01"),
  "40001, a serialisation failure, twice": postgrest(500, "40001"),
  "55P03, a lock held": postgrest(500, "55P03"),
  "53300, too many connections": postgrest(503, "53300"),
  "57P01, an administrator's shutdown": postgrest(500, "57P01"),
  "08006, a lost connection": postgrest(503, "08006"),
  "PGRST000, no connection": postgrest(503, "PGRST000"),
  "PGRST001, an internal connection error": postgrest(503, "PGRST001"),
  "PGRST002, no schema cache": postgrest(503, "PGRST002"),
  "PGRST003, an exhausted pool": postgrest(504, "PGRST003"),
  "a gateway's page": text(502, page, "text/html"),
  "a page in place of an answer": text(200, page, "text/html"),
  "cut JSON": text(200, `[{"id": "${id}", "secret`, "application/json"),
  "a cut error": text(500, `{"code": "57014", "secret`, "application/json"),
  "an empty answer": text(200, "", "application/json"),
  "an empty 404": text(404, "", "text/plain"),
  "an empty 503": text(503, "", "text/plain"),
  "JSON that is no answer": text(200, `"secret"`, "application/json"),
};

function assertUnavailable(reply: Awaited<ReturnType<ReturnType<typeof functionAt>>>, what: string) {
  assertEquals([reply.status, reply.error?.code], [503, "UNAVAILABLE"], what);
  assertMatch(reply.headers.get("retry-after") ?? "", /^[1-9]\d*$/, what);
  assertEquals(reply.text.includes("secret"), false, `${what}: the upstream's words reached the caller`);
  assertEquals(Object.keys(reply.error).sort(), ["code", "docs", "fix", "message", "request_id", "status"], what);
}

for (const [failure, answers] of Object.entries(failures)) {
  Deno.test(`503 for ${failure}, whatever was asked`, async () => {
    await withCanned(answers, async (call) => {
      for (const [what, [method, path, body]] of Object.entries(requests)) {
        assertUnavailable(await call(method, path, body), what);
      }
    });
  });
}

for (const code of ["40001", "40P01"]) {
  Deno.test(`what was rolled back by ${code} is repeated once, and its success is the answer`, async () => {
    for (const [what, [method, path, body]] of Object.entries(requests)) {
      const once = (call: DataCall, earlier: number) => earlier === 0 ? postgrest(500, code)() : well(call);
      await withCanned(once, async (call, calls) => {
        const { status } = await call(method, path, body);
        assertEquals([status, calls.length], [{ POST: 201, DELETE: 204 }[method as string] ?? 200, 2], what);
      });
      await withCanned(postgrest(500, code), async (call, calls) => {
        assertUnavailable(await call(method, path, body), what);
        assertEquals(calls.length, 2, `${what} is repeated once, not more`);
      });
    }
  });
}

Deno.test("nothing else is repeated: it may have been done", async () => {
  for (const failing of [postgrest(500, "57014"), postgrest(503, "PGRST003"), text(502, page, "text/html")]) {
    for (const [what, [method, path, body]] of Object.entries(requests)) {
      await withCanned(failing, async (call, calls) => {
        await call(method, path, body);
        assertEquals(calls.length, 1, what);
      });
    }
  }
});

Deno.test("503 when the data API refuses connections", async () => {
  const { port } = await withCanned(well, () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    listener.close();
    return Promise.resolve(listener.addr);
  });
  await withCanned(well, async () => {
    const call = functionAt(`http://127.0.0.1:${port}`);
    for (const [what, [method, path, body]] of Object.entries(requests)) {
      assertUnavailable(await call(method, path, body), what);
    }
  });
});

for (const where of ["before its answer", "in the middle of its answer"]) {
  Deno.test(`503 in time when the data API hangs ${where}`, async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const body = () =>
      new ReadableStream({
        async start(sent) {
          sent.enqueue(new TextEncoder().encode("["));
          await released;
          sent.close();
        },
      });
    const hangs = async () => {
      if (where === "before its answer") await released;
      return new Response(body(), { headers: { "content-type": "application/json" } });
    };
    await withCanned(hangs, async (call, calls) => {
      const answers = Object.entries(requests).map(async ([what, [method, path, body]]) => {
        const reply = await call(method, path, body);
        return { what, reply };
      });
      try {
        const late = new Promise<never>((_, reject) =>
          AbortSignal.timeout(3_000).onabort = () => reject(new Error("no answer after 3 s"))
        );
        for (const { what, reply } of await Promise.race([Promise.all(answers), late])) assertUnavailable(reply, what);
        assertEquals(calls.length, answers.length);
      } finally {
        release();
        await Promise.allSettled(answers);
      }
    }, { databaseTimeout: 200 });
  });
}

Deno.test("by itself the function waits at most 10 s for the data API", async () => {
  const { databaseTimeout } = (await import("../../supabase/functions/api/platform/config.ts")).readConfig({
    SUPABASE_URL: "http://127.0.0.1",
    SUPABASE_PUBLISHABLE_KEYS: `{"default": "x"}`,
    SUPABASE_JWKS: "[]",
  });
  assert(databaseTimeout > 0 && databaseTimeout <= 10_000);
});

Deno.test("401 when the data API refuses the token, or its signing key is not ours", async () => {
  for (const code of ["PGRST301", "PGRST303"]) {
    await withCanned(postgrest(401, code), async (call) => {
      const reply = await call("GET", "/referrals");
      assertEquals([reply.status, reply.error.code], [401, "UNAUTHORIZED"]);
      assertEquals([reply.headers.get("www-authenticate"), reply.text.includes("secret")], ["Bearer", false]);
    });
  }
  await withCanned(well, async (call, calls) => {
    const reply = await call("GET", "/referrals", undefined, await token("unknown"));
    assertEquals([reply.status, reply.error.code, calls.length], [401, "UNAUTHORIZED", 0]);
  });
});

const violations = {
  "23502": [`null value in column "secret" of relation "referrals" violates not-null constraint`, "is missing"],
  "23514": [`new row for relation "referrals" violates check constraint "secret_check"`, "is not allowed here"],
};

for (const [sqlState, [violated, said]] of Object.entries(violations)) {
  Deno.test(`a value that only the database refuses, by ${sqlState}, is the caller's 400, and no constraint is named`, async () => {
    await withCanned(postgrest(400, sqlState, violated), async (call) => {
      for (const [method, path, body] of [requests["a create"], requests["a change"]]) {
        const { status, error, text } = await call(method, path, body);
        assertEquals([status, error.code, text.includes("secret")], [400, "VALIDATION_ERROR", false], method);
        assertEquals(Object.keys(error).sort(), ["code", "docs", "fix", "message", "request_id", "status"]);
        assertStringIncludes(error.message, said);
      }
    });
  });
}

Deno.test("a foreign key names the caller's field, and one that stands for none names nothing", async () => {
  const violation = (name: string) => `insert or update on table "referrals" violates foreign key constraint "${name}"`;
  const named = {
    referrals_referrer_contact_fkey: [{
      path: "referrer_contact_id",
      message: "referrer_contact_id names no row of your workspace.",
    }],
    secret_fkey: undefined,
  };
  for (const [name, details] of Object.entries(named)) {
    await withCanned(postgrest(409, "23503", violation(name)), async (call) => {
      const { status, error, text } = await call("POST", "/referrals", { referrer_contact_id: id });
      assertEquals([status, error.code, text.includes("fkey")], [404, "NOT_FOUND", false], name);
      assertEquals(error.details?.fields, details, name);
    });
  }
});

Deno.test("503 when a database function gives something else than the contract has of it", async () => {
  const place = { pipeline_id: id, stage_id: id };
  for (const given of [{ id }, [], "secret", 1, { ...referral, secret: 1 }]) {
    await withCanned(() => Response.json(given), async (call) => {
      assertUnavailable(await call("POST", `/opportunities/${id}/move`, place), JSON.stringify(given));
      assertUnavailable(await call("POST", "/pipelines", { name: "New patients" }), JSON.stringify(given));
    });
  }
});

Deno.test("instants and numbers have the contract's form, however they were printed", async () => {
  const printed = {
    "2026-11-22T13:24:01.758+00:00": "2026-11-22T13:24:01.758Z",
    "2026-11-22T13:24:01+00:00": "2026-11-22T13:24:01.000Z",
    "2026-11-22T13:24:01.75+00:00": "2026-11-22T13:24:01.750Z",
    "2026-11-22T13:24:01.758123+00:00": "2026-11-22T13:24:01.758Z",
    "2026-11-22 13:24:01.758+00": "2026-11-22T13:24:01.758Z",
  };
  for (const [given, wanted] of Object.entries(printed)) {
    for (const value of [640.5, "640.50"]) {
      await withCanned(() => Response.json([{ id, value, created_at: given, updated_at: given }]), async (call) => {
        const { body: { data } } = await call("GET", `/opportunities/${id}?fields=value,created_at,updated_at`);
        assertEquals(data, { value: 640.5, created_at: wanted, updated_at: wanted }, given);
      });
    }
  }
});

Deno.test("each of these takes one call of the data API", async () => {
  for (const [what, [method, path, body]] of Object.entries(requests)) {
    await withCanned(well, async (call, calls) => {
      assert((await call(method, path, body)).status < 300, what);
      assertEquals(calls.map((made) => made.method), [path.endsWith("leaderboard") ? "POST" : method], what);
    });
  }
});

Deno.test("a page by cursor takes two calls of the data API, at once", async () => {
  const { promise: bothCame, resolve: bothHere } = Promise.withResolvers<void>();
  const together = async (call: DataCall, earlier: number) => {
    // The first page is one call; of the second's two, neither is answered before both have come.
    if (earlier === 2) bothHere();
    if (earlier > 0) await bothCame;
    return Response.json(
      [referral, { ...referral, id: id.replace("5", "4") }].slice(0, call.method === "HEAD" ? 0 : 2),
      {
        headers: { "content-range": "0-1/2" },
      },
    );
  };
  await withCanned(together, async (call, calls) => {
    const { body: { pagination } } = await call("GET", "/referrals?limit=1");
    const { status } = await call("GET", `/referrals?limit=1&after=${pagination.next_cursor}`);
    assertEquals([status, calls.length], [200, 3]);
  }, { databaseTimeout: 3_000 });
});

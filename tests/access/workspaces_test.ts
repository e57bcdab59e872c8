import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { call, sql, stack, workspace } from "../world/world.ts";

/** Runs an operator's program on the stack's database, or on none. */
async function operator(program: string, args: string[], database = stack.databaseUrl) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", `operator/${program}.ts`, ...args],
    env: {
      DATABASE_URL: database,
      API_KEY_JWT_SECRET: stack.signing.secret,
      API_KEY_JWT_KID: stack.signing.kid,
      NO_COLOR: "1",
    },
  }).output();
  return { code, printed: new TextDecoder().decode(stdout), said: new TextDecoder().decode(stderr) };
}

Deno.test("a workspace is made, its id is alone on stdout, and the command that is printed with it makes its key", async () => {
  const where = ["--country", "NZ", "--time-zone", "Pacific/Auckland"];
  const { code, printed, said } = await operator("workspaces", ["create", "--name", " Rita's clinic ", ...where]);
  const id = printed.trim();
  const next = /^deno task keys (.*)$/m.exec(said)?.[1] ?? "";
  const { printed: token } = await operator(
    "keys",
    next.match(/"[^"]*"|\S+/g)!.map((word) => word.replaceAll('"', "")),
  );

  assertEquals([code, /^[0-9a-f-]{36}\n$/.test(printed)], [0, true], said);
  const { data } = await call("GET", "/company", undefined, { token: token.trim() });
  assertEquals([data.id, data.name, data.country, data.timezone], [id, "Rita's clinic", "NZ", "Pacific/Auckland"]);
  assertEquals((await call("GET", "/company/crm-settings", undefined, { token: token.trim() })).status, 200);
});

Deno.test("the list has heads, a line for each workspace, and how many of its keys live", async () => {
  const alice = await workspace("Alice's clinic");
  await alice.holding("referrals:read");
  const revoked = await alice.holding("contacts:read");
  await sql`update api_keys set revoked_at = now() where id = ${revoked.keyId}`;

  const { code, printed } = await operator("workspaces", ["list"]);
  const [heads, ...lines] = printed.trimEnd().split("\n");
  const line = lines.find((line) => line.startsWith(alice.companyId))!;

  assertEquals([code, heads.split(/ {2,}/)], [0, ["ID", "NAME", "COUNTRY", "TIME ZONE", "KEYS", "CREATED"]]);
  assertEquals(line.split(/ {2,}/).slice(1, 5), ["Alice's clinic", "AU", "UTC", "2"]);
  assertEquals(line.indexOf("Alice's"), heads.indexOf("NAME"));
  const [{ count }] = await sql`select count(*)::int from companies`;
  assertEquals(lines.length <= count, true);
});

Deno.test("what no workspace can be is said by its flag, with exit 1, and nothing is made", async () => {
  const name = `Nobody ${crypto.randomUUID()}`;
  const refusals: [string[], RegExp][] = [
    [["create", "--name", name, "--country", "Australia"], /^--country must /],
    [
      ["create", "--name", name, "--time-zone", "Sydney"],
      /^--time-zone must be a zone or link of the tz database, such as /,
    ],
    [["create", "--name", name + "x".repeat(200)], /^--name must have at most 200 characters\.$/],
    [["create", "--name", " "], /^--name must not be empty\.$/],
    [["create", "--country", "AU"], /^--name is missing\.\nUsage: /],
    [["create", "--name", name, "--zone", "UTC"], /Usage: deno task workspaces create/],
    [["remove"], /^Usage: deno task workspaces create/],
    [[], /^Usage: deno task workspaces create/],
  ];
  for (const [args, sentence] of refusals) {
    const { code, printed, said } = await operator("workspaces", args);

    assertEquals([args, code, printed], [args, 1, ""]);
    assertMatch(said.trim(), sentence);
  }
  assertEquals((await sql`select from companies where name like ${`${name}%`}`).length, 0);
});

Deno.test("without a stack, keys and workspaces say how they are used, and what to start", async () => {
  const empty = await Deno.makeTempDir();
  try {
    for (const program of ["keys", "workspaces"]) {
      const bare = await operator(program, [], "");
      const list = await operator(program, ["list", "--data", empty], "");

      assertEquals([bare.code, bare.printed, list.code, list.printed], [1, "", 1, ""]);
      assertMatch(bare.said, new RegExp(`^Usage: deno task ${program} create`));
      assertStringIncludes(bare.said, "DATABASE_URL");
      assertEquals(list.said, "No stack is running: start it with deno task start, or set DATABASE_URL.\n");
    }
  } finally {
    await Deno.remove(empty, { recursive: true });
  }
});

import { assertEquals } from "@std/assert";
import { domainToASCII } from "node:url";
import { isEmail } from "../../supabase/functions/api/contract/email.ts";
import { type Json, sql, world } from "../world/world.ts";

const label = "a".repeat(63);

// What browsers' own tests of `<input type=email>` take and refuse.
const browsersTake = [
  ...["something@something.com", "someone@localhost.localdomain", "someone@127.0.0.1", "a@b.b", "a/b@domain.com"],
  ...["{}@domain.com", "m*'!%@something.com", "tu!!7n7.ad##0!!!@company.ca", "%@com.com", "r&d@example.com"],
  ...["!#$%&'*+/=?^_`{|}~.-@com.com", ".wooly@example.com", "wo..oly@example.com", "someone@do-ma-in.com"],
  ...["somebody@example", "a@p.com", `a@${label}`, `a@${label}.b`, "anna@xn--mller-kva.example"],
];
const browsersRefuse = [
  ...["invalid:email@example.com", "@somewhere.com", "example.com", "@@example.com", "a space@example.com"],
  ...[
    "something@ex..ample.com",
    "a\b@c",
    "someone@somewhere.com.",
    '""test\blah""@example.com',
    '"testblah"@example.com',
  ],
  ...["someone@somewhere.com@", "someone@somewhere_com", "someone@some:where.com", ".", "F/s/f/a@feo+re.com"],
  ...["some+long+email+address@some+host-weird-/looking.com", "a @p.com", "a\v@p.com", "ddjk-s-jk@asl-.com"],
  ...[
    "someone@do-.com",
    "somebody@-p.com",
    "somebody@-.com",
    `a@${label}a`,
    "a,b@example.com",
    "Ann <ann@example.com>",
    "a@b@c",
  ],
];
/** International addresses, with how their domains are spelled in ASCII. */
const international: [string, string][] = [
  ["anna@müller.example", "anna@xn--mller-kva.example"],
  ["josé@example.com", "josé@example.com"],
  ["用户@例子.广告", "用户@xn--fsqu00a.xn--4rr70v"],
  ["अजय@डाटा.भारत", "अजय@xn--c2bd1gb.xn--h2brj9c"],
  ["квіточка@пошта.укр", "квіточка@xn--80a1acn3a.xn--j1amh"],
  ["χρήστης@παράδειγμα.ελ", "χρήστης@xn--hxajbheg2az3al.xn--qxam"],
  ["dörte@sörensen.example", "dörte@xn--srensen-90a.example"],
  ["коля@пример.рф", "коля@xn--e1afmkfd.xn--p1ai"],
  ["ada@bücher.example", "ada@xn--bcher-kva.example"],
  ["김@메일.한국", "김@xn--h32bq4v.xn--3e0b707e"],
  ["sam@ご連絡.日本", "sam@xn--38j133uu0l.xn--wgv71a"],
];
const inSql = async (emails: string[]) =>
  await sql`select private.is_email(email) as fine, private.email_key(email) as key
    from unnest(${emails}::text[]) with ordinality as emails (email, place) order by place`;

Deno.test("an email is what browsers take for one, or an international one, in TypeScript and in SQL alike", async () => {
  const fine = [...browsersTake, ...international.flat()];
  assertEquals(fine.filter((email) => !isEmail(email)), []);
  assertEquals(browsersRefuse.filter(isEmail), []);
  const inSqlToo = await inSql(fine);
  assertEquals(fine.filter((_, at) => !inSqlToo[at].fine), []);
  assertEquals((await inSql(browsersRefuse)).map(({ fine }) => fine), browsersRefuse.map(() => false));
});

Deno.test("both spellings of an international address are one, and SQL spells domains as the URL standard does", async () => {
  const keys = async (emails: string[]) => (await inSql(emails)).map(({ key }) => key);
  const [unicode, ascii] = [international.map(([one]) => one), international.map(([, other]) => other)];
  assertEquals(await keys(unicode), await keys(ascii));
  const [domains, keyed] = [ascii, await keys(unicode)].map((all) => all.map((email) => email.split("@")[1]));
  assertEquals(keyed, domains);
  const others = [
    "faß.de",
    "ПОШТА.укр",
    "ａｂｃ.jp",
    "mañana.com",
    "☃.net",
    "éé.éé",
    "日本語。jp",
    "ليهمابتكلموشعربي.com",
    "ü.ü",
  ];
  assertEquals(
    await keys(others.map((domain) => `a@${domain}`)),
    others.map((domain) => `a@${domainToASCII(domain)}`),
  );
});

Deno.test("an address names one contact in either spelling and any case; what is pasted around it goes", async () => {
  const { alice } = await world();
  for (const [email, other] of international) {
    const made = await alice.creates("/contacts", { first_name: "Anna", email: ` ${email}\u00a0` });
    assertEquals(made.email, email.normalize("NFC"));
    for (
      const again of [other, email.toUpperCase(), other.toUpperCase(), email.normalize("NFD"), `\u202a${other}\u202c`]
    ) {
      const twice = await alice.post("/contacts", { first_name: "Anna", email: again });
      assertEquals(
        [twice.status, twice.error.existing_id, twice.error.details.fields[0].path],
        [409, made.id, "email"],
        again,
      );
    }
    const direct = await alice.rest("POST", "/crm_contacts", { first_name: "Anna", email: other });
    assertEquals([direct.status, direct.body.code], [409, "23505"]);
  }
  const { body } = await alice.get("/contacts?limit=100");
  assertEquals(body.data.length, international.length);
  assertEquals(
    (await alice.changes("/company", { contact_email: "desk@example.com \n" })).contact_email,
    "desk@example.com",
  );
});

Deno.test("the friend of a form is the contact with that address in its other spelling", async () => {
  const { alice } = await world();
  const anna = await alice.creates("/contacts", { first_name: "Anna", email: "anna@müller.example" });
  const rita = await alice.creates("/contacts", { first_name: "Rita", email: "rita@bücher.example" });
  const { token } = await alice.creates("/referrals/request", { contact_id: rita.id });
  const submit = (email: string) =>
    alice.post(`/public/referral-requests/${token}/submit`, { first_name: "A", email, consent: true });

  const own = await submit("RITA@xn--bcher-kva.example");
  const friend = await submit("Anna@xn--mller-kva.example");

  assertEquals([own.status, own.error.details.fields[0].path], [409, "email"]);
  assertEquals(friend.status, 201);
  assertEquals((await alice.gets("/referrals")).map((row: Json) => row.referred_contact_id), [anna.id]);
});

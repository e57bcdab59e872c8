import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ask } from "../world/ask.ts";
import { contents } from "../world/contents.ts";
import { elements, textOf } from "../world/html.ts";
import { call, type Reply, sql, world } from "../world/world.ts";

const post = (path: string, raw: BodyInit, type = "application/x-www-form-urlencoded") =>
  call("POST", path, undefined, { raw, headers: { "content-type": type } });
const friend = "first_name=Noah&email=noah%40example.com&consent=true";
const problems = ({ text }: Reply) =>
  Object.fromEntries(
    elements(text).filter(({ attributes }) => attributes.class === "error").map((it) => [it.attributes.id, it.text]),
  );
const control = ({ text }: Reply, id: string) => elements(text).find(({ attributes }) => attributes.id === id)!;

Deno.test("what noah left out is named above the form and at each field, and what he typed is kept", async () => {
  const { alice } = await world();
  await alice.changes("/company/crm-settings", { referral_categories: ["MRI", "Physio"] });
  const { form } = await ask(alice);
  const before = await contents(alice);

  const refused = await post(
    form,
    "first_name=&last_name=O%27Neil+%22%3Cb%3E&email=noah%40&phone=0412&category=Physio&message=%0D%0A%3C%2Ftextarea%3E%3Cb%3E",
  );

  assertEquals(refused.status, 400);
  assertEquals(textOf(refused.text, "title"), "Error: Refer a friend to Alice's clinic");
  assertEquals(problems(refused), {
    "first_name-error": "Enter your friend's first name.",
    "email-error": "Enter the whole email address, such as sam@example.com.",
    "phone-error": "Enter the whole phone number, such as 0412 345 678 or +61 412 345 678.",
    "consent-error": "Tick the box once your friend has agreed.",
  });
  const summary = elements(refused.text).find(({ attributes }) => attributes.role === "alert")!;
  assertMatch(summary.text, /^Please check 4 answers/);
  const ways = elements(refused.text).filter(({ tag }) => tag === "a").map((
    { attributes, text },
  ) => [attributes.href, text]);
  assertEquals(ways, Object.entries(problems(refused)).map(([id, text]) => [`#${id.replace("-error", "")}`, text]));
  for (
    const [id, invalid, describedBy] of [
      ["first_name", "true", "first_name-error"],
      ["last_name", undefined, undefined],
      ["phone", "true", "phone-error"],
      ["message", undefined, "message-hint"],
    ] as const
  ) {
    const { attributes } = control(refused, id);
    assertEquals([attributes["aria-invalid"], attributes["aria-describedby"]], [invalid, describedBy], id);
  }
  assertEquals(control(refused, "last_name").attributes.value, `O'Neil "<b>`);
  assertEquals(control(refused, "email").attributes.value, "noah@");
  assertEquals(control(refused, "phone").attributes.value, "0412");
  assertEquals(elements(refused.text).find(({ attributes }) => "selected" in attributes)?.text, "Physio");
  assertEquals(control(refused, "message").text, "</textarea><b>");
  assertEquals("checked" in control(refused, "consent").attributes, false);
  assertEquals(await contents(alice), before);
});

Deno.test("each wrong answer gets its own sentence, and nothing is written", async () => {
  const { alice } = await world();
  await alice.changes("/company/crm-settings", { referral_categories: ["MRI"] });
  const { form, rita } = await ask(alice, { phone: "+61412000199" });
  const before = await contents(alice);

  for (
    const [body, status, field, sentence] of [
      ["first_name=Noah&consent=true", 400, "email", "Enter an email address or a phone number."],
      [`${friend}&phone=12`, 400, "phone", /^Enter the whole phone number/],
      [`${friend}&category=Dentist`, 400, "category", "Choose one from the list."],
      [`${friend}&message=${"x".repeat(2_001)}`, 400, "message", "Use at most 2,000 characters."],
      [`${friend}&last_name=${"x".repeat(201)}`, 400, "last_name", "Use at most 200 characters."],
      [`${friend}&message=a%00b`, 400, "message", "Take out the characters that cannot be read."],
      [`${friend}&last_name=Ren%E9`, 400, "last_name", "Take out the characters that cannot be read."],
      [friend.replace("consent=true", "consent=no"), 400, "consent", "Tick the box once your friend has agreed."],
      [`first_name=R&consent=true&email=${rita.email.toUpperCase()}`, 409, "email", /^These are your own details/],
      ["first_name=RITA&consent=true&phone=0412+000+199", 409, "phone", /^These are your own details/],
    ] as const
  ) {
    const refused = await post(form, body);

    assertEquals([refused.status, Object.keys(problems(refused))], [status, [`${field}-error`]], body);
    const shown = problems(refused)[`${field}-error`];
    if (typeof sentence === "string") assertEquals(shown, sentence);
    else assertMatch(shown, sentence);
    assertEquals("checked" in control(refused, "consent").attributes, body.includes("consent=true"));
  }
  assertEquals(await contents(alice), before);
});

Deno.test("of a field given twice the last counts, unknown ones count for nothing, line breaks count once", async () => {
  const { alice } = await world();
  const { form } = await ask(alice);

  const thanked = await post(
    form,
    `first_name=Old&${friend}&company_id=x&__proto__=x&email=+noah-2%40example.com+&message=x${
      "%0D%0A".repeat(1_998)
    }x`,
    "application/x-www-form-urlencoded; charset=UTF-8",
  );

  assertEquals(thanked.status, 201);
  const [referral] = await alice.gets("/referrals?expand=referred_contact");
  assertEquals([referral.referred_contact.first_name, referral.referred_contact.email], ["Noah", "noah-2@example.com"]);
});

Deno.test("a body that is no plain form, or a huge one, is refused and changes nothing", async () => {
  const { alice } = await world();
  const { form } = await ask(alice);
  const before = await contents(alice);

  for (
    const type of [
      "application/json",
      "multipart/form-data; boundary=x",
      "text/plain",
      "application/x-www-form-urlencoded; charset=iso-8859-1",
    ]
  ) {
    const refused = await post(form, friend, type);

    assertEquals([refused.status, textOf(refused.text, "h1")], [415, "This could not be read"], type);
  }
  const huge = await post(form, `${friend}&message=${"x".repeat(257 * 1024)}`);
  const empty = await post(form, "");

  assertEquals([huge.status, huge.error.code], [413, "PAYLOAD_TOO_LARGE"]);
  assertEquals([empty.status, Object.keys(problems(empty)).length], [400, 3]);
  assertEquals(await contents(alice), before);
});

Deno.test("a form that is sent too often keeps what was typed, and says when to try again; a closed one says that", async () => {
  const { alice } = await world();
  const [busy, closed] = [await ask(alice), await ask(alice)];
  await sql`
    update private.request_links set tries = 60, tries_since = now() - interval '50 minutes'
    where request_id in ${sql([busy.requestId, closed.requestId])}
  `;
  await alice.delete(`/referrals/requests/${closed.requestId}`);

  const limited = await post(busy.form, friend);
  const gone = await post(closed.form, friend);

  assertEquals(limited.status, 429);
  const wait = Number(limited.headers.get("retry-after"));
  assert(wait > 500 && wait <= 600, `${wait} s`);
  assertStringIncludes(limited.text, "This form was sent too often. Please try again in 10 minutes.");
  assertEquals(control(limited, "first_name").attributes.value, "Noah");
  assertEquals("checked" in control(limited, "consent").attributes, true);
  assertEquals([gone.status, textOf(gone.text, "h1")], [410, "This link is no longer in use"]);
  assertEquals((await alice.get("/referrals")).body.pagination.total, 0);
});

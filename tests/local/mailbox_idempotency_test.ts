import { assertEquals } from "@std/assert";
import { IdempotencyKeys } from "../../local/mailbox/idempotency.ts";
import { letter, mailbox, mailsTo, plan, resend, resendOutcome } from "../world/mailbox.ts";
import { eventually } from "../world/world.ts";

Deno.test("the same key and mail is one mail, also fifty times at once", async () => {
  const mail = letter();
  const options = { idempotencyKey: `thank-you/${crypto.randomUUID()}` };

  const answers = await Promise.all(Array.from({ length: 50 }, () => resend.emails.send(mail, options)));
  const later = await resend.emails.send(mail, options);

  const [{ id }] = await mailsTo(mail.to);
  assertEquals([...answers, later].map(resendOutcome), Array(51).fill({ id }));
  assertEquals((await mailsTo(mail.to)).length, 1);
});

Deno.test("two mails without a key are two mails, and so are two with a key each", async () => {
  const mail = letter();

  for (const options of [{}, {}, { idempotencyKey: crypto.randomUUID() }, { idempotencyKey: crypto.randomUUID() }]) {
    await resend.emails.send(mail, options);
  }

  assertEquals(new Set((await mailsTo(mail.to)).map(({ id }) => id)).size, 4);
});

Deno.test("the same key with another mail is refused, and the first mail stands alone", async () => {
  const mail = letter();
  const options = { idempotencyKey: crypto.randomUUID() };
  await resend.emails.send(mail, options);

  const refused = await resend.emails.send({ ...mail, subject: "Another" }, options);

  assertEquals(resendOutcome(refused), [409, "invalid_idempotent_request"]);
  assertEquals((await mailsTo(mail.to)).map(({ subject }) => subject), ["Thank you"]);
});

Deno.test("a key in flight is refused, and the first mail arrives when the mailbox lets go of it", async () => {
  await using _faults = await plan({ hang: true });
  const mail = letter();
  const options = { idempotencyKey: crypto.randomUUID() };

  const first = resend.emails.send(mail, options);
  await eventually(async () => (await mailbox("GET", "/requests")).json.keys.includes(options.idempotencyKey));
  const second = await resend.emails.send(mail, options);
  const before = await mailsTo(mail.to);
  await mailbox("DELETE", "/faults");
  const answered = await first;

  assertEquals(resendOutcome(second), [409, "concurrent_idempotent_requests"]);
  assertEquals(before, []);
  assertEquals((await mailsTo(mail.to)).map(({ id }) => id), [answered.data?.id]);
});

Deno.test("a sender who gives up on a hanging mail may send it again under its key, once", async () => {
  await using _faults = await plan({ hang: true });
  const mail = letter();
  const options = { idempotencyKey: crypto.randomUUID() };
  const patience = new AbortController();

  const first = resend.emails.send(mail, { ...options, signal: patience.signal }).catch(() => "given up");
  await eventually(async () => (await mailbox("GET", "/requests")).json.keys.includes(options.idempotencyKey));
  patience.abort();
  await first;
  const again = await eventually(async () => (await resend.emails.send(mail, options)).data);

  assertEquals((await mailsTo(mail.to)).map(({ id }) => id), [again.id]);
});

Deno.test("a key has 1 to 256 characters, and is forgotten after 24 hours", async () => {
  const mail = letter();
  const send = (key: string) =>
    mailbox("POST", "/emails", JSON.stringify(mail), { authorization: "Bearer re_test", "idempotency-key": key });

  const [empty, longest, tooLong] = [await send(""), await send("k".repeat(256)), await send("k".repeat(257))];

  assertEquals([empty.status, empty.json.name], [400, "invalid_idempotency_key"]);
  assertEquals([tooLong.status, tooLong.json.name], [400, "invalid_idempotency_key"]);
  assertEquals((await mailsTo(mail.to)).map(({ id }) => id), [longest.json.id]);

  const keys = new IdempotencyKeys();
  const day = 24 * 60 * 60 * 1_000;
  assertEquals(keys.claim("k", "a mail", 0), undefined);
  keys.settle("k", "its id");
  assertEquals([keys.claim("k", "a mail", day - 1), keys.claim("k", "another", day)], ["its id", undefined]);
});

import { assertEquals } from "@std/assert";
import { letter, mailbox, mailsTo, plan, resend, resendOutcome } from "../world/mailbox.ts";

Deno.test("the mailbox plays up as told, one request each, and then is itself again", async () => {
  const limit = { statusCode: 429, name: "rate_limit_exceeded", message: "Slow down." };
  const faults = [
    { status: 429, body: limit, headers: { "retry-after": "1" } },
    { status: 500 },
    { status: 502, text: "<html>Bad gateway" },
    { status: 200, text: "<html>" },
    { reset_after_accept: true },
  ];
  await using _faults = await plan(...faults);
  const mail = letter();
  const options = { idempotencyKey: crypto.randomUUID() };
  const send = () => resend.emails.send(mail, options);
  const { count } = (await mailbox("GET", "/requests")).json;

  const limited = await send();
  const [broken, gateway, page] = [await send(), await send(), await send()];
  const beforeReset = await mailsTo(mail.to);
  const left = await mailbox("GET", "/faults");
  const reset = await send();
  const afterReset = await mailsTo(mail.to);
  const retried = await send();

  assertEquals([limited.error, limited.headers?.["retry-after"]], [limit, "1"]);
  assertEquals([broken, gateway, page].map((answer) => [answer.headers !== null, ...resendOutcome(answer)]), [
    [true, 500, "application_error"],
    [true, 502, "application_error"],
    [false, null, "application_error"],
  ]);
  assertEquals([beforeReset, left.json], [[], [{ reset_after_accept: true }]]);
  assertEquals([reset.headers, ...resendOutcome(reset)], [null, null, "application_error"]);
  assertEquals([afterReset.length, retried.data], [1, { id: afterReset[0].id }]);
  assertEquals((await mailsTo(mail.to)).length, 1);
  const requests = (await mailbox("GET", "/requests")).json;
  assertEquals(requests.count - count, 6);
  assertEquals(requests.keys.slice(-6), Array(6).fill(options.idempotencyKey));
});

Deno.test("a fault that makes no sense is refused, and the plan stays", async () => {
  await using _faults = await plan({ status: 500 });

  const refused = await mailbox("PUT", "/faults", JSON.stringify([{ hang: true }, { status: 42 }]));

  assertEquals([refused.status, refused.json.name], [422, "validation_error"]);
  assertEquals((await mailbox("GET", "/faults")).json, [{ status: 500 }]);
});

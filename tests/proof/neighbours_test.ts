import { assert, assertEquals } from "@std/assert";
import { automate } from "../world/automations.ts";
import { listen, type Listener, subscribe } from "../world/listener.ts";
import { neverEnding } from "../world/never_ending.ts";
import { outcome } from "../world/outcome.ts";
import { subscribeAll, unsubscribeAll } from "../world/subscribe_all.ts";
import { chain, eventually, type Json, type Person, type Reply, sql, workspace } from "../world/world.ts";

const onReferrals = { trigger_type: "referral_attributed" };
const mail = (body_html: string): Json => ({
  action_type: "send_email",
  config: { to: "referrer", subject: "Hi", body_html },
});

type Abuse = {
  what: string;
  /** Begins it, and gives what alice is told once it is refused. */
  begin: (alice: Person, opened: AsyncDisposableStack) => Promise<() => Promise<unknown>>;
  told: unknown;
};

const many = (count: number, send: (turn: number) => Promise<Reply>) =>
  Promise.all(Array.from({ length: count }, (_, turn) => send(turn)));

/** Sends in the background, and gives the outcomes but for those that went well. */
function refusalsOf(sent: Promise<Reply[]>): () => Promise<unknown> {
  return async () => [
    ...new Set((await sent).filter(({ status }) => status >= 400).map((one) => outcome(one).join(" "))),
  ];
}

const refer = ({ companyId }: Person, contact: string, count: number, notes: string | null = null) =>
  sql`
    insert into referrals (company_id, referrer_contact_id, notes)
    select ${companyId}, ${contact}, ${notes} from generate_series(1, ${count}::int)
  `;

const errorsOfRuns = ({ companyId }: Person, like: string) => async () =>
  (await eventually(async () => {
    const runs = await sql<{ error: string }[]>`
      select distinct error from automation_runs where company_id = ${companyId} and error like ${like}
    `;
    return runs.length > 0 ? runs : null;
  }, 60)).map(({ error }) => error);

const tooMany = ["429 RATE_LIMITED"];

const abuses: Abuse[] = [
  {
    what: "has 20 endpoints that never answer, and writes 300 rows",
    async begin(alice, opened) {
      const tarpit = opened.use(neverEnding());
      opened.defer(() => unsubscribeAll(alice));
      await subscribeAll(alice, Array.from({ length: 20 }, (_, i) => `${tarpit.url}/${i}`));
      const rita = await alice.creates("/contacts", { first_name: "Rita" });
      await refer(alice, rita.id, 300);
      const body = { url: `${tarpit.url}/21`, events: ["referral_attributed"] };
      return async () => outcome(await alice.post("/webhooks/subscriptions", body));
    },
    told: [409, "CONFLICT"],
  },
  {
    what: "has automations that set each other off, three times each",
    async begin(alice) {
      for (const name of ["ping", "pong", "pang"]) {
        const actions = [1, 2, 3].map((i) => ({
          action_type: "attribute_referral",
          config: { referrer_contact_id: "{{contact.id}}", notes: `${name} ${i} {{event_id}}` },
        }));
        await automate(alice, onReferrals, ...actions);
      }
      await chain(alice);
      return errorsOfRuns(alice, "This write has started%");
    },
    told: ["This write has started 100 runs already: this one was not run."],
  },
  {
    what: "has a template that repeats a long note 2,222 times",
    async begin(alice) {
      await automate(alice, onReferrals, mail("{{notes}}".repeat(2_222)));
      const rita = await alice.creates("/contacts", {
        first_name: "Rita",
        email: `rita-${alice.companyId}@example.com`,
      });
      await refer(alice, rita.id, 20, "<".repeat(10_000));
      return errorsOfRuns(alice, "send_email failed%");
    },
    told: ["send_email failed: The mail's HTML comes to more than 100 kB once its tokens are filled."],
  },
  {
    what: "looks for a pattern with back references, 24 at once, around the API",
    async begin(alice) {
      await alice.creates("/contacts", { first_name: "a".repeat(200) });
      const pattern = encodeURIComponent("imatch.^(a*)*(a*)*(a*)*\\1\\2\\3b$");
      const sent = many(24, () => alice.rest("GET", `/crm_contacts?first_name=${pattern}`, undefined, { once: true }))
        .then((replies) => replies.filter(({ status }) => status === 429));
      return async () => [...new Set((await sent).map(({ status, body }) => `${status} ${body.code}`))];
    },
    told: tooMany,
  },
  {
    what: "rotates a secret 100 times",
    async begin(alice, opened) {
      const crm = opened.use(listen());
      const hook = await subscribe(alice, crm.url);
      const key = await alice.within({ perMinute: 60 });
      return refusalsOf(many(100, () => key.post(`/webhooks/subscriptions/${hook.id}/rotate-secret`)));
    },
    told: tooMany,
  },
  {
    what: "asks one person nine times",
    async begin(alice) {
      const rita = await alice.creates("/contacts", {
        first_name: "Rita",
        email: `asked-${alice.companyId}@example.com`,
      });
      return refusalsOf(many(9, () => alice.post("/referrals/request", { contact_id: rita.id, force: true })));
    },
    told: tooMany,
  },
  {
    what: "brings in 3,000 rows, each of which an automation mails about",
    async begin(alice) {
      const rita = await alice.creates("/contacts", {
        first_name: "Rita",
        email: `mass-${alice.companyId}@example.com`,
      });
      const thank = await automate(alice, onReferrals, mail("<p>Hi</p>"));
      await refer(alice, rita.id, 3_000);
      const errors = errorsOfRuns(alice, "send_email failed%");
      return async () => {
        const told = (await errors()).length;
        await alice.delete(`/automations/${thank.id}`);
        return told;
      };
    },
    told: 1,
  },
  {
    what: "has a delivery sent again 100 times",
    async begin(alice, opened) {
      const crm = opened.use(listen());
      const hook = await subscribe(alice, crm.url);
      const { data: delivery } = await alice.post(`/webhooks/subscriptions/${hook.id}/test`);
      const key = await alice.within({ perMinute: 60 });
      return refusalsOf(many(100, () => key.post(`/webhooks/deliveries/${delivery.id}/replay`)));
    },
    told: tooMany,
  },
  {
    what: "lists with 32 clients at the limit of her key",
    async begin(alice) {
      const key = await alice.within({ perMinute: 60 });
      const client = async () => {
        const replies: Reply[] = [];
        for (let turn = 0; turn < 8; turn++) replies.push(await key.get("/contacts"));
        return replies;
      };
      return refusalsOf(Promise.all(Array.from({ length: 32 }, client)).then((replies) => replies.flat()));
    },
    told: tooMany,
  },
];

/** How long bob waits for a list, and for the webhook and the run of a referral, in milliseconds. */
async function serve(bob: Person, sam: Json, automation: Json, crm: Listener) {
  const started = Date.now();
  const { status } = await bob.get("/contacts");
  const listed = Date.now() - started;
  const referral = await bob.creates("/referrals", { referrer_contact_id: sam.id });
  const written = Date.now();
  const since = async (happened: () => Promise<unknown>) => {
    await eventually(happened, 60);
    return Date.now() - written;
  };
  const [told, run] = await Promise.all([
    since(() => Promise.resolve(crm.received.some(({ body }) => body.data.referral_id === referral.id))),
    since(async () =>
      (await sql`
        select from automation_runs
        where automation_id = ${automation.id} and status = 'completed'
          and event_id in (select id from private.events where data ->> 'referral_id' = ${referral.id})
      `).length === 1
    ),
  ]);
  assertEquals(status, 200);
  return { listed, told, run };
}

for (const { what, begin, told } of abuses) {
  Deno.test(`alice ${what}: bob is served within seconds, and she is told why she is refused`, async () => {
    const [alice, bob] = [await workspace("Alice's clinic"), await workspace("Bob's brokers")];
    await using opened = new AsyncDisposableStack();
    const crm = opened.use(listen());
    await subscribe(bob, crm.url);
    const automation = await automate(bob, onReferrals);
    const sam = await bob.creates("/contacts", { first_name: "Sam" });

    const refusal = await begin(alice, opened);
    const waits = [];
    for (let turn = 0; turn < 3; turn++) waits.push(await serve(bob, sam, automation, crm));

    console.log(waits.map(({ listed, told, run }) => `list ${listed}, webhook ${told}, run ${run} ms`).join("; "));
    assert(waits.every((one) => one.listed < 1_000 && one.told < 5_000 && one.run < 5_000), JSON.stringify(waits));
    assertEquals(await refusal(), told);
  });
}

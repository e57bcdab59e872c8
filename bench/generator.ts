import type postgres from "postgres";

/** What a filled database holds of the workspace that has half of it. */
export interface Filled {
  companyId: string;
  /** A key of it that may do everything. */
  keyId: string;
}

const tables = [
  "public.companies",
  "public.company_settings",
  "public.api_keys",
  "public.crm_contacts",
  "public.crm_pipelines",
  "public.crm_pipeline_stages",
  "public.crm_deals",
  "public.crm_deal_placements",
  "public.referrals",
  "private.referrer_counts",
  "public.referral_requests",
  "private.request_links",
  "private.unsubscribe_links",
  "private.thank_yous",
  "public.automations",
  "public.webhook_subscriptions",
  "private.events",
  "public.automation_runs",
  "public.webhook_deliveries",
];

/**
 * Fills a database with so many referrals, a tenth as many contacts, a fifth as many opportunities and requests, and the last
 * 30 days' events, runs and deliveries, in workspaces of very different size. Some contacts, opportunities and stages have far
 * more than others. Takes a superuser's connection to a database that nobody else uses: it makes the indexes afterwards.
 */
export async function fill(sql: postgres.Sql, referrals: number, workspaces = 20): Promise<Filled> {
  const [{ company_id: companyId, key_id: keyId }] = await sql.begin(async (tx) => {
    await tx.unsafe(`
      set local session_replication_role = replica;
      set local synchronous_commit = off;
      set local work_mem = '256MB';
      set local maintenance_work_mem = '512MB';
      set local timezone = 'UTC';
      set local jit = off;
      set local enable_nestloop = off;
      select setseed(0.5);
    `);
    const indexes = await dropIndexes(tx);
    await tx.unsafe(people(referrals, workspaces));
    await tx.unsafe(chains);
    await tx.unsafe(surroundings);
    for (const index of indexes) await tx.unsafe(index);
    return await tx`select company_id, key_id from scale where no = 0`;
  });
  await sql.unsafe(`vacuum analyze ${tables.join(", ")}`);
  return { companyId, keyId };
}

async function dropIndexes(tx: postgres.TransactionSql): Promise<string[]> {
  const indexes = await tx<{ name: string; definition: string }[]>`
    select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
    from pg_index
    where indrelid = any (${tables}::regclass[])
      and not exists (select from pg_constraint where conindid = indexrelid)
  `;
  for (const { name } of indexes) await tx.unsafe(`drop index ${name}`);
  return indexes.map(({ definition }) => definition);
}

const ago = (days: number, part: string) => `(now() - interval '${days} days' * (1 - ${part}))::timestamptz(3)`;

const people = (referrals: number, workspaces: number) => `
  create temporary table scale on commit drop as
  with weight as (
    select no, case when no = 0 then 0.5 else 0.5 / no ^ 2 / sum(1.0 / greatest(no, 1) ^ 2) filter (where no > 0) over () end as share
    from generate_series(0, ${workspaces - 1}) as no
  )
  select no, gen_random_uuid() as company_id, gen_random_uuid() as key_id, gen_random_uuid() as automation_id,
    gen_random_uuid() as subscription_id, gen_random_uuid() as pipeline_id, gen_random_uuid() as side_pipeline_id,
    case when no = 0 then ${referrals} - sum(greatest(round(${referrals} * share), 3)) filter (where no > 0) over ()
      else greatest(round(${referrals} * share), 3) end::integer as referrals,
    greatest(round(${referrals} / 10 * share), 5)::integer as contacts,
    greatest(round(${referrals} / 5 * share), 5)::integer as deals
  from weight;

  insert into public.companies (id, name, mail_name, country)
    select company_id, 'Workspace ' || no, 'Workspace ' || no, 'AU' from scale;
  insert into public.company_settings (company_id, referral_categories, referral_pipeline_id)
  select company_id, '{MRI,Physiotherapy,General practice,Surgery}', pipeline_id from scale;
  insert into public.api_keys (id, company_id, name, scopes) select key_id, company_id, 'Bench', '{admin}' from scale;

  create temporary table person on commit drop as
  select no, n, gen_random_uuid() as id from scale, generate_series(1, contacts) as n;
  insert into public.crm_contacts (id, company_id, first_name, last_name, email, phone, created_at, updated_at)
  select id, company_id, (array['Grace', 'Liam', 'Sofia', 'Jack', 'Aisha', 'Noah', 'Edmund', 'Priya'])[1 + n % 8],
    'Of ' || to_hex(n), 'contact' || n || '@' || no || '.example.com', '+614' || lpad(n::text, 8, '0'),
    ${ago(120, "n::numeric / contacts")}, ${ago(60, "random()::numeric")}
  from person join scale using (no)
  order by n::numeric / contacts;

  analyze scale, person;

  insert into public.crm_pipelines (id, company_id, name)
  select id, company_id, 'Pipeline' from scale, unnest(array[pipeline_id, side_pipeline_id]) as id;
  create temporary table stage on commit drop as
  select no, side, position, gen_random_uuid() as id from scale, generate_series(0, 3) as position, (values (false), (true)) as sides (side);
  insert into public.crm_pipeline_stages (id, company_id, pipeline_id, name, position)
  select id, company_id, case when side then side_pipeline_id else pipeline_id end, 'Stage ' || position, position
  from stage join scale using (no);
`;

// The cache and the counters follow from the referrals in sets; what the triggers would have made of them is the same.
const chains = `
  create temporary table deal on commit drop as
  select no, n, gen_random_uuid() as id, n::numeric / deals as age,
    case when n % 100 = 7 then ${ago(60, "0")} end as referrer_cleared_at
  from scale, generate_series(1, deals) as n;

  analyze deal;

  create temporary table chain on commit drop as
  select gen_random_uuid() as id, no, company_id, n, n::numeric / referrals as age,
    1 + floor(contacts * random() ^ 4)::integer as referrer,
    case when random() < 0.9 then 1 + floor(contacts * random() ^ 2)::integer end as friend,
    case when random() < 0.9 then 1 + floor(deals * random() ^ 4)::integer end as deal,
    random() as status, random() as source, random() as category
  from scale, generate_series(1, referrals) as n;

  analyze chain;

  create temporary table referral on commit drop as
  select chain.id, company_id, chain.no, chain.n, ${ago(120, "chain.age")} as created_at, referrer.id as referrer_id,
    case when friend.id <> referrer.id and row_number() over (partition by chain.no, chain.referrer, chain.friend, chain.deal) = 1
      then friend.id end as friend_id,
    deal.id as deal_id, deal.referrer_cleared_at,
    coalesce(deal.n % 50 = 3 and row_number() over (partition by chain.no, chain.deal order by chain.n) = 1, false) as hand_set,
    case when status < 0.4 then 'pending' when status < 0.6 then 'accepted' when status < 0.9 then 'converted' else 'declined' end as status,
    case when source < 0.4 then 'form' when source < 0.7 then 'manual' when source < 0.9 then 'api' else 'automation' end as source,
    case when category < 0.4 then 'MRI' when category < 0.6 then 'Physiotherapy' when category < 0.7 then 'Surgery' end as category
  from chain
  join person as referrer using (no)
  left join person as friend on friend.no = chain.no and friend.n = chain.friend
  left join deal on deal.no = chain.no and deal.n = chain.deal
  where referrer.n = chain.referrer;
  analyze referral;

  insert into public.referrals (
    id, company_id, referrer_contact_id, referred_contact_id, referred_deal_id, source, status, category, notes, converted_at,
    created_by, hand_set, created_at, updated_at
  )
  select id, company_id, referrer_id, friend_id, deal_id, source, status, category, 'Met at the open day',
    case when status = 'converted' then created_at end, case when source = 'api' then key_id end, hand_set, created_at,
    created_at + least(interval '10 days', now() - created_at) * random()
  from referral join scale using (no, company_id)
  order by created_at;

  insert into public.crm_deals (
    id, company_id, name, status, contact_id, value, currency, lead_source, primary_referrer_contact_id,
    primary_referrer_category, referrer_cleared_at, created_at, updated_at
  )
  select deal.id, company_id, 'Opportunity ' || to_hex(deal.n), (array['open', 'open', 'won', 'lost'])[1 + deal.n % 4], person.id,
    100 + deal.n % 1000, 'AUD', 'Referral', foremost.referrer_id, foremost.category, deal.referrer_cleared_at,
    ${ago(120, "age")}, ${ago(60, "random()::numeric")}
  from deal
  join scale using (no)
  join person on person.no = deal.no and person.n = 1 + floor(contacts * (deal.n::double precision / (deals + 1)) ^ 4)
  left join (
    select distinct on (deal_id) deal_id, referrer_id, category
    from referral
    where deal_id is not null and status <> 'declined'
      and (hand_set or referrer_cleared_at is null or created_at > referrer_cleared_at)
    order by deal_id, hand_set desc, created_at desc, id desc
  ) as foremost on deal_id = deal.id
  order by age;

  -- Most stand in the first stages; one stage, and a whole pipeline, has but 25 of the oldest.
  insert into public.crm_deal_placements (
    company_id, deal_id, pipeline_id, stage_id, position, deal_created_at, created_at, updated_at
  )
  select company_id, deal.id, case when stage.side then side_pipeline_id else pipeline_id end, stage.id, deal.n,
    ${ago(120, "age")}, ${ago(120, "age")}, ${ago(60, "age")}
  from deal
  join scale using (no)
  join stage on stage.no = deal.no and case
    when deal.n between 26 and 50 then not side and position = 3
    when deal.n between 51 and 75 then side and position = 0
    else not side and position = case when deal.n % 10 < 7 then 0 when deal.n % 10 < 9 then 1 else 2 end
  end
  order by age;

  insert into private.referrer_counts (company_id, contact_id, total, converted)
  select company_id, referrer_id, count(*), count(*) filter (where status = 'converted') from referral
  where status <> 'declined'
  group by 1, 2;
`;

const surroundings = `
  insert into private.thank_yous (referral_id, sent) select id, true from referral where status = 'converted' and n % 2 = 0;

  create temporary table request on commit drop as
  select gen_random_uuid() as id, no, n, ${ago(40, "n::numeric / deals")} as created_at,
    1 + floor(contacts * random() ^ 4)::integer as contact, random() as fate
  from scale, generate_series(1, deals) as n;
  insert into public.referral_requests (
    id, company_id, contact_id, recipient_email, recipient_name, sent_at, viewed_at, submitted_at, consented_at, withdrawn_at,
    expires_at, created_at, updated_at
  )
  select request.id, company_id, person.id, 'contact' || contact || '@' || no || '.example.com', 'Contact ' || contact, created_at,
    case when fate < 0.6 then created_at end, case when fate < 0.3 then created_at end,
    case when fate < 0.3 then created_at end, case when fate > 0.95 then created_at end,
    case when fate > 0.95 then created_at else created_at + interval '30 days' end, created_at, created_at
  from request
  join scale using (no)
  join person using (no)
  where person.n = contact
  order by created_at;
  update public.referral_requests set written_status = public.status(referral_requests),
    lapses_at = case when public.status(referral_requests) in ('sent', 'viewed') then expires_at end;
  insert into private.request_links (request_id, token_hash) select id, private.token_hash('token-' || id) from request;
  insert into private.unsubscribe_links (token_hash, company_id, email)
  select private.token_hash('unsubscribe-' || id), company_id, 'contact' || contact || '@' || no || '.example.com'
  from request join scale using (no);

  insert into public.automations (id, company_id, name, trigger_type) select automation_id, company_id, 'Thank', 'referral_attributed' from scale;
  insert into public.webhook_subscriptions (id, company_id, url, events, enabled)
  select subscription_id, company_id, 'https://example.com/' || no, '{referral_attributed}', false from scale;

  create temporary table event on commit drop as
  select gen_random_uuid() as event_id, *, row_number() over (partition by no order by n) as nth,
    jsonb_build_object(
      'referral_id', id, 'referrer_contact_id', referrer_id, 'referrer_email', null, 'referred_contact_id', friend_id,
      'referred_deal_id', deal_id, 'category', category, 'status', status, 'source', source, 'notes', 'Met at the open day',
      'operation', 'INSERT', 'previous', '{}'::jsonb
    ) as data
  from referral where created_at > now() - interval '30 days';
  insert into private.events (id, company_id, type, data, occurred_at, fanned_out_at)
  select event_id, company_id, 'referral_attributed', data, created_at, created_at from event order by created_at;
  -- Failures and tests are the 25 oldest each: rare, and at the far end of the list.
  insert into public.automation_runs (
    company_id, automation_id, event_id, status, trigger_type, started_at, completed_at, duration_ms, due_at,
    created_at, updated_at
  )
  select company_id, automation_id, event_id, case when nth <= 25 then 'failed' else 'completed' end, 'referral_attributed', created_at,
    created_at, 12, null, created_at, created_at
  from event join scale using (no, company_id)
  order by created_at;
  insert into public.webhook_deliveries (
    company_id, subscription_id, event_id, event_type, status, attempt_count, due_at, delivered_at, response_status, created_at,
    updated_at
  )
  select company_id, subscription_id, event_id, case when nth between 26 and 50 then 'webhook_test' else 'referral_attributed' end,
    case when nth <= 25 then 'failed' else 'delivered' end, 1, null, created_at, 204, created_at, created_at
  from event join scale using (no, company_id)
  order by created_at;
`;

/** What is maintained in a database and differs from what its rows say: nothing, or it was not generated right. */
export async function drift(sql: postgres.Sql): Promise<Record<string, unknown>[]> {
  return await sql.begin(async (tx) => {
    await tx`select private.refresh_primary_referrers(array_agg(id order by id)) from crm_deals`;
    const cached = await tx`select id as opportunity from crm_deals where xmin = pg_current_xact_id()::xid`;
    const counted = await tx`
      select contact_id, counts.total, counts.converted, actual.total as actual, actual.converted as actually_converted
      from private.referrer_counts as counts
      full join (
        select referrer_contact_id as contact_id, count(*) as total, count(*) filter (where status = 'converted') as converted
        from referrals where status <> 'declined' group by 1
      ) as actual using (contact_id)
      where (coalesce(counts.total, 0), coalesce(counts.converted, 0)) <> (coalesce(actual.total, 0), coalesce(actual.converted, 0))
    `;
    const placed = await tx`
      select placement.id as placement from crm_deal_placements as placement join crm_deals as deal on deal.id = deal_id
      where deal_created_at is distinct from deal.created_at
    `;
    const requests = await tx`
      select id as request from referral_requests
      where written_status <> public.status(referral_requests)
        and not (written_status in ('sent', 'viewed') and expires_at between now() - interval '10 minutes' and now())
    `;
    return [...cached, ...counted, ...placed, ...requests];
  });
}

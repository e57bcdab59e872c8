-- All that the migrations come to, as pg_dump of PostgreSQL 15 writes it: to read and to compare, never to run. Written by
-- `deno task schema`.

CREATE SCHEMA data_api;

CREATE SCHEMA private;

CREATE SCHEMA public;

COMMENT ON SCHEMA public IS 'standard public schema';

CREATE FUNCTION data_api.begin_request() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  holder text;
begin
  if current_user <> 'api_key' then
    return;
  end if;
  holder := coalesce(private.claims() ->> 'sub', '');
  for slot in 1..4 loop
    if pg_try_advisory_xact_lock(hashtextextended('slot ' || slot || ' of ' || holder, 0)) then
      return;
    end if;
  end loop;
  perform private.refuse(
    429,
    'RATE_LIMITED',
    'Four statements of this API key are under way already.',
    details => 'concurrent_statements',
    retry_after => 1
  );
end
$$;

CREATE FUNCTION private.accept_wake_up(issued_at bigint, signature text) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select coalesce(
    abs(extract(epoch from clock_timestamp()) - issued_at) <= 300
      -- Hashed, so that the time of the comparison tells nothing.
      and sha256(convert_to(signature, 'UTF8')) = sha256(convert_to(private.wake_up_signature(issued_at), 'UTF8')),
    false
  )
$$;

CREATE FUNCTION private.acting(OUT actor_type text, OUT actor_id uuid, OUT request_id text, OUT via text) RETURNS record
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $_$
declare
  -- as json: all but one or two of their fields are skipped
  token json := nullif(current_setting('request.jwt.claims', true), '')::json;
  headers json := nullif(current_setting('request.headers', true), '')::json;
  role text := coalesce(token ->> 'role', current_setting('role'));
begin
  request_id := headers ->> 'x-request-id';
  if length(request_id) > 255 or request_id !~ '^[[:alnum:]_=-]+$' then
    request_id := null;
  end if;
  actor_type := 'operator';
  via := 'data_api';
  if role = 'api_key' then
    actor_type := 'api_key';
    actor_id := (token ->> 'sub')::uuid;
    if headers ->> 'x-referrals-via' in ('api', 'mcp') then
      via := headers ->> 'x-referrals-via';
    end if;
  elsif role = 'anon' then
    actor_type := 'form';
    via := 'form';
  elsif role = 'service_role' then
    actor_id := nullif(current_setting('referrals.chain_automation', true), '')::uuid;
    -- What the dispatcher does for no automation, such as giving up a subscription, happens by itself.
    if actor_id is not null or headers ->> 'x-referrals-via' = 'api' then
      actor_type := 'automation';
      via := 'automation';
    end if;
  elsif token is null then
    via := 'operator';
  end if;
end
$_$;

CREATE FUNCTION private.calling_key() RETURNS uuid
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  token jsonb := private.claims();
begin
  return case when token ->> 'role' = 'api_key' then (token ->> 'sub')::uuid end;
end
$$;

CREATE FUNCTION private.claimed_company() RETURNS uuid
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  token jsonb := private.claims();
begin
  return case when token ->> 'role' = 'api_key' then (token ->> 'company_id')::uuid end;
end
$$;

CREATE FUNCTION private.is_action_config(action_type text, config jsonb) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
  select case
    when jsonb_typeof(config) is distinct from 'object' then false
    when exists (select from jsonb_each(config) as field where jsonb_typeof(field.value) not in ('string', 'null')) then false
    when action_type = 'attribute_referral'
      then config - array['referrer_contact_id', 'category', 'status', 'notes'] = '{}'
    when action_type = 'send_email'
      then config - array['to', 'subject', 'body_html'] = '{}' and config ->> 'to' <> ''
        and config ->> 'subject' <> '' and config ->> 'body_html' <> ''
    when action_type = 'call_webhook' then config - array['url', 'method'] = '{}'
      and private.is_webhook_url(config ->> 'url') and coalesce(config ->> 'method', 'POST') = 'POST'
    else false
  end
$$;

CREATE TABLE public.automation_actions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    company_id uuid DEFAULT private.claimed_company() NOT NULL,
    automation_id uuid NOT NULL,
    action_type text NOT NULL,
    sequence integer NOT NULL,
    config jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_by uuid DEFAULT private.calling_key(),
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    CONSTRAINT automation_actions_action_type_check CHECK ((action_type = ANY (ARRAY['attribute_referral'::text, 'send_email'::text, 'call_webhook'::text]))),
    CONSTRAINT automation_actions_check CHECK (private.is_action_config(action_type, config)),
    CONSTRAINT automation_actions_sequence_check CHECK (((sequence >= 0) AND (sequence <= 1000)))
);

CREATE TABLE public.automation_runs (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    run_id uuid GENERATED ALWAYS AS (id) STORED NOT NULL,
    company_id uuid NOT NULL,
    automation_id uuid NOT NULL,
    event_id uuid NOT NULL,
    status text DEFAULT 'running'::text NOT NULL,
    trigger_type text NOT NULL,
    triggered_by uuid,
    depth smallint DEFAULT 0 NOT NULL,
    root_id uuid,
    refusal text,
    started_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    completed_at timestamp(3) with time zone,
    duration_ms integer,
    actions_total integer DEFAULT 0 NOT NULL,
    actions_executed integer DEFAULT 0 NOT NULL,
    actions_failed integer DEFAULT 0 NOT NULL,
    actions_skipped integer DEFAULT 0 NOT NULL,
    error text,
    due_at timestamp(3) with time zone DEFAULT date_trunc('milliseconds'::text, now()),
    claims integer DEFAULT 0 NOT NULL,
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    CONSTRAINT automation_runs_check CHECK (((status = 'running'::text) = (due_at IS NOT NULL))),
    CONSTRAINT automation_runs_status_check CHECK ((status = ANY (ARRAY['running'::text, 'completed'::text, 'failed'::text, 'skipped'::text])))
);

CREATE FUNCTION private.action_of(run public.automation_runs, action_id uuid) RETURNS public.automation_actions
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  action public.automation_actions;
  refusal text;
begin
  select * into action
  from public.automation_actions
  where id = action_id and automation_id = run.automation_id;
  if not found then
    perform private.refuse(404, 'NOT_FOUND', 'This action was deleted.');
  end if;
  select private.refusal_of(automations, action) into refusal
  from public.automations
  where id = action.automation_id;
  if refusal is not null then
    perform private.refuse(403, 'INSUFFICIENT_SCOPE', refusal);
  end if;
  perform set_config('referrals.chain_automation', run.automation_id::text, true);
  return action;
end
$$;

CREATE FUNCTION private.action_results_of(run_id uuid) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select coalesce(jsonb_agg(result order by recorded_at), '[]')
  from private.action_results
  where action_results.run_id = action_results_of.run_id
$$;

CREATE TABLE private.referrer_counts (
    company_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    total bigint NOT NULL,
    converted bigint NOT NULL,
    CONSTRAINT referrer_counts_check CHECK (((converted >= 0) AND (converted <= total))),
    CONSTRAINT referrer_counts_total_check CHECK ((total >= 0))
);

CREATE FUNCTION private.add_referrer_count(change private.referrer_counts) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  update private.referrer_counts as counts
  set total = counts.total + change.total, converted = counts.converted + change.converted
  where counts.contact_id = change.contact_id and counts.company_id = change.company_id;
  if not found and change.total > 0 then
    insert into private.referrer_counts as counts (company_id, contact_id, total, converted)
    values (change.company_id, change.contact_id, change.total, change.converted)
    on conflict (contact_id, company_id) do update
    set total = counts.total + excluded.total, converted = counts.converted + excluded.converted;
  end if;
end
$$;

CREATE FUNCTION private.add_referrer_counts(changes private.referrer_counts[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  insert into private.referrer_counts (company_id, contact_id, total, converted)
  select change.company_id, change.contact_id, 0, 0
  from unnest(changes) as change
  where change.total > 0
    and not exists (select from private.referrer_counts as counts where counts.contact_id = change.contact_id)
  order by change.contact_id
  on conflict (contact_id, company_id) do nothing;

  perform from private.referrer_counts
  where contact_id in (select contact_id from unnest(changes))
  order by contact_id
  for update;

  update private.referrer_counts as counts
  set total = counts.total + change.total, converted = counts.converted + change.converted
  from unnest(changes) as change
  where counts.contact_id = change.contact_id and counts.company_id = change.company_id;
end
$$;

CREATE FUNCTION private.address_group(address text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
declare
  given inet;
begin
  given := address::inet;
  if family(given) = 4 then
    return host(given);
  elsif given <<= inet '::ffff:0:0/96' then
    return host(inet '0.0.0.0' + (given - inet '::ffff:0:0'));
  end if;
  return network(set_masklen(given, 64))::text;
exception when others then
  return null;
end
$$;

CREATE FUNCTION private.admit_mail(run_id uuid, action_id uuid, contact uuid, address text) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  mail_key constant text := format('automation/%s/%s', run_id, action_id);
  workspace uuid;
  settings public.company_settings;
  person public.crm_contacts;
  token text;
begin
  select company_id into workspace from public.automation_runs where id = admit_mail.run_id;
  select * into settings from public.company_settings where company_id = workspace;
  if contact is not null then
    select * into person from public.crm_contacts where id = contact and company_id = workspace;
  elsif not exists (
    select from unnest(settings.mail_recipients) as recipient where private.email_key(recipient) = private.email_key(address)
  ) then
    select * into person from public.crm_contacts where company_id = workspace and private.email_key(email) = private.email_key(address);
    if not found then
      perform private.refuse(
        400, 'VALIDATION_ERROR', 'to is neither a contact of this workspace nor one of its mail_recipients.'
      );
    end if;
  end if;
  address := case when contact is null then address else person.email end;
  if address is null then
    perform private.refuse(400, 'VALIDATION_ERROR', 'This contact has no email address.');
  end if;
  if private.is_unsubscribed(workspace, person.id, address) then
    return jsonb_build_object('skipped', 'This person has unsubscribed.');
  end if;
  if person.made_by_form and not settings.mail_form_contacts then
    perform private.refuse(
      400,
      'VALIDATION_ERROR',
      'This contact was made by the public form: automations mail them only where the settings'' mail_form_contacts says so.'
    );
  end if;

  perform private.take_mail(workspace, address, mail_key);
  if person.id is not null then
    token := private.unsubscribe_token(mail_key);
    perform private.link_unsubscribing(token, person);
  end if;
  return jsonb_build_object('address', address, 'unsubscribe_token', token);
end
$$;

CREATE FUNCTION private.answer_for_action() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if private.calling_key() is null or private.company_for('automations:write') is distinct from new.company_id then
    return new;
  end if;
  perform private.demand_scopes(private.scopes_of_action(new.action_type, new.config, automations.trigger_type))
  from public.automations
  where id = new.automation_id and company_id = new.company_id;
  new.created_by := private.calling_key();
  return new;
end
$$;

CREATE FUNCTION private.answer_for_automation() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if private.calling_key() is null or private.company_for('automations:write') is distinct from new.company_id then
    return new;
  end if;
  perform private.demand_scopes(private.scopes_to_hear(new.trigger_type));
  perform private.demand_scopes(private.scopes_of_action(action_type, config, new.trigger_type))
  from public.automation_actions
  where automation_id = new.id and company_id = new.company_id;
  new.created_by := private.calling_key();
  return new;
end
$$;

CREATE FUNCTION private.answer_for_webhook() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  told text;
begin
  if private.calling_key() is null or private.company_for('webhooks:write') is distinct from new.company_id then
    return new;
  end if;
  foreach told in array array['referral_attributed', 'stage_changed', 'automation_triggered'] loop
    if told = any (new.events) or tg_op = 'UPDATE' and new.url <> old.url and exists (
      select from public.webhook_deliveries
      where subscription_id = new.id and company_id = new.company_id and event_type = told
    ) then
      perform private.demand_scopes(private.scopes_to_hear(told));
    end if;
  end loop;
  new.created_by := private.calling_key();
  return new;
end
$$;

CREATE FUNCTION private.are_conditions(conditions jsonb) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
  select case when jsonb_typeof(conditions) = 'object' then not exists (
    select from jsonb_each(conditions) as condition
    where case when jsonb_typeof(condition.value) = 'object'
      then condition.value = '{}' or exists (
        select from jsonb_object_keys(condition.value) as operator
        where operator not in (
          'eq', 'neq', 'exists', 'not_exists', 'gt', 'gte', 'lt', 'lte', 'contains', 'not_contains',
          'contains_any', 'contains_text', 'in'
        )
      )
      else true end
  ) else false end
$$;

CREATE FUNCTION private.are_distinct_labels(labels text[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
  select count(*) = count(distinct label)
    and coalesce(bool_and(char_length(label) between 1 and 80 and label = btrim(label)), true)
  from unnest(labels) as label
$$;

CREATE FUNCTION private.are_emails(given text[]) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  return array_position(given, null) is null
    and not exists (select from unnest(given) as address where not private.is_email(address));
end
$$;

CREATE FUNCTION private.are_tags(tags jsonb) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
  select case when jsonb_typeof(tags) = 'array' then jsonb_array_length(tags) <= 50 and not exists (
    select from jsonb_array_elements(tags) as tag
    where case jsonb_typeof(tag)
      when 'string' then char_length(tag #>> '{}') not between 1 and 80
      when 'object' then tag - array['name', 'color'] <> '{}'
        or jsonb_typeof(tag -> 'name') is distinct from 'string'
        or char_length(tag ->> 'name') not between 1 and 80
        or tag ? 'color' and (jsonb_typeof(tag -> 'color') <> 'string' or char_length(tag ->> 'color') > 40)
      else true end
  ) else false end
$$;

CREATE FUNCTION private.as_id(text_of_id text) RETURNS uuid
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $_$
  select case when text_of_id ~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$' then text_of_id::uuid end
$_$;

CREATE FUNCTION private.ascii_domain(domain text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $_$
begin
  if domain ~ '^[\x01-\x7f]*$' then
    return lower(domain);
  end if;
  return (
    select string_agg(case when label ~ '^[\x01-\x7f]*$' then label else private.punycode(label) end, '.' order by place)
    from regexp_split_to_table(lower(normalize(domain, nfkc)), '[.。]') with ordinality as labels (label, place)
  );
end
$_$;

CREATE FUNCTION private.ask_for_referral(contact uuid, deal uuid, token text, unsubscribe_token text, subject_override text, intro_html text, how_it_works_html text, expires_in_days integer, force boolean) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  workspace uuid := private.require_company('referrals:write');
  asked public.crm_contacts;
  request public.referral_requests;
begin
  select * into asked from public.crm_contacts where id = contact and company_id = workspace;
  if not found then
    perform private.refuse(404, 'NOT_FOUND', 'contact_id names no row of your workspace.', details => 'contact_id');
  end if;
  if deal is not null and not exists (select from public.crm_deals where id = deal and company_id = workspace) then
    perform private.refuse(404, 'NOT_FOUND', 'deal_id names no row of your workspace.', details => 'deal_id');
  end if;
  if asked.email is null then
    perform private.refuse(
      400,
      'VALIDATION_ERROR',
      'This contact has no email address to send the request to.',
      details => 'contact_id',
      hint => 'Give the contact an email address first, or ask another one.'
    );
  end if;
  perform private.refuse_unsubscribed(workspace, asked.id, asked.email);
  if force is not true then
    perform private.refuse_asked(asked.id, workspace);
  end if;

  insert into public.referral_requests as requests (
    company_id, contact_id, deal_id, recipient_email, recipient_name, subject_override, intro_html, how_it_works_html,
    expires_in_days, expires_at, created_by
  )
  values (
    workspace, contact, deal, asked.email, concat_ws(' ', asked.first_name, asked.last_name),
    ask_for_referral.subject_override, ask_for_referral.intro_html, ask_for_referral.how_it_works_html,
    ask_for_referral.expires_in_days, private.request_ends(workspace, ask_for_referral.expires_in_days),
    private.calling_key()
  )
  returning * into request;
  insert into private.request_links (request_id, token_hash) values (request.id, private.token_hash(token));
  perform private.link_unsubscribing(unsubscribe_token, asked);
  perform private.take_request_mail(request, token);

  return private.request_mail(request);
end
$$;

CREATE FUNCTION private.attribute_alone(deal_id uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  perform pg_advisory_xact_lock(hashtextextended('attribute ' || deal_id, 0));
end
$$;

CREATE FUNCTION private.attribute_opportunity(opportunity_id uuid, referrer_contact_id uuid, category text, keeps_category boolean) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  workspace uuid := private.require_company('referrals:write');
  deal public.crm_deals;
  kept public.referrals;
  friend uuid;
begin
  perform private.attribute_alone(opportunity_id);
  select * into deal from public.crm_deals where id = opportunity_id and company_id = workspace;
  if not found then
    perform private.refuse(
      404, 'NOT_FOUND', 'opportunity_id names no row of your workspace.', details => 'opportunity_id'
    );
  end if;
  select * into kept
  from public.referrals
  where company_id = workspace and referred_deal_id = deal.id and hand_set
  for update;

  if attribute_opportunity.referrer_contact_id is null then
    update public.referrals set status = 'declined' where id = kept.id and status <> 'declined';
    update public.crm_deals set referrer_cleared_at = clock_timestamp() where id = deal.id;
    perform private.refresh_primary_referrer(deal.id);
  else
    if not exists (
      select from public.crm_contacts
      where id = attribute_opportunity.referrer_contact_id and company_id = workspace
    ) then
      perform private.refuse(
        404, 'NOT_FOUND', 'referrer_contact_id names no row of your workspace.', details => 'referrer_contact_id'
      );
    end if;
    if deal.contact_id <> attribute_opportunity.referrer_contact_id and not exists (
      select from public.referrals
      where company_id = workspace
        and referrals.referrer_contact_id = attribute_opportunity.referrer_contact_id
        and referred_contact_id = deal.contact_id
        and referred_deal_id = deal.id
        and not hand_set
    ) then
      friend := deal.contact_id;
    end if;

    loop
      begin
        if kept.id is null then
          insert into public.referrals (
            company_id, referrer_contact_id, referred_contact_id, referred_deal_id, category, hand_set
          )
          values (
            workspace, attribute_opportunity.referrer_contact_id, friend, deal.id, attribute_opportunity.category, true
          );
        else
          update public.referrals
          set referrer_contact_id = attribute_opportunity.referrer_contact_id,
            referred_contact_id = friend,
            category = case when keeps_category then kept.category else attribute_opportunity.category end,
            status = case when kept.status = 'declined' then 'pending' else kept.status end
          where id = kept.id
            and (
              kept.status = 'declined'
              or kept.referrer_contact_id <> attribute_opportunity.referrer_contact_id
              or kept.referred_contact_id is distinct from friend
              or not keeps_category and kept.category is distinct from attribute_opportunity.category
            );
        end if;
        exit;
      exception when unique_violation then
        -- Somebody has just put that friend on record.
        if friend is null then
          raise;
        end if;
        friend := null;
      end;
    end loop;
  end if;

  return (
    select to_jsonb(crm_deals) || jsonb_build_object(
      'placements', private.placements_in(crm_deals.id, workspace),
      'referrer', private.contact_card(crm_contacts)
    )
    from public.crm_deals
    left join public.crm_contacts on crm_contacts.id = crm_deals.primary_referrer_contact_id
    where crm_deals.id = deal.id
  );
end
$$;

CREATE FUNCTION private.audit() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  kind text := tg_argv[0];
  hidden text[] := string_to_array(tg_argv[1], ',') || private.never_audited();
  acting record;
begin
  if tg_op = 'INSERT' then
    if not exists (select from new_rows) then
      return null;
    end if;
    acting := private.acting();
    insert into public.audit_log (
      company_id, entity_type, entity_id, action, changes, actor_type, actor_id, request_id, via
    )
    select coalesce(after ->> 'company_id', after ->> 'id')::uuid, kind, coalesce(after ->> 'id', after ->> 'company_id')::uuid,
      'insert', private.changes_of(after - hidden, null), acting.actor_type, acting.actor_id, acting.request_id, acting.via
    from new_rows, to_jsonb(new_rows) as after;
  elsif tg_op = 'UPDATE' then
    if not exists (select from new_rows) then
      return null;
    end if;
    acting := private.acting();
    insert into public.audit_log (
      company_id, entity_type, entity_id, action, changes, actor_type, actor_id, request_id, via
    )
    select coalesce(after ->> 'company_id', after ->> 'id')::uuid, kind, coalesce(after ->> 'id', after ->> 'company_id')::uuid,
      'update', difference, acting.actor_type, acting.actor_id, acting.request_id, acting.via
    from (select to_jsonb(new_rows) as after from new_rows) as new_rows
    join (select to_jsonb(old_rows) as before from old_rows) as old_rows
      on coalesce(before ->> 'id', before ->> 'company_id') = coalesce(after ->> 'id', after ->> 'company_id'),
    private.changes(before - hidden, after - hidden) as difference
    where difference <> '{}';
  else
    if not exists (select from old_rows) then
      return null;
    end if;
    acting := private.acting();
    insert into public.audit_log (
      company_id, entity_type, entity_id, action, changes, actor_type, actor_id, request_id, via
    )
    select coalesce(before ->> 'company_id', before ->> 'id')::uuid, kind,
      coalesce(before ->> 'id', before ->> 'company_id')::uuid, 'delete', private.changes_of(null, before - hidden),
      acting.actor_type, acting.actor_id, acting.request_id, acting.via
    from old_rows, to_jsonb(old_rows) as before;
  end if;
  return null;
end
$$;

CREATE FUNCTION private.audit_opportunity() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  hidden text[] := private.never_audited() || array['primary_referrer_contact_id', 'primary_referrer_category'];
  acting record := private.acting();
begin
  insert into public.audit_log (company_id, entity_type, entity_id, action, changes, actor_type, actor_id, request_id, via)
  values (
    new.company_id, 'opportunity', new.id, 'update', private.changes(to_jsonb(old) - hidden, to_jsonb(new) - hidden),
    acting.actor_type, acting.actor_id, acting.request_id, acting.via
  );
  return null;
end
$$;

CREATE TABLE public.referrals (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    company_id uuid DEFAULT private.claimed_company() NOT NULL,
    referrer_contact_id uuid NOT NULL,
    referred_contact_id uuid,
    referred_deal_id uuid,
    source text DEFAULT 'manual'::text NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    category text,
    notes text,
    converted_at timestamp(3) with time zone,
    created_by uuid DEFAULT private.calling_key(),
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    hand_set boolean DEFAULT false NOT NULL,
    CONSTRAINT referrals_category_check CHECK (((char_length(category) >= 1) AND (char_length(category) <= 80))),
    CONSTRAINT referrals_check CHECK ((referrer_contact_id <> referred_contact_id)),
    CONSTRAINT referrals_check1 CHECK (((status = 'converted'::text) = (converted_at IS NOT NULL))),
    CONSTRAINT referrals_notes_check CHECK ((char_length(notes) <= 10000)),
    CONSTRAINT referrals_source_check CHECK ((source = ANY (ARRAY['form'::text, 'manual'::text, 'api'::text, 'automation'::text]))),
    CONSTRAINT referrals_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'accepted'::text, 'converted'::text, 'declined'::text])))
);

CREATE FUNCTION private.audited(referral public.referrals) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  return to_jsonb(referral) - private.never_audited() - 'hand_set'::text;
end
$$;

CREATE FUNCTION private.automation_run(run_id uuid) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select to_jsonb(run) || jsonb_build_object(
    'trigger_data', private.run_trigger_data(run.id), 'action_results', private.run_action_results(run.id)
  )
  from public.automation_runs as run
  where run.id = automation_run.run_id
    and run.company_id = private.company_for('automations:trigger')
    and (run.triggered_by = private.calling_key() or private.company_for('automations:read') is not null)
$$;

CREATE FUNCTION private.is_email(given text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $_$
begin
  return char_length(given) <= 320
    and given ~ '^([a-zA-Z0-9.!#$%&''*+/=?^_`{|}~-]|[^\u0001-\u00a0\u00ad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff])+@[^@]+$'
    and private.ascii_domain(substring(given from '[^@]*$'))
      ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$';
end
$_$;

CREATE FUNCTION private.is_line(given text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  return given !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]';
end
$$;

CREATE FUNCTION private.is_time_zone(name text) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
  select exists (select from pg_catalog.pg_timezone_names as zone where lower(zone.name) = lower(is_time_zone.name))
$$;

CREATE TABLE public.companies (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    mail_name text NOT NULL,
    logo_url text,
    primary_color text,
    contact_email text,
    country text,
    timezone text DEFAULT 'UTC'::text NOT NULL,
    slug text,
    description text,
    contact_name text,
    phone text,
    secondary_color text,
    address text,
    industry text,
    website_url text,
    abn text,
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    CONSTRAINT companies_abn_check CHECK (((char_length(abn) >= 1) AND (char_length(abn) <= 40))),
    CONSTRAINT companies_address_check CHECK ((char_length(address) <= 500)),
    CONSTRAINT companies_contact_email_check CHECK (private.is_email(contact_email)),
    CONSTRAINT companies_contact_name_check CHECK (((char_length(contact_name) >= 1) AND (char_length(contact_name) <= 200))),
    CONSTRAINT companies_country_check CHECK ((country = ANY (ARRAY['AC'::text, 'AD'::text, 'AE'::text, 'AF'::text, 'AG'::text, 'AI'::text, 'AL'::text, 'AM'::text, 'AO'::text, 'AR'::text, 'AS'::text, 'AT'::text, 'AU'::text, 'AW'::text, 'AX'::text, 'AZ'::text, 'BA'::text, 'BB'::text, 'BD'::text, 'BE'::text, 'BF'::text, 'BG'::text, 'BH'::text, 'BI'::text, 'BJ'::text, 'BL'::text, 'BM'::text, 'BN'::text, 'BO'::text, 'BQ'::text, 'BR'::text, 'BS'::text, 'BT'::text, 'BW'::text, 'BY'::text, 'BZ'::text, 'CA'::text, 'CC'::text, 'CD'::text, 'CF'::text, 'CG'::text, 'CH'::text, 'CI'::text, 'CK'::text, 'CL'::text, 'CM'::text, 'CN'::text, 'CO'::text, 'CR'::text, 'CU'::text, 'CV'::text, 'CW'::text, 'CX'::text, 'CY'::text, 'CZ'::text, 'DE'::text, 'DJ'::text, 'DK'::text, 'DM'::text, 'DO'::text, 'DZ'::text, 'EC'::text, 'EE'::text, 'EG'::text, 'EH'::text, 'ER'::text, 'ES'::text, 'ET'::text, 'FI'::text, 'FJ'::text, 'FK'::text, 'FM'::text, 'FO'::text, 'FR'::text, 'GA'::text, 'GB'::text, 'GD'::text, 'GE'::text, 'GF'::text, 'GG'::text, 'GH'::text, 'GI'::text, 'GL'::text, 'GM'::text, 'GN'::text, 'GP'::text, 'GQ'::text, 'GR'::text, 'GT'::text, 'GU'::text, 'GW'::text, 'GY'::text, 'HK'::text, 'HN'::text, 'HR'::text, 'HT'::text, 'HU'::text, 'ID'::text, 'IE'::text, 'IL'::text, 'IM'::text, 'IN'::text, 'IO'::text, 'IQ'::text, 'IR'::text, 'IS'::text, 'IT'::text, 'JE'::text, 'JM'::text, 'JO'::text, 'JP'::text, 'KE'::text, 'KG'::text, 'KH'::text, 'KI'::text, 'KM'::text, 'KN'::text, 'KP'::text, 'KR'::text, 'KW'::text, 'KY'::text, 'KZ'::text, 'LA'::text, 'LB'::text, 'LC'::text, 'LI'::text, 'LK'::text, 'LR'::text, 'LS'::text, 'LT'::text, 'LU'::text, 'LV'::text, 'LY'::text, 'MA'::text, 'MC'::text, 'MD'::text, 'ME'::text, 'MF'::text, 'MG'::text, 'MH'::text, 'MK'::text, 'ML'::text, 'MM'::text, 'MN'::text, 'MO'::text, 'MP'::text, 'MQ'::text, 'MR'::text, 'MS'::text, 'MT'::text, 'MU'::text, 'MV'::text, 'MW'::text, 'MX'::text, 'MY'::text, 'MZ'::text, 'NA'::text, 'NC'::text, 'NE'::text, 'NF'::text, 'NG'::text, 'NI'::text, 'NL'::text, 'NO'::text, 'NP'::text, 'NR'::text, 'NU'::text, 'NZ'::text, 'OM'::text, 'PA'::text, 'PE'::text, 'PF'::text, 'PG'::text, 'PH'::text, 'PK'::text, 'PL'::text, 'PM'::text, 'PR'::text, 'PS'::text, 'PT'::text, 'PW'::text, 'PY'::text, 'QA'::text, 'RE'::text, 'RO'::text, 'RS'::text, 'RU'::text, 'RW'::text, 'SA'::text, 'SB'::text, 'SC'::text, 'SD'::text, 'SE'::text, 'SG'::text, 'SH'::text, 'SI'::text, 'SJ'::text, 'SK'::text, 'SL'::text, 'SM'::text, 'SN'::text, 'SO'::text, 'SR'::text, 'SS'::text, 'ST'::text, 'SV'::text, 'SX'::text, 'SY'::text, 'SZ'::text, 'TA'::text, 'TC'::text, 'TD'::text, 'TG'::text, 'TH'::text, 'TJ'::text, 'TK'::text, 'TL'::text, 'TM'::text, 'TN'::text, 'TO'::text, 'TR'::text, 'TT'::text, 'TV'::text, 'TW'::text, 'TZ'::text, 'UA'::text, 'UG'::text, 'US'::text, 'UY'::text, 'UZ'::text, 'VA'::text, 'VC'::text, 'VE'::text, 'VG'::text, 'VI'::text, 'VN'::text, 'VU'::text, 'WF'::text, 'WS'::text, 'XK'::text, 'YE'::text, 'YT'::text, 'ZA'::text, 'ZM'::text, 'ZW'::text]))),
    CONSTRAINT companies_description_check CHECK ((char_length(description) <= 2000)),
    CONSTRAINT companies_industry_check CHECK (((char_length(industry) >= 1) AND (char_length(industry) <= 200))),
    CONSTRAINT companies_logo_url_check CHECK (((char_length(logo_url) <= 2048) AND (logo_url ~~ 'https://%'::text))),
    CONSTRAINT companies_mail_name_check CHECK ((((char_length(mail_name) >= 1) AND (char_length(mail_name) <= 200)) AND private.is_line(mail_name))),
    CONSTRAINT companies_name_check CHECK ((((char_length(name) >= 1) AND (char_length(name) <= 200)) AND private.is_line(name))),
    CONSTRAINT companies_phone_check CHECK (((char_length(phone) >= 1) AND (char_length(phone) <= 40))),
    CONSTRAINT companies_primary_color_check CHECK ((primary_color ~ '^#[0-9a-f]{6}$'::text)),
    CONSTRAINT companies_secondary_color_check CHECK (((char_length(secondary_color) >= 1) AND (char_length(secondary_color) <= 40))),
    CONSTRAINT companies_slug_check CHECK (((char_length(slug) >= 1) AND (char_length(slug) <= 200))),
    CONSTRAINT companies_timezone_check CHECK (private.is_time_zone(timezone)),
    CONSTRAINT companies_website_url_check CHECK (((char_length(website_url) >= 1) AND (char_length(website_url) <= 2048)))
);

CREATE FUNCTION private.brand(company public.companies) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
  select jsonb_build_object(
    'name', company.name,
    'mail_name', company.mail_name,
    'logo_url', company.logo_url,
    'primary_color', company.primary_color,
    'contact_email', company.contact_email
  )
$$;

CREATE FUNCTION private.caller_holds(scopes text[]) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  wanted text;
begin
  foreach wanted in array caller_holds.scopes loop
    if private.company_for(wanted) is null then
      return false;
    end if;
  end loop;
  return true;
end
$$;

CREATE FUNCTION private.calling_country() RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select country from public.companies where id = (select private.company_for('contacts:write'))
$$;

CREATE FUNCTION private.calling_key_card() RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform private.company_for(variadic '{}');
  return (
    select jsonb_build_object(
      'id', api_keys.id,
      'name', api_keys.name,
      'scopes', api_keys.scopes,
      'created_at', api_keys.created_at,
      'expires_at', api_keys.expires_at,
      'limits', jsonb_build_object(
        'requests_per_minute', api_keys.requests_per_minute,
        'requests_per_day', api_keys.requests_per_day,
        'credits_per_month', api_keys.credits_per_month
      ),
      'company', jsonb_build_object('id', companies.id, 'name', companies.name)
    )
    from public.api_keys
    join public.companies on companies.id = api_keys.company_id
    where api_keys.id = private.calling_key()
  );
end
$$;

CREATE FUNCTION private.chain_automation() RETURNS uuid
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$ select nullif(current_setting('referrals.chain_automation', true), '')::uuid $$;

CREATE FUNCTION private.chain_depth() RETURNS smallint
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  return coalesce(nullif(current_setting('referrals.chain_depth', true), ''), '0')::smallint;
end
$$;

CREATE FUNCTION private.chain_root() RETURNS uuid
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$ select nullif(current_setting('referrals.chain_root', true), '')::uuid $$;

CREATE FUNCTION private.chain_runs(root uuid) RETURNS bigint
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
  select (select count(*) from public.automation_runs where event_id = root and refusal is null)
    + (select count(*) from public.automation_runs where root_id = root and depth > 0 and refusal is null)
$$;

CREATE FUNCTION private.changes(before jsonb, after jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  return (
    select coalesce(jsonb_object_agg(key, jsonb_build_array(before -> key, value)), '{}')
    from jsonb_each(after)
    where value <> before -> key
  );
end
$$;

CREATE FUNCTION private.changes_of(added jsonb, removed jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  return (
    select coalesce(
      jsonb_object_agg(key, case when removed is null then jsonb_build_array(null, value) else jsonb_build_array(value, null) end),
      '{}'
    )
    from jsonb_each(coalesce(added, removed))
    where value <> 'null'
  );
end
$$;

CREATE FUNCTION private.charge_credits(of_key uuid, cost integer, credits_per_month integer) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  this_month constant date := date_trunc('month', now() at time zone 'UTC')::date;
  charge uuid;
begin
  insert into private.key_credits (key_id, month, used) values (of_key, this_month, 0) on conflict do nothing;
  update private.key_credits set used = used + cost
  where key_id = of_key and month = this_month and used + cost <= credits_per_month;
  if not found then
    return null;
  end if;
  -- By then its call has long been answered, and it stands.
  delete from private.credit_charges where key_id = of_key and charged_at < now() - interval '10 minutes';
  insert into private.credit_charges (key_id, month, cost) values (of_key, this_month, charge_credits.cost)
  returning id into charge;
  return charge;
end
$$;

CREATE FUNCTION private.check_referral_category() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  categories text[];
begin
  select referral_categories into categories
  from public.company_settings
  where company_settings.company_id = new.company_id;
  if cardinality(categories) > 0 and new.category <> all (categories) and private.may_write_referrals() then
    perform private.refuse(
      400,
      'VALIDATION_ERROR',
      'category is not one of this workspace''s referral categories.',
      details => 'category',
      hint => 'Accepted: ' || array_to_string(categories, ', ')
    );
  end if;
  return new;
end
$$;

CREATE FUNCTION private.circuit_wait(openings integer) RETURNS interval
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$ select least(interval '30 seconds' * 2 ^ least(openings, 10), interval '10 minutes') $$;

CREATE FUNCTION private.claim_deliveries(most integer, busy uuid[]) RETURNS SETOF uuid
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  with due as materialized (
    select *, count(*) over (partition by company_id) as siblings, dense_rank() over (order by company_id) as company
    from private.webhooks_due(busy)
  ), candidate as materialized (
    select due.company_id, due.host, due.is_probe, delivery.id, delivery.due_at, due.id as subscription_id
    from due,
    lateral (
      select id, due_at
      from public.webhook_deliveries
      where subscription_id = due.id and due_at <= now()
      order by due_at
      limit least(
        case when due.is_probe then 1 when due.is_failing then 8 else most end,
        greatest(most / (select max(company) from due) / due.siblings, 1)
      )
      for update skip locked
    ) as delivery
  ), in_turns as (
    select *, row_number() over (partition by subscription_id order by due_at) as turn from candidate
  ), in_rounds as (
    select *, row_number() over (partition by company_id order by turn, due_at) as round from in_turns
  ), taken as (
    select * from in_rounds order by round, random() limit most
  ), circuit as (
    select circuit.company_id, circuit.host, taken.id as probe
    from private.webhook_circuits as circuit
    join taken using (company_id, host)
    where taken.is_probe
    for update of circuit skip locked
  ), probed as (
    update private.webhook_circuits as tried
    set open_until = now() + private.dispatch_lease(), probe = circuit.probe
    from circuit
    where tried.company_id = circuit.company_id and tried.host = circuit.host
  )
  update public.webhook_deliveries as delivery
  set due_at = now() + private.dispatch_lease(), under_way = true
  from taken
  where delivery.id = taken.id
  returning delivery.id
$$;

CREATE FUNCTION private.claim_runs(most integer) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  taken uuid[];
begin
  if most <= 0 then
    return json '[]';
  end if;
  select array_agg(id) into taken
  from (
    select id
    from public.automation_runs
    where id in (select private.runs_due(most)) and due_at <= now()
    for update skip locked
  ) as due;

  update public.automation_runs
  set status = 'failed', due_at = null, completed_at = clock_timestamp(),
    error = 'It was given up after twenty tries that did not come to an end.'
  where id = any (taken) and claims >= 20;

  update public.automation_runs
  set due_at = now() + private.dispatch_lease(), claims = claims + 1
  where id = any (taken) and status = 'running';

  return (
    select coalesce(json_agg(
      json_build_object('run_id', run.id, 'event_id', run.event_id, 'runs_alone', run.claims > private.suspect_claims())
      order by run.created_at, run.event_id, automations.priority desc, automations.created_at, automations.id
    ), '[]')
    from public.automation_runs as run
    join public.automations on automations.id = run.automation_id
    where run.id = any (taken) and run.status = 'running'
  );
end
$$;

CREATE FUNCTION private.claim_work(most_deliveries integer, most_runs integer, busy uuid[]) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  fanned jsonb := private.fan_out(most_deliveries, most_deliveries, busy);
  taken uuid[] := array(select jsonb_array_elements_text(fanned -> 'claimed')::uuid);
  runs json := private.claim_runs(most_runs);
begin
  if cardinality(taken) < most_deliveries then
    taken := taken || array(select private.claim_deliveries(most_deliveries - cardinality(taken), busy));
  end if;
  return json_build_object(
    'deliveries', (
      select coalesce(json_agg(json_build_object(
        'id', delivery.id,
        'subscription_id', delivery.subscription_id,
        'company_id', delivery.company_id,
        'host', subscription.host,
        'tries', delivery.attempt_count
      ) order by place), '[]')
      from unnest(taken) with ordinality as claimed (id, place)
      join public.webhook_deliveries as delivery using (id)
      join public.webhook_subscriptions as subscription on subscription.id = delivery.subscription_id
    ),
    'runs', runs,
    'more', (fanned ->> 'more')::boolean
      or exists (select from private.webhooks_due(busy))
      or most_runs > 0 and exists (select from private.runs_due(1))
  );
end
$$;

CREATE FUNCTION private.claims() RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  return nullif(current_setting('request.jwt.claims', true), '')::jsonb;
end
$$;

CREATE FUNCTION private.clean_up() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  delete from public.webhook_deliveries where created_at < now() - private.retention() and (
    due_at is null
    or not exists (select from public.webhook_subscriptions where id = subscription_id and enabled)
  );
  delete from public.automation_runs where created_at < now() - private.retention() and due_at is null;
  delete from private.events
  where occurred_at < now() - private.retention()
    and fanned_out_at is not null
    and not exists (select from public.webhook_deliveries where event_id = events.id and due_at is not null)
    and not exists (select from public.automation_runs where event_id = events.id);
  delete from private.webhook_secrets where expires_at < now();
  perform private.clean_up_audit_log();
  delete from private.webhook_circuits where open_until < now() - interval '1 day';
  perform private.clean_up_job_notes();
end
$$;

CREATE FUNCTION private.clean_up_audit_log(most integer DEFAULT 10000) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  removed bigint := 0;
  part bigint;
begin
  perform set_config('referrals.audit_log_is_cleaned', 'on', true);
  loop
    delete from public.audit_log
    where ctid = any (array(
      select ctid from public.audit_log where created_at < now() - interval '400 days' limit most
    ));
    get diagnostics part = row_count;
    removed := removed + part;
    exit when part < most;
  end loop;
  perform set_config('referrals.audit_log_is_cleaned', '', true);
  return removed;
end
$$;

CREATE FUNCTION private.clean_up_job_notes() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  delete from cron.job_run_details
  where start_time < now() - interval '1 day'
    and jobid in (select job.jobid from cron.job where job.jobname like 'referrals %');
exception when others then
  raise warning 'The notes of the jobs were not cleaned up: %', sqlerrm;
end
$$;

CREATE FUNCTION private.clear_referral_stage() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  new.referral_stage_id := null;
  return new;
end
$$;

CREATE FUNCTION private.companies_with_events() RETURNS SETOF uuid
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
  with recursive waiting as (
    (select company_id from private.events where fanned_out_at is null order by company_id limit 1)
    union all
    select (
      select next.company_id
      from private.events as next
      where next.fanned_out_at is null and next.company_id > waiting.company_id
      order by next.company_id
      limit 1
    )
    from waiting
    where waiting.company_id is not null
  )
  select company_id from waiting where company_id is not null
$$;

CREATE FUNCTION private.companies_with_runs_due() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  with recursive waiting as (
    (select company_id from public.automation_runs where due_at is not null order by company_id limit 1)
    union all
    select (
      select next.company_id
      from public.automation_runs as next
      where next.due_at is not null and next.company_id > waiting.company_id
      order by next.company_id
      limit 1
    )
    from waiting
    where waiting.company_id is not null
  )
  select company_id
  from waiting
  where exists (
    select from public.automation_runs as run where run.company_id = waiting.company_id and run.due_at <= now()
  )
$$;

CREATE FUNCTION private.company_for(VARIADIC scopes text[]) RETURNS uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  token jsonb := private.claims();
  key record;
  wanted text;
begin
  if token ->> 'role' is distinct from 'api_key' then
    return null;
  end if;

  select api_keys.company_id, api_keys.scopes into key
  from public.api_keys
  where api_keys.id = (token ->> 'sub')::uuid
    and api_keys.company_id = (token ->> 'company_id')::uuid
    and api_keys.revoked_at is null
    and (api_keys.expires_at is null or api_keys.expires_at > statement_timestamp());
  if not found then
    perform private.refuse(
      401,
      'UNAUTHORIZED',
      'This API key is revoked, expired or unknown.',
      hint => 'Ask whoever runs this API for a new key.'
    );
  end if;

  foreach wanted in array company_for.scopes loop
    if key.scopes && private.scopes_that_allow(wanted) and token -> 'scopes' ?| private.scopes_that_allow(wanted) then
      return key.company_id;
    end if;
  end loop;
  return null;
end
$$;

CREATE FUNCTION private.folded(given text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $_$
begin
  if given ~ '^[\x20-\x5f\x61-\x7e]*$' then
    return lower(given);
  end if;
  return replace(replace(replace(replace(
    translate(
      lower(regexp_replace(
        normalize(translate(given, '´`‘’‚‛ʹʻʼʽˈ′‐‑‒–—―−', '''''''''''''''''''''''''-------'), nfkd), '[\u0300-\u036f]', '', 'g'
      )),
      'øłđðħıŧς', 'olddhitσ'
    ),
    'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th');
end
$_$;

CREATE FUNCTION private.is_name(given text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  return private.is_line(given) and given !~* '://|www\.';
end
$$;

CREATE TABLE public.crm_contacts (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    company_id uuid DEFAULT private.claimed_company() NOT NULL,
    first_name text NOT NULL,
    last_name text,
    email text,
    phone text,
    job_title text,
    source text,
    images text[] DEFAULT '{}'::text[] NOT NULL,
    made_by_form boolean DEFAULT false NOT NULL,
    created_by uuid DEFAULT private.calling_key(),
    unsubscribed_at timestamp(3) with time zone,
    email_unsubscribed boolean GENERATED ALWAYS AS ((unsubscribed_at IS NOT NULL)) STORED NOT NULL,
    archived_at timestamp(3) with time zone,
    search_text text GENERATED ALWAYS AS (private.folded(((((((first_name || ' '::text) || COALESCE(last_name, ''::text)) || ' '::text) || COALESCE(email, ''::text)) || ' '::text) || COALESCE(phone, ''::text)))) STORED NOT NULL,
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    CONSTRAINT crm_contacts_email_check CHECK (private.is_email(email)),
    CONSTRAINT crm_contacts_first_name_check CHECK ((((char_length(first_name) >= 1) AND (char_length(first_name) <= 200)) AND private.is_name(first_name))),
    CONSTRAINT crm_contacts_job_title_check CHECK (((char_length(job_title) <= 200) AND private.is_line(job_title))),
    CONSTRAINT crm_contacts_last_name_check CHECK (((char_length(last_name) <= 200) AND private.is_name(last_name))),
    CONSTRAINT crm_contacts_phone_check CHECK ((phone ~ '^\+[1-9][0-9]{1,14}(;ext=[0-9]{1,15})?$'::text)),
    CONSTRAINT crm_contacts_source_check CHECK (((char_length(source) >= 1) AND (char_length(source) <= 200)))
);

CREATE FUNCTION private.contact_card(contact public.crm_contacts) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  return (
    select case when (contact).id is not null then jsonb_build_object(
      'id', (contact).id,
      'first_name', (contact).first_name,
      'last_name', (contact).last_name,
      'email', (contact).email,
      'phone', (contact).phone,
      'job_title', (contact).job_title
    ) end
  );
end
$$;

CREATE FUNCTION private.contact_for(workspace uuid, first_name text, last_name text, email text, phone text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
#variable_conflict use_column
declare
  found_id uuid;
begin
  perform pg_advisory_xact_lock(lock)
  from (
    select distinct hashtextextended(workspace || address, 0) as lock
    from unnest(array[private.email_key(contact_for.email), contact_for.phone]) as address
    where address is not null
    order by lock
  ) as locks;

  select id into found_id
  from public.crm_contacts
  where crm_contacts.company_id = workspace and private.email_key(crm_contacts.email) = private.email_key(contact_for.email);
  if contact_for.email is null then
    select id into found_id
    from public.crm_contacts
    where crm_contacts.company_id = workspace
      and crm_contacts.phone = contact_for.phone
      and private.folded(crm_contacts.first_name) = private.folded(contact_for.first_name)
    order by created_at, id
    limit 1;
  end if;
  if found_id is null then
    insert into public.crm_contacts (company_id, first_name, last_name, email, phone, made_by_form)
    values (workspace, contact_for.first_name, contact_for.last_name, contact_for.email, contact_for.phone, true)
    on conflict (company_id, private.email_key(email)) do nothing
    returning id into found_id;
  end if;
  if found_id is null then
    -- Somebody added the email by another way while this insert waited for them.
    select id into found_id
    from public.crm_contacts
    where crm_contacts.company_id = workspace and private.email_key(crm_contacts.email) = private.email_key(contact_for.email);
  end if;
  return found_id;
end
$$;

CREATE FUNCTION private.contact_with_email(email text) RETURNS uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return (
    select id
    from public.crm_contacts
    where company_id = private.company_for('contacts:write')
      and private.email_key(crm_contacts.email) = private.email_key(contact_with_email.email)
  );
end
$$;

CREATE FUNCTION private.convert_referral(referral_id uuid) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  workspace uuid := private.require_company('referrals:write');
  referral public.referrals;
  thanks private.thank_yous;
  mine boolean := false;
begin
  select * into referral
  from public.referrals
  where id = convert_referral.referral_id and company_id = workspace
  for update;
  if not found then
    perform private.refuse(404, 'NOT_FOUND', 'There is no such row in your workspace.');
  end if;
  if referral.status = 'declined' then
    perform private.refuse(
      409,
      'CONFLICT',
      'This referral was declined: change its status before you convert it.',
      hint => 'Set its status to pending or accepted by a PATCH, then convert it.'
    );
  end if;
  if referral.status <> 'converted' then
    update public.referrals set status = 'converted' where id = referral.id returning * into referral;
  end if;

  select * into thanks from private.thank_yous where thank_yous.referral_id = referral.id;
  if not found then
    insert into private.thank_yous (referral_id) values (referral.id) returning * into thanks;
    mine := true;
  elsif thanks.sent is false or (thanks.sent is null and thanks.claimed_at < clock_timestamp() - private.thank_you_lease())
  then
    update private.thank_yous
    set attempt = attempt + 1, sent = null, error = null, claimed_at = clock_timestamp()
    where thank_yous.referral_id = referral.id
    returning * into thanks;
    mine := true;
  end if;
  if mine then
    thanks := private.take_thank_you_mail(thanks);
    mine := thanks.sent is null;
  end if;
  return private.thank_you(thanks) || jsonb_build_object(
    'referral', to_jsonb(referral),
    'mail', case when mine then private.thank_you_mail(referral.id) end
  );
end
$$;

CREATE FUNCTION private.count_changed_requests() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform private.count_rows(workspace, 'open_requests', added)
  from (
    select company_id as workspace, sum(change) as added
    from (
      select company_id, 1 as change from new_rows where written_status in ('sent', 'viewed')
      union all
      select company_id, -1 from old_rows where written_status in ('sent', 'viewed')
    ) as changes
    group by 1 having sum(change) <> 0 order by 1
  ) as counted;
  return null;
end
$$;

CREATE FUNCTION private.count_form_try() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $_$
declare
  headers constant jsonb := nullif(current_setting('request.headers', true), '')::jsonb;
  told constant text := headers ->> 'x-client-address';
  limits private.form_limits;
  address text;
  most integer;
  counted private.form_addresses;
begin
  select * into limits from private.form_limits;
  if sha256(convert_to(headers ->> 'x-client-address-signature', 'UTF8'))
    = sha256(convert_to(encode(extensions.hmac(told, private.form_address_key(), 'sha256'), 'hex'), 'UTF8'))
  then
    address := split_part(told, ' ', 1);
    most := split_part(told, ' ', 2)::integer;
  else
    address := private.address_group(
      btrim(substring(headers ->> limits.client_address_header from '[^,]*$'))
    );
    most := case when address is null then coalesce(limits.tries_of_unknown, 20000)
      else coalesce(limits.tries_per_hour, 1000) end;
  end if;

  delete from private.form_addresses where form_addresses.address in (
    select old.address from private.form_addresses as old
    where old.since <= now() - interval '1 hour'
    order by old.since
    limit 10
    for update skip locked
  );
  insert into private.form_addresses as known (address, tries, since)
  values (coalesce(address, 'unknown'), 1, now())
  on conflict on constraint form_addresses_pkey do update
    set tries = case when known.since <= now() - interval '1 hour' then 1 else known.tries + 1 end,
      since = case when known.since <= now() - interval '1 hour' then now() else known.since end
  returning * into counted;
  if counted.tries <= most then
    return 0;
  end if;
  return ceil(extract(epoch from counted.since + interval '1 hour' - now()));
end
$_$;

CREATE FUNCTION private.count_new_contacts() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform private.count_rows(workspace, 'contacts', added)
  from (select company_id as workspace, count(*) as added from new_rows group by 1 order by 1) as counted;
  return null;
end
$$;

CREATE FUNCTION private.count_new_requests() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform private.count_rows(workspace, 'open_requests', added)
  from (
    select company_id as workspace, count(*) as added from new_rows
    where written_status in ('sent', 'viewed')
    group by 1 order by 1
  ) as counted;
  return null;
end
$$;

CREATE FUNCTION private.count_removed_contacts() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform private.count_rows(workspace, 'contacts', -removed)
  from (select company_id as workspace, count(*) as removed from old_rows group by 1 order by 1) as counted;
  return null;
end
$$;

CREATE FUNCTION private.count_removed_requests() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform private.count_rows(workspace, 'open_requests', -removed)
  from (
    select company_id as workspace, count(*) as removed from old_rows
    where written_status in ('sent', 'viewed')
    group by 1 order by 1
  ) as counted;
  return null;
end
$$;

CREATE FUNCTION private.count_rows(workspace uuid, name text, added bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  maximum integer;
  held bigint;
begin
  -- Rows that go with their workspace are nobody's any more.
  insert into private.row_counts (company_id, name, shard, rows)
  select workspace, count_rows.name, pg_backend_pid() % 16, added
  where exists (select from public.companies where id = workspace)
  on conflict on constraint row_counts_pkey do update set rows = row_counts.rows + added;
  if added <= 0 then
    return;
  end if;

  maximum := private.limit_of(workspace, name);
  held := private.counted_rows(workspace, name);
  if held > maximum - greatest(maximum / 10, 1000) then
    perform pg_advisory_xact_lock(hashtextextended(name || ' of ' || workspace, 0));
    held := private.counted_rows(workspace, name);
  end if;
  if held > maximum then
    perform private.refuse_over_limit(name, maximum);
  end if;
end
$$;

CREATE FUNCTION private.counted_rows(workspace uuid, name text) RETURNS bigint
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  return coalesce(
    (
      select sum(rows) from private.row_counts
      where row_counts.company_id = workspace and row_counts.name = counted_rows.name
    ),
    0
  );
end
$$;

CREATE FUNCTION private.create_company_settings() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  insert into public.company_settings (company_id) values (new.id) on conflict do nothing;
  return null;
end
$$;

CREATE FUNCTION private.create_webhook_subscription(url text, events text[], enabled boolean, secret text) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  workspace uuid := private.require_company('webhooks:write');
  subscription public.webhook_subscriptions;
begin
  insert into public.webhook_subscriptions (company_id, url, events, enabled, disabled_at)
  values (
    workspace, create_webhook_subscription.url, create_webhook_subscription.events, create_webhook_subscription.enabled,
    case when not create_webhook_subscription.enabled then now() end
  )
  returning * into subscription;
  return to_jsonb(subscription) || jsonb_build_object('secret', private.issue_webhook_secret(
    subscription.id, create_webhook_subscription.secret
  ));
end
$$;

CREATE FUNCTION private.credits_used(of_key uuid) RETURNS integer
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  return coalesce(
    (
      select used from private.key_credits
      where key_id = of_key and month = date_trunc('month', now() at time zone 'UTC')::date
    ),
    0
  );
end
$$;

CREATE FUNCTION private.currency_decimals(currency text) RETURNS integer
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  return case
    when currency in (
      'AED', 'AFN', 'ALL', 'AMD', 'ANG', 'AOA', 'ARS', 'AUD', 'AWG', 'AZN', 'BAM', 'BBD', 'BDT', 'BGN', 'BMD',
      'BND', 'BOB', 'BOV', 'BRL', 'BSD', 'BTN', 'BWP', 'BYN', 'BZD', 'CAD', 'CDF', 'CHE', 'CHF', 'CHW', 'CNY',
      'COP', 'COU', 'CRC', 'CUC', 'CUP', 'CVE', 'CZK', 'DKK', 'DOP', 'DZD', 'EGP', 'ERN', 'ETB', 'EUR', 'FJD',
      'FKP', 'GBP', 'GEL', 'GHS', 'GIP', 'GMD', 'GTQ', 'GYD', 'HKD', 'HNL', 'HRK', 'HTG', 'HUF', 'IDR', 'ILS',
      'INR', 'IRR', 'JMD', 'KES', 'KGS', 'KHR', 'KPW', 'KYD', 'KZT', 'LAK', 'LBP', 'LKR', 'LRD', 'LSL', 'MAD',
      'MDL', 'MGA', 'MKD', 'MMK', 'MNT', 'MOP', 'MRU', 'MUR', 'MVR', 'MWK', 'MXN', 'MXV', 'MYR', 'MZN', 'NAD',
      'NGN', 'NIO', 'NOK', 'NPR', 'NZD', 'PAB', 'PEN', 'PGK', 'PHP', 'PKR', 'PLN', 'QAR', 'RON', 'RSD', 'RUB',
      'SAR', 'SBD', 'SCR', 'SDG', 'SEK', 'SGD', 'SHP', 'SLE', 'SLL', 'SOS', 'SRD', 'SSP', 'STN', 'SVC', 'SYP',
      'SZL', 'THB', 'TJS', 'TMT', 'TOP', 'TRY', 'TTD', 'TWD', 'TZS', 'UAH', 'USD', 'USN', 'UYU', 'UZS', 'VED',
      'VES', 'WST', 'XCD', 'XCG', 'YER', 'ZAR', 'ZMW', 'ZWG', 'ZWL'
    ) then 2
    when currency in (
      'BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF',
      'XOF', 'XPF'
    ) then 0
    when currency in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 3
    when currency in ('CLF', 'UYW') then 4
  end;
end
$$;

CREATE FUNCTION private.deal_contact(deal_id uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return (
    select private.contact_card(crm_contacts)
    from public.crm_deals
    join public.crm_contacts on crm_contacts.id = crm_deals.contact_id
      and crm_contacts.company_id = crm_deals.company_id
    where crm_deals.id = deal_contact.deal_id
      and crm_deals.company_id = (select private.company_for('opportunities:read'))
  );
end
$$;

CREATE FUNCTION private.deal_placements(deal_id uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return (
    select private.placements_in(deal_placements.deal_id, private.company_for('opportunities:read'))
  );
end
$$;

CREATE FUNCTION private.deal_referrer(deal_id uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return (
    select private.contact_card(crm_contacts)
    from public.crm_deals
    join public.crm_contacts on crm_contacts.id = crm_deals.primary_referrer_contact_id
      and crm_contacts.company_id = crm_deals.company_id
    where crm_deals.id = deal_referrer.deal_id
      and crm_deals.company_id = (select private.company_for('opportunities:read'))
  );
end
$$;

CREATE FUNCTION private.default_limit(name text) RETURNS integer
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
  select case name
    when 'mails_per_day' then 1000
    when 'contacts' then 1000000
    when 'automations' then 100
    when 'actions' then 20
    when 'subscriptions' then 20
    when 'open_requests' then 100000
  end
$$;

CREATE FUNCTION private.delivery_jobs(ids uuid[]) RETURNS json
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  with secret as materialized (
    select subscription_id, jsonb_agg(decrypted_secret order by expires_at nulls first) as secrets
    from private.webhook_secrets
    join vault.decrypted_secrets on decrypted_secrets.id = webhook_secrets.vault_id
    where subscription_id in (select subscription_id from public.webhook_deliveries where id = any (ids))
      and (expires_at is null or expires_at > now())
    group by subscription_id
  )
  select coalesce(json_agg(json_build_object(
    'id', delivery.id,
    'subscription_id', delivery.subscription_id,
    'url', subscription.url,
    'secrets', secret.secrets,
    'event_id', delivery.event_id,
    'event_type', delivery.event_type,
    'tries', delivery.attempt_count,
    'data', private.event_data(event)
  )), '[]')
  from public.webhook_deliveries as delivery
  join public.webhook_subscriptions as subscription on subscription.id = delivery.subscription_id
  join private.events as event on event.id = delivery.event_id
  left join secret on secret.subscription_id = delivery.subscription_id
  where delivery.id = any (ids)
$$;

CREATE FUNCTION private.demand_scopes(scopes text[]) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  wanted text;
begin
  if private.calling_key() is null then
    return;
  end if;
  foreach wanted in array demand_scopes.scopes loop
    if private.company_for(wanted) is null then
      perform private.refuse(
        403, 'INSUFFICIENT_SCOPE', 'This API key lacks the scope ' || wanted || ', which what you save would use.',
        details => wanted
      );
    end if;
  end loop;
end
$$;

CREATE FUNCTION private.dispatch_lease() RETURNS interval
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$ select interval '90 seconds' $$;

CREATE FUNCTION private.email_key(email text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $_$
begin
  if email ~ '^[\x01-\x7f]*$' then
    return lower(email);
  end if;
  -- A capital sigma does not tell which of its two small ones it was.
  return translate(lower(normalize(substring(email from '^(.*)@'), nfc)), 'ς', 'σ') || '@' || private.ascii_domain(substring(email from '[^@]*$'));
end
$_$;

CREATE FUNCTION private.end_of_day(instant timestamp with time zone, days integer, zone text) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
  select (date_trunc('day', instant at time zone zone) + make_interval(days => days + 1)) at time zone zone
    - interval '1 millisecond'
$$;

CREATE FUNCTION private.enter_chain(run public.automation_runs) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$
  select set_config('referrals.chain_depth', (run.depth + 1)::text, true),
    set_config('referrals.chain_root', coalesce(run.root_id, run.event_id)::text, true),
    set_config('referrals.chain_automation', run.automation_id::text, true)
$$;

CREATE FUNCTION private.skipped_actions() RETURNS uuid[]
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
  select coalesce(nullif(current_setting('referrals.skip_action_ids', true), ''), '{}')::uuid[]
$$;

CREATE TABLE private.events (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    company_id uuid NOT NULL,
    type text NOT NULL,
    data jsonb NOT NULL,
    depth smallint DEFAULT 0 NOT NULL,
    root_id uuid DEFAULT private.chain_root(),
    caused_by uuid DEFAULT private.chain_automation(),
    runs_automations boolean DEFAULT true NOT NULL,
    skip_action_ids uuid[] DEFAULT private.skipped_actions() NOT NULL,
    occurred_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    fanned_out_at timestamp(3) with time zone
);

CREATE FUNCTION private.event_data(event private.events) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  return event.data || jsonb_build_object(
    'event_id', event.id,
    'occurred_at', to_char(event.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
  );
end
$$;

CREATE FUNCTION private.event_type_of(run public.automation_runs) RETURNS text
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
  select case run.trigger_type when 'api' then 'automation_triggered' else run.trigger_type end
$$;

CREATE FUNCTION private.fan_out(most integer, most_claimed integer, busy uuid[]) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  waiting uuid[];
  claimed uuid[] := array[]::uuid[];
  workspace record;
  event uuid;
  is_done boolean := true;
begin
  with company as (
    select company_id, count(*) over () as companies
    from private.companies_with_events() as company_id
    order by random()
    limit most
  ), taken as (
    select event.id
    from company
    cross join lateral (
      select greatest(
        (select count(*) from public.webhook_subscriptions where company_id = company.company_id and enabled)
          + (select count(*) from public.automations where company_id = company.company_id and enabled),
        1
      ) as count
    ) as receivers
    cross join lateral (
      select id
      from private.events
      where company_id = company.company_id and fanned_out_at is null
      order by occurred_at
      limit greatest(most / company.companies / receivers.count, 1)
      for update skip locked
    ) as event
  )
  select array_agg(id) into waiting from taken;
  if waiting is null then
    return jsonb '{"claimed": [], "more": false}';
  end if;

  perform set_config('lock_timeout', '1s', true);
  begin
    claimed := private.fan_out_events(waiting, most_claimed, busy);
  exception when others then
    is_done := false;
    for workspace in
      select company_id, array_agg(id) as ids from private.events where id = any (waiting) group by company_id
    loop
      begin
        claimed := claimed || private.fan_out_events(workspace.ids, most_claimed - cardinality(claimed), busy);
        is_done := true;
      exception when lock_not_available or deadlock_detected then
        raise warning 'The events of % wait for a lock.', workspace.company_id;
      when others then
        foreach event in array workspace.ids loop
          begin
            claimed := claimed || private.fan_out_events(array[event], most_claimed - cardinality(claimed), busy);
            is_done := true;
          exception when others then
            raise warning 'The event % cannot be told: %', event, sqlerrm;
          end;
        end loop;
      end;
    end loop;
  end;
  return jsonb_build_object(
    'claimed', claimed,
    'more', is_done and exists (select from private.events where fanned_out_at is null)
  );
end
$$;

CREATE FUNCTION private.fan_out_events(ids uuid[], most_claimed integer, busy uuid[]) RETURNS uuid[]
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  companies uuid[] := array(select distinct company_id from private.events where id = any (ids));
  claimed uuid[];
begin
  -- Who fans out another event of the same chain counts its runs after these are there.
  perform pg_advisory_xact_lock(hashtextextended('referrals chain ' || root_id, 0))
  from (select distinct root_id from private.events where id = any (ids) and root_id is not null order by root_id) as root;

  with event as (
    update private.events set fanned_out_at = now() where id = any (ids) returning events.*
  ), subscription as materialized (
    select * from public.webhook_subscriptions where company_id = any (companies) and enabled for key share
  ), wanted as (
    select subscription.company_id, subscription.id as subscription_id, event.id as event_id, event.type, event.occurred_at,
      subscription.failing_since is null
        and subscription.id <> all (busy)
        and subscription.company_id <> all (busy)
        and not exists (
          select from private.webhook_circuits as circuit
          where circuit.company_id = subscription.company_id
            and circuit.host = subscription.host
            and circuit.open_until is not null
        ) as is_free
    from event
    join subscription on subscription.company_id = event.company_id and event.type = any (subscription.events)
      and private.maker_allows(subscription.created_by, private.scopes_to_hear(event.type))
  ), in_rounds as (
    select *, row_number() over (partition by company_id, is_free order by occurred_at, event_id) as round from wanted
  ), placed as (
    select *, is_free and row_number() over (partition by is_free order by round) <= most_claimed as is_taken from in_rounds
  ), delivery as (
    insert into public.webhook_deliveries (company_id, subscription_id, event_id, event_type, due_at, under_way)
    select company_id, subscription_id, event_id, type,
      case when is_taken then now() + private.dispatch_lease() else date_trunc('milliseconds', now()) end, is_taken
    from placed
    order by round
    on conflict on constraint webhook_deliveries_subscription_id_event_id_key do nothing
    returning id, under_way
  ), automation as materialized (
    select * from public.automations where company_id = any (companies) and enabled for key share
  ), start as (
    select event.id as event_id, event.type, event.depth, coalesce(event.root_id, event.id) as root_id,
      automation.id as automation_id, automation.company_id, automation.priority, automation.created_at,
      case when event.root_id is null then 0 else private.chain_runs(event.root_id) end as started,
      case
        when event.caused_by = automation.id
          then 'An automation does not start itself: this run stems from what it wrote, and was not run.'
        when event.depth >= private.max_chain_depth()
          then 'A chain of automations ends at depth ' || private.max_chain_depth() || ': this one was not run.'
      end as refusal
    from event
    join automation on automation.company_id = event.company_id
      and automation.enabled_at <= event.occurred_at
      and automation.trigger_type = event.type
      and (automation.stage_id is null or automation.stage_id = private.as_id(event.data ->> 'stage_id'))
    where event.runs_automations
  ), counted as (
    select *, started + row_number() over (
      partition by root_id, refusal is null order by event_id, priority desc, created_at, automation_id
    ) as place
    from start
  ), run as (
    insert into public.automation_runs (company_id, automation_id, event_id, trigger_type, depth, root_id, refusal)
    select company_id, automation_id, event_id, type, depth, root_id,
      coalesce(refusal, case when place > private.max_chain_runs()
        then 'This write has started ' || private.max_chain_runs() || ' runs already: this one was not run.'
      end)
    from counted
    order by priority desc, created_at, automation_id
    on conflict do nothing
  )
  select array_agg(id) into claimed from delivery where under_way;
  return coalesce(claimed, '{}');
end
$$;

CREATE FUNCTION private.finish_run(run_id uuid, status text, actions_total integer, error text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  update public.automation_runs as run
  set status = finish_run.status,
    error = finish_run.error,
    completed_at = clock_timestamp(),
    duration_ms = extract(epoch from clock_timestamp() - run.started_at) * 1000,
    actions_total = finish_run.actions_total,
    actions_executed = results.completed,
    actions_failed = results.failed,
    actions_skipped = greatest(finish_run.actions_total - results.completed - results.failed, 0),
    due_at = null
  from (
    select
      count(*) filter (where result ->> 'status' = 'completed') as completed,
      count(*) filter (where result ->> 'status' = 'failed') as failed
    from private.action_results
    where action_results.run_id = finish_run.run_id
  ) as results
  where run.id = finish_run.run_id and run.status = 'running'
$$;

CREATE FUNCTION private.fits_a_mail(html text) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
  select octet_length(html) + 1800 * regexp_count(html, '\{\{[^{}]*\}\}') <= 100000
$$;

CREATE FUNCTION private.follow_deleted_referrals() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  deal_ids uuid[];
  changes private.referrer_counts[];
  acting record := private.acting();
begin
  insert into public.audit_log (company_id, entity_type, entity_id, action, changes, actor_type, actor_id, request_id, via)
  select company_id, 'referral', id, 'delete', private.changes_of(null, private.audited(old_rows)),
    acting.actor_type, acting.actor_id, acting.request_id, acting.via
  from old_rows;

  insert into private.events (company_id, type, depth, data)
  select old_rows.company_id, 'referral_attributed', private.chain_depth(),
    data || jsonb_build_object('operation', 'DELETE', 'previous', data)
  from old_rows
  left join public.crm_contacts as referrer on referrer.id = old_rows.referrer_contact_id,
  private.referral_data(old_rows, referrer.email) as data;

  select array_agg(distinct referred_deal_id order by referred_deal_id) into deal_ids
  from old_rows
  where referred_deal_id is not null;
  select array_agg(change order by change.contact_id) into changes
  from (
    select company_id, referrer_contact_id as contact_id, -count(*), -count(*) filter (where status = 'converted')
    from old_rows
    where status <> 'declined'
    group by company_id, referrer_contact_id
  ) as change;
  perform private.follow_referrals(deal_ids, changes);
  return null;
end
$$;

CREATE FUNCTION private.follow_inserted_referrals() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  deal_ids uuid[];
  changes private.referrer_counts[];
  acting record := private.acting();
begin
  insert into public.audit_log (company_id, entity_type, entity_id, action, changes, actor_type, actor_id, request_id, via)
  select company_id, 'referral', id, 'insert', private.changes_of(private.audited(new_rows), null),
    acting.actor_type, acting.actor_id, acting.request_id, acting.via
  from new_rows;

  insert into private.events (company_id, type, depth, data)
  select new_rows.company_id, 'referral_attributed', private.chain_depth(),
    private.referral_data(new_rows, referrer.email) || '{"operation": "INSERT", "previous": {}}'
  from new_rows
  left join public.crm_contacts as referrer on referrer.id = new_rows.referrer_contact_id;

  select
    (select array_agg(distinct referred_deal_id order by referred_deal_id) from new_rows where referred_deal_id is not null),
    (
      select array_agg(change order by change.contact_id)
      from (
        select company_id, referrer_contact_id as contact_id, count(*), count(*) filter (where status = 'converted')
        from new_rows
        where status <> 'declined'
        group by company_id, referrer_contact_id
      ) as change
    )
  into deal_ids, changes;
  perform private.follow_referrals(deal_ids, changes);
  return null;
end
$$;

CREATE FUNCTION private.follow_referrals(deal_ids uuid[], changes private.referrer_counts[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if cardinality(deal_ids) = 1 then
    perform private.refresh_primary_referrer(deal_ids[1]);
  elsif deal_ids is not null then
    perform private.refresh_primary_referrers(deal_ids);
  end if;
  if cardinality(changes) = 1 then
    perform private.add_referrer_count(changes[1]);
  elsif changes is not null then
    perform private.add_referrer_counts(changes);
  end if;
end
$$;

CREATE FUNCTION private.follow_updated_referrals() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  deal_ids uuid[];
  changes private.referrer_counts[];
  acting record := private.acting();
begin
  insert into public.audit_log (company_id, entity_type, entity_id, action, changes, actor_type, actor_id, request_id, via)
  select new_rows.company_id, 'referral', new_rows.id, 'update', difference,
    acting.actor_type, acting.actor_id, acting.request_id, acting.via
  from old_rows
  join new_rows using (id),
  private.changes(private.audited(old_rows), private.audited(new_rows)) as difference
  where difference <> '{}';

  insert into private.events (company_id, type, depth, data)
  select new_rows.company_id, 'referral_attributed', private.chain_depth(),
    data || jsonb_build_object('operation', 'UPDATE', 'previous', (
      select coalesce(jsonb_object_agg(field.key, field.value), '{}')
      from jsonb_each(old_data) as field
      where field.value is distinct from data -> field.key
    ))
  from old_rows
  join new_rows using (id)
  left join public.crm_contacts as old_referrer on old_referrer.id = old_rows.referrer_contact_id
  left join public.crm_contacts as referrer on referrer.id = new_rows.referrer_contact_id,
  private.referral_data(old_rows, old_referrer.email) as old_data,
  private.referral_data(new_rows, referrer.email) as data;

  select array_agg(distinct deal_id order by deal_id) into deal_ids
  from old_rows
  join new_rows using (id),
  unnest(array[old_rows.referred_deal_id, new_rows.referred_deal_id]) as deal_id
  where deal_id is not null
    and (
      old_rows.referred_deal_id, old_rows.referrer_contact_id, old_rows.category, old_rows.status, old_rows.created_at,
      old_rows.hand_set
    ) is distinct from (
      new_rows.referred_deal_id, new_rows.referrer_contact_id, new_rows.category, new_rows.status, new_rows.created_at,
      new_rows.hand_set
    );
  select array_agg(change order by change.contact_id) into changes
  from (
    select company_id, referrer_contact_id as contact_id, sum(one)::bigint,
      coalesce(sum(one) filter (where status = 'converted'), 0)::bigint
    from (
      select company_id, referrer_contact_id, status, -1 as one from old_rows where status <> 'declined'
      union all
      select company_id, referrer_contact_id, status, 1 from new_rows where status <> 'declined'
    ) as both_sides
    group by company_id, referrer_contact_id
    having sum(one) <> 0 or sum(one) filter (where status = 'converted') <> 0
  ) as change;
  perform private.follow_referrals(deal_ids, changes);
  return null;
end
$$;

CREATE FUNCTION private.foremost_referral(deal uuid, workspace uuid, cleared_at timestamp with time zone) RETURNS TABLE(referrer_contact_id uuid, category text)
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  return query
  select referrals.referrer_contact_id, referrals.category
  from public.referrals
  where company_id = workspace and referred_deal_id = deal and hand_set and status <> 'declined';
  if not found then
    return query
    select referrals.referrer_contact_id, referrals.category
    from public.referrals
    where referred_deal_id = deal
      and company_id = workspace
      and status <> 'declined'
      and created_at > coalesce(cleared_at, '-infinity')
    order by created_at desc, id desc
    limit 1;
  end if;
end
$$;

CREATE FUNCTION private.forget_audit_log() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform set_config('referrals.audit_log_is_cleaned', 'on', true);
  delete from public.audit_log where company_id = old.id;
  perform set_config('referrals.audit_log_is_cleaned', '', true);
  return null;
end
$$;

CREATE FUNCTION private.forget_webhook_secret() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  delete from vault.secrets where id = old.vault_id;
  return null;
end
$$;

CREATE FUNCTION private.form_address_key() RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select encode(extensions.hmac('form addresses', decrypted_secret, 'sha256'), 'hex')
  from vault.decrypted_secrets
  where name = 'referrals_dispatch_key'
$$;

CREATE FUNCTION private.give_back_credits(charge uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  charged private.credit_charges;
begin
  delete from private.credit_charges where id = charge and key_id = private.calling_key() returning * into charged;
  update private.key_credits set used = used - charged.cost
  where key_id = charged.key_id and month = charged.month;
end
$$;

CREATE FUNCTION private.has_contact(contact_id uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select true
  from public.crm_contacts
  where id = has_contact.contact_id and company_id = (select private.company_for('opportunities:read'))
$$;

CREATE FUNCTION private.is_unsubscribed(workspace uuid, contact uuid, address text) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
  select exists (
    select from private.unsubscribed
    where unsubscribed.company_id = workspace and unsubscribed.email = private.email_key(address)
  ) or exists (
    select from private.unsubscribed_contacts
    where unsubscribed_contacts.contact_id = contact and unsubscribed_contacts.company_id = workspace
  )
$$;

CREATE FUNCTION private.is_webhook_url(url text) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $_$
  select coalesce(char_length(url) <= 2048 and url ~ '^https?://[^\s/?#@]+([/?#]\S*)?$', false)
$_$;

CREATE FUNCTION private.issue_webhook_secret(subscription uuid, own text DEFAULT NULL::text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  secret text := coalesce(own, 'whsec_' || encode(extensions.gen_random_bytes(32), 'base64'));
begin
  if char_length(secret) not between 24 and 200 then
    perform private.refuse(400, 'VALIDATION_ERROR', 'secret must have 24 to 200 characters.', details => 'secret');
  end if;
  delete from private.webhook_secrets where subscription_id = subscription and expires_at is not null;
  update private.webhook_secrets set expires_at = now() + interval '24 hours' where subscription_id = subscription;
  insert into private.webhook_secrets (vault_id, subscription_id)
  values (vault.create_secret(secret, 'referrals_webhook_' || gen_random_uuid()), subscription);
  return secret;
end
$$;

CREATE FUNCTION private.keep_audit_log() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  if tg_op <> 'DELETE' or current_setting('referrals.audit_log_is_cleaned', true) is distinct from 'on' then
    raise insufficient_privilege using message = 'Nobody changes what the audit log says.';
  end if;
  return null;
end
$$;

CREATE FUNCTION private.keep_email_unsubscribed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  new.unsubscribed_at := case
    when private.is_unsubscribed(new.company_id, new.id, new.email) then coalesce(new.unsubscribed_at, now())
  end;
  return new;
end
$$;

CREATE FUNCTION private.keep_unsubscribed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  insert into private.unsubscribed (company_id, email)
  select new.company_id, private.email_key(new.email)
  from private.unsubscribed_contacts
  where contact_id = new.id
  on conflict do nothing;
  return null;
end
$$;

CREATE FUNCTION private.limit_of(workspace uuid, name text) RETURNS integer
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  return coalesce(
    (
      select value from private.workspace_limits
      where workspace_limits.company_id = workspace and workspace_limits.name = limit_of.name
    ),
    private.default_limit(limit_of.name)
  );
end
$$;

CREATE FUNCTION private.link_unsubscribing(token text, contact public.crm_contacts) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$
  insert into private.unsubscribe_links (token_hash, company_id, contact_id, email)
  values (private.token_hash(token), contact.company_id, contact.id, private.email_key(contact.email))
  on conflict do nothing
$$;

CREATE FUNCTION private.make_action_webhook() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform private.webhook_for(new.company_id, new.config ->> 'url', new.created_by);
  return null;
end
$$;

CREATE FUNCTION private.maker_allows(maker uuid, scopes text[]) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return maker is null or exists (
    select from public.api_keys as key
    where key.id = maker
      and key.disabled_at is null
      and not exists (
        select from unnest(maker_allows.scopes) as wanted where not key.scopes && private.scopes_that_allow(wanted)
      )
  );
end
$$;

CREATE FUNCTION private.max_chain_depth() RETURNS smallint
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$ select 5::smallint $$;

CREATE FUNCTION private.max_chain_runs() RETURNS integer
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$ select 100 $$;

CREATE FUNCTION private.max_host_failures() RETURNS integer
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$ select 5 $$;

CREATE FUNCTION private.max_runs_under_way() RETURNS integer
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$ select 4 $$;

CREATE FUNCTION private.may_write_referrals() RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  return private.claims() ->> 'role' is distinct from 'api_key'
    or private.company_for('referrals:write') is not null;
end
$$;

CREATE FUNCTION private.name_sender() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  new.mail_name := coalesce(new.mail_name, new.name);
  return new;
end
$$;

CREATE FUNCTION private.never_audited() RETURNS text[]
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
  select array['id', 'company_id', 'created_by', 'created_at', 'updated_at']
$$;

CREATE FUNCTION private.note_deal_age() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  select created_at into new.deal_created_at
  from public.crm_deals
  where id = new.deal_id and company_id = new.company_id
  for share;
  return new;
end
$$;

CREATE FUNCTION private.note_enabling() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  new.enabled_at := now();
  return new;
end
$$;

CREATE FUNCTION private.note_hosts(verdicts jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  perform from private.webhook_circuits as circuit
  join jsonb_to_recordset(verdicts) as verdict (company_id uuid, host text) using (company_id, host)
  order by company_id, host
  for update of circuit;

  delete from private.webhook_circuits as circuit
  using jsonb_to_recordset(verdicts) as verdict (company_id uuid, host text, succeeded boolean)
  where circuit.company_id = verdict.company_id and circuit.host = verdict.host and verdict.succeeded;

  insert into private.webhook_circuits as circuit (company_id, host, failures)
  select verdict.company_id, verdict.host, verdict.failures
  from jsonb_to_recordset(verdicts) as verdict (company_id uuid, host text, failures integer)
  join public.companies on companies.id = verdict.company_id
  where verdict.failures > 0
  order by verdict.company_id, verdict.host
  on conflict on constraint webhook_circuits_pkey do update set failures = circuit.failures + excluded.failures;

  update private.webhook_circuits as circuit
  set open_until = clock_timestamp() + private.circuit_wait(circuit.openings), openings = circuit.openings + 1, probe = null
  from jsonb_to_recordset(verdicts) as verdict (company_id uuid, host text, failed jsonb)
  where circuit.company_id = verdict.company_id
    and circuit.host = verdict.host
    and circuit.failures >= private.max_host_failures()
    and (circuit.open_until is null or circuit.open_until <= now() or verdict.failed ? circuit.probe::text);
end
$$;

CREATE FUNCTION private.note_unsubscribed_contact() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  update public.crm_contacts
  set unsubscribed_at = now()
  where id = new.contact_id and company_id = new.company_id and unsubscribed_at is null;
  return null;
end
$$;

CREATE FUNCTION private.note_unsubscribed_email() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  update public.crm_contacts
  set unsubscribed_at = now()
  where company_id = new.company_id and private.email_key(email) = new.email and unsubscribed_at is null;
  return null;
end
$$;

CREATE FUNCTION private.open_referred_deal(workspace uuid, contact uuid) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  deal uuid;
begin
  insert into public.crm_deals (company_id, name, contact_id, lead_source)
  select workspace, left(concat_ws(' ', first_name, last_name), 300), id, 'Referral'
  from public.crm_contacts
  where id = contact and company_id = workspace
  returning id into deal;

  insert into public.crm_deal_placements (company_id, deal_id, pipeline_id, stage_id, position)
  select workspace, deal, stage.pipeline_id, stage.id, coalesce((
    select max(position) + 1
    from public.crm_deal_placements as placement
    where placement.stage_id = stage.id
      and placement.pipeline_id = stage.pipeline_id
      and placement.company_id = workspace
  ), 0)
  from public.company_settings as settings
  join public.crm_pipelines as pipeline on pipeline.company_id = workspace
    and (settings.referral_pipeline_id is null or pipeline.id = settings.referral_pipeline_id)
  join public.crm_pipeline_stages as stage on stage.pipeline_id = pipeline.id
    and (settings.referral_stage_id is null or stage.id = settings.referral_stage_id)
  where settings.company_id = workspace
  order by pipeline.created_at, pipeline.id, stage.position, stage.place, stage.id
  limit 1;
  return deal;
end
$$;

CREATE TABLE public.referral_requests (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    company_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    deal_id uuid,
    recipient_email text NOT NULL,
    recipient_name text NOT NULL,
    subject_override text,
    intro_html text,
    how_it_works_html text,
    expires_in_days integer DEFAULT 30 NOT NULL,
    sent_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    viewed_at timestamp(3) with time zone,
    submitted_at timestamp(3) with time zone,
    withdrawn_at timestamp(3) with time zone,
    expires_at timestamp(3) with time zone NOT NULL,
    referral_id uuid,
    emailed_at timestamp(3) with time zone,
    email_id text,
    email_error text,
    delivery text DEFAULT 'queued'::text NOT NULL,
    created_by uuid,
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    consented_at timestamp(3) with time zone,
    submission jsonb,
    written_status text DEFAULT 'sent'::text NOT NULL,
    lapses_at timestamp(3) with time zone,
    CONSTRAINT referral_requests_consent CHECK (((submitted_at IS NULL) = (consented_at IS NULL))),
    CONSTRAINT referral_requests_delivery_check CHECK ((delivery = ANY (ARRAY['queued'::text, 'sent'::text, 'delivered'::text, 'bounced'::text, 'complained'::text, 'suppressed'::text, 'failed'::text]))),
    CONSTRAINT referral_requests_expires_in_days_check CHECK (((expires_in_days >= 1) AND (expires_in_days <= 365))),
    CONSTRAINT referral_requests_how_it_works_html_check CHECK (((char_length(how_it_works_html) <= 20000) AND private.fits_a_mail(how_it_works_html))),
    CONSTRAINT referral_requests_intro_html_check CHECK (((char_length(intro_html) <= 20000) AND private.fits_a_mail(intro_html))),
    CONSTRAINT referral_requests_recipient_email_check CHECK (private.is_email(recipient_email)),
    CONSTRAINT referral_requests_recipient_name_check CHECK (((char_length(recipient_name) <= 401) AND private.is_name(recipient_name))),
    CONSTRAINT referral_requests_subject_override_check CHECK ((char_length(subject_override) <= 200)),
    CONSTRAINT referral_requests_submission_check CHECK ((jsonb_typeof(submission) = 'object'::text)),
    CONSTRAINT referral_requests_written_status_check CHECK ((written_status = ANY (ARRAY['sent'::text, 'viewed'::text, 'submitted'::text, 'expired'::text])))
);

CREATE FUNCTION private.open_request(request_id uuid) RETURNS public.referral_requests
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  workspace uuid := private.require_company('referrals:write');
  request public.referral_requests;
begin
  select * into request from public.referral_requests where id = request_id and company_id = workspace for update;
  if not found then
    perform private.refuse(404, 'NOT_FOUND', 'There is no such row in your workspace.');
  end if;
  if request.submitted_at is not null then
    perform private.refuse(
      409,
      'CONFLICT',
      'This request has been submitted already.',
      hint => 'Leave it as it is; to ask this contact again, make a new request.'
    );
  end if;
  return request;
end
$$;

CREATE FUNCTION private.pass_on_deal_age() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  update public.crm_deal_placements set deal_created_at = new.created_at where deal_id = new.id;
  return null;
end
$$;

CREATE FUNCTION private.placements_in(deal_id uuid, workspace uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  return (
    select coalesce(jsonb_agg(
      jsonb_build_object(
        'id', placement.id,
        'pipeline_id', placement.pipeline_id,
        'stage_id', placement.stage_id,
        'position', placement.position,
        'pipeline', jsonb_build_object('id', pipeline.id, 'name', pipeline.name),
        'stage', jsonb_build_object('id', stage.id, 'name', stage.name),
        -- TrustPager's names for the two
        'crm_pipelines', jsonb_build_object('id', pipeline.id, 'name', pipeline.name),
        'crm_pipeline_stages', jsonb_build_object('id', stage.id, 'name', stage.name, 'color', null)
      ) order by placement.created_at, placement.id
    ), '[]')
    from public.crm_deal_placements as placement
    join public.crm_pipelines as pipeline on pipeline.id = placement.pipeline_id
    join public.crm_pipeline_stages as stage on stage.id = placement.stage_id
    where placement.deal_id = placements_in.deal_id and placement.company_id = workspace
  );
end
$$;

CREATE FUNCTION private.prepare_action() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  last integer;
begin
  if private.claims() ->> 'role' = 'api_key' and private.company_for('automations:write') is distinct from new.company_id then
    return new;
  end if;
  if tg_op = 'INSERT' then
    perform from public.automations where id = new.automation_id and company_id = new.company_id for no key update;
    select max(sequence) into last
    from public.automation_actions
    where automation_id = new.automation_id and company_id = new.company_id;
    new.sequence := coalesce(new.sequence, least(coalesce(last + 1, 0), 1000));
  end if;
  if private.as_id(new.config ->> 'referrer_contact_id') is not null and not exists (
    select from public.crm_contacts
    where id = private.as_id(new.config ->> 'referrer_contact_id') and company_id = new.company_id
  ) then
    perform private.refuse(
      404,
      'NOT_FOUND',
      'config.referrer_contact_id names no row of your workspace.',
      details => 'config.referrer_contact_id'
    );
  end if;
  return new;
end
$$;

CREATE FUNCTION private.public_brand(company public.companies) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
  select private.brand(company) - array['mail_name', 'contact_email']
$$;

CREATE FUNCTION private.punycode(label text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
declare
  digits constant text := 'abcdefghijklmnopqrstuvwxyz0123456789';
  points integer[] := array(select ascii(letter) from regexp_split_to_table(label, '') as letter);
  written text := regexp_replace(label, '[^\x01-\x7f]', '', 'g');
  basic integer := length(written);
  handled integer := basic;
  least_point integer := 128;
  next_point integer;
  point integer;
  delta bigint := 0;
  bias integer := 72;
  rest bigint;
  place integer;
  threshold integer;
begin
  if basic > 0 then
    written := written || '-';
  end if;
  while handled < cardinality(points) loop
    select min(given) into next_point from unnest(points) as given where given >= least_point;
    delta := delta + (next_point - least_point)::bigint * (handled + 1);
    least_point := next_point;
    foreach point in array points loop
      if point < least_point then
        delta := delta + 1;
      elsif point = least_point then
        rest := delta;
        place := 36;
        loop
          threshold := least(greatest(place - bias, 1), 26);
          exit when rest < threshold;
          written := written || substr(digits, (threshold + (rest - threshold) % (36 - threshold) + 1)::integer, 1);
          rest := (rest - threshold) / (36 - threshold);
          place := place + 36;
        end loop;
        written := written || substr(digits, (rest + 1)::integer, 1);
        delta := delta / case when handled = basic then 700 else 2 end;
        delta := delta + delta / (handled + 1);
        bias := 0;
        while delta > 455 loop
          delta := delta / 35;
          bias := bias + 36;
        end loop;
        bias := bias + (36 * delta / (delta + 38))::integer;
        delta := 0;
        handled := handled + 1;
      end if;
    end loop;
    delta := delta + 1;
    least_point := least_point + 1;
  end loop;
  return 'xn--' || written;
end
$$;

CREATE FUNCTION private.record_action(run_id uuid, result jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  run public.automation_runs := private.run_without(run_id, (result ->> 'action_id')::uuid);
begin
  if run.id is not null then
    insert into private.action_results (run_id, action_id, result, scopes)
    values (run.id, (result ->> 'action_id')::uuid, result, coalesce(
      (
        -- An action that was changed meanwhile may have been carried out as it was.
        select private.scopes_to_see(action.action_type, action.config, automations.trigger_type)
        from public.automation_actions as action
        join public.automations on automations.id = action.automation_id
        where action.id = (result ->> 'action_id')::uuid and action.updated_at <= run.created_at
      ),
      array['contacts:read', 'opportunities:read', 'referrals:read', 'webhooks:write']
    ));
    update public.automation_runs set due_at = now() + private.dispatch_lease() where id = run.id;
  end if;
end
$$;

CREATE FUNCTION private.record_completed(run_id uuid, action public.automation_actions, request jsonb, response jsonb) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.record_outcome(run_id, action, 'completed', request, response, null) $$;

CREATE FUNCTION private.record_deliveries(outcomes jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  verdicts jsonb;
begin
  -- In one order, so that two dispatchers wait for each other instead of locking each other out.
  perform from public.webhook_deliveries as delivery
  join jsonb_to_recordset(outcomes) as outcome (id uuid) using (id)
  order by delivery.id
  for update of delivery;
  perform from public.webhook_subscriptions
  where id in (
    select subscription_id
    from public.webhook_deliveries as delivery
    join jsonb_to_recordset(outcomes) as outcome (id uuid, status integer) using (id)
    join public.webhook_subscriptions as subscription on subscription.id = delivery.subscription_id
    where (subscription.failing_since is null) <> coalesce(outcome.status between 200 and 299, false)
      or outcome.status = 410
      or subscription.failing_since < now() - private.webhook_patience()
  )
  order by id
  for no key update;

  with outcome as (
    select outcome.*, coalesce(outcome.status between 200 and 299, false) as succeeded,
      case when outcome.is_ours then null else coalesce(outcome.status < 500, false) end as is_answered
    from rows from (
      jsonb_to_recordset(outcomes)
      as (
        id uuid, tries integer, status integer, body text, error text, retry_after integer, duration_ms integer,
        is_ours boolean
      )
    ) with ordinality as outcome (id, tries, status, body, error, retry_after, duration_ms, is_ours, place)
  ), recorded as (
    update public.webhook_deliveries as delivery
    set attempt_count = delivery.attempt_count + 1,
      last_attempt_at = clock_timestamp(),
      response_status = outcome.status,
      response_body = outcome.body,
      error = outcome.error,
      duration_ms = outcome.duration_ms,
      -- The first goes when there are 50, which replays alone come to.
      attempts = case when jsonb_array_length(delivery.attempts) >= 50 then delivery.attempts - 0 else delivery.attempts end
        || jsonb_build_array(jsonb_build_object(
          'attempted_at', to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
          'response_status', outcome.status,
          'error', outcome.error,
          'duration_ms', outcome.duration_ms
        )),
      status = case
        when outcome.succeeded then 'delivered'
        when outcome.status = 410 or private.retry_wait(delivery.attempt_count + 1) is null then 'failed'
        else 'pending'
      end,
      under_way = false,
      delivered_at = case when outcome.succeeded then clock_timestamp() end,
      due_at = case
        when outcome.succeeded or outcome.status = 410 or private.retry_wait(delivery.attempt_count + 1) is null then null
        else clock_timestamp() + greatest(
          private.retry_wait(delivery.attempt_count + 1) * (1 + random() * 0.2),
          case when outcome.retry_after > 0 then make_interval(secs => least(outcome.retry_after, 86400)) end
        )
      end
    from outcome
    where delivery.id = outcome.id
      and delivery.status = 'pending'
      and (outcome.succeeded or delivery.attempt_count = outcome.tries)
    returning delivery.id, delivery.subscription_id, outcome.succeeded, coalesce(outcome.status = 410, false) as gone,
      outcome.is_answered, outcome.place
  ), of_host as (
    select recorded.*, subscription.company_id, subscription.host,
      max(recorded.place) filter (where recorded.is_answered) over (
        partition by subscription.company_id, subscription.host
      ) as answered_last
    from recorded
    join public.webhook_subscriptions as subscription on subscription.id = recorded.subscription_id
    where recorded.is_answered is not null
  ), of_hosts as (
    select company_id, host, bool_or(is_answered) as succeeded,
      count(*) filter (where not is_answered and place > coalesce(answered_last, 0)) as failures,
      jsonb_agg(id) filter (where not is_answered) as failed
    from of_host
    group by company_id, host
  ), verdict as (
    select subscription_id, bool_or(succeeded) as succeeded, bool_or(gone) as gone
    from recorded
    group by subscription_id
  ), judged as (
    update public.webhook_subscriptions as subscription
    set failing_since = case when verdict.succeeded then null else coalesce(subscription.failing_since, clock_timestamp()) end,
      enabled = subscription.enabled and not verdict.gone
        and (verdict.succeeded or coalesce(subscription.failing_since >= now() - private.webhook_patience(), true)),
      disabled_reason = case
        when not subscription.enabled then subscription.disabled_reason
        when verdict.gone then 'It answered 410 Gone.'
        when not verdict.succeeded and subscription.failing_since < now() - private.webhook_patience()
          then 'Every delivery has failed for five days.'
      end
    from verdict
    where subscription.id = verdict.subscription_id
      and ((subscription.failing_since is null) <> verdict.succeeded or verdict.gone
        or subscription.failing_since < now() - private.webhook_patience())
  )
  select jsonb_agg(to_jsonb(of_hosts)) into verdicts
  from of_hosts
  where failures > 0
    or exists (
      select from private.webhook_circuits as circuit
      where circuit.company_id = of_hosts.company_id and circuit.host = of_hosts.host
    );
  if verdicts is not null then
    perform private.note_hosts(verdicts);
  end if;
end
$$;

CREATE FUNCTION private.record_outcome(run_id uuid, action public.automation_actions, status text, request jsonb, response jsonb, error text) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$
  select private.record_action(run_id, jsonb_build_object(
    'action_id', action.id,
    'action_type', action.action_type,
    'sequence', action.sequence,
    'status', status,
    'duration_ms', round(extract(epoch from clock_timestamp() - now()) * 1000),
    'request', request,
    'response', response,
    'error', error
  ))
$$;

CREATE FUNCTION private.record_request_mail(request_id uuid, email_id text, email_error text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  update public.referral_requests
  set emailed_at = now(),
    email_id = record_request_mail.email_id,
    email_error = record_request_mail.email_error,
    delivery = case when record_request_mail.email_error is null then 'sent' else 'failed' end
  where id = request_id and company_id = private.require_company('referrals:write')
$$;

CREATE FUNCTION private.record_skipped(run_id uuid, action public.automation_actions, request jsonb, reason text) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.record_outcome(run_id, action, 'skipped', request, null, reason) $$;

CREATE FUNCTION private.record_thank_you(referral_id uuid, attempt integer, email_id text, error text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  update private.thank_yous
  set sent = record_thank_you.error is null, email_id = record_thank_you.email_id, error = record_thank_you.error
  from public.referrals
  where thank_yous.referral_id = record_thank_you.referral_id
    and thank_yous.attempt = record_thank_you.attempt
    and thank_yous.sent is null
    and referrals.id = thank_yous.referral_id
    and referrals.company_id = private.require_company('referrals:write')
$$;

CREATE FUNCTION private.referral_data(referral public.referrals, referrer_email text) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  return jsonb_build_object(
    'referral_id', referral.id,
    'referrer_contact_id', referral.referrer_contact_id,
    'referrer_email', referrer_email,
    'referred_contact_id', referral.referred_contact_id,
    'referred_deal_id', referral.referred_deal_id,
    'category', referral.category,
    'status', referral.status,
    'source', referral.source,
    'notes', referral.notes
  );
end
$$;

CREATE FUNCTION private.referral_form(token text) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return (
    select jsonb_build_object(
      'company', private.public_brand(companies),
      'country', companies.country,
      'referrer_first_name', crm_contacts.first_name,
      'categories', to_jsonb(company_settings.referral_categories),
      'status', public.status(request),
      'withdrawn', request.withdrawn_at is not null,
      'expires_at', request.expires_at
    )
    from private.request_links as link
    join public.referral_requests as request on request.id = link.request_id
    join public.companies on companies.id = request.company_id
    join public.company_settings on company_settings.company_id = request.company_id
    join public.crm_contacts on crm_contacts.id = request.contact_id
    where link.token_hash = private.token_hash(token)
  );
end
$$;

CREATE TABLE public.audit_log (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    company_id uuid NOT NULL,
    entity_type text NOT NULL,
    entity_id uuid NOT NULL,
    action text NOT NULL,
    changes jsonb NOT NULL,
    actor_type text NOT NULL,
    actor_id uuid,
    request_id text,
    via text NOT NULL,
    created_at timestamp(3) with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE FUNCTION private.referral_history(referral_id uuid) RETURNS SETOF public.audit_log
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return query
    select entry.*
    from public.audit_log as entry
    where entry.entity_id = referral_history.referral_id
      and entry.company_id = private.company_for('referrals:read')
      and entry.entity_type = 'referral';
end
$$;

CREATE FUNCTION private.referral_leaderboard(max_entries integer, only_converted boolean) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  workspace uuid := private.company_for('referrals:read');
begin
  if workspace is null then
    perform private.refuse(
      403, 'INSUFFICIENT_SCOPE', 'This API key lacks the scope referrals:read.', details => 'referrals:read'
    );
  end if;

  return (
    with top as (
      (
        select contact_id, total, converted
        from private.referrer_counts
        where company_id = workspace and total > 0 and not only_converted
        order by converted desc, total desc, contact_id
        limit least(greatest(max_entries, 1), 50)
      )
      union all
      (
        select contact_id, converted, converted
        from private.referrer_counts
        where company_id = workspace and converted > 0 and only_converted
        order by converted desc, contact_id
        limit least(greatest(max_entries, 1), 50)
      )
    ), ranked as (
      select *, rank() over (order by converted desc, total desc) as rank from top
    )
    select coalesce(jsonb_agg(
      jsonb_build_object(
        'rank', ranked.rank,
        'contact', jsonb_build_object(
          'id', crm_contacts.id,
          'first_name', crm_contacts.first_name,
          'last_name', crm_contacts.last_name,
          'email', crm_contacts.email,
          'images', crm_contacts.images
        ),
        'total_referrals', ranked.total,
        'converted_referrals', ranked.converted,
        'conversion_rate', round(ranked.converted::numeric / ranked.total, 4)
      ) order by ranked.rank, crm_contacts.id
    ), '[]')
    from ranked
    join public.crm_contacts on crm_contacts.id = ranked.contact_id
  );
end
$$;

CREATE FUNCTION private.referral_like(referral public.referrals, other_than uuid) RETURNS uuid
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
  select id
  from public.referrals
  where company_id = referral.company_id
    and referrer_contact_id = referral.referrer_contact_id
    and referred_contact_id = referral.referred_contact_id
    and referred_deal_id = referral.referred_deal_id
    and id is distinct from other_than
$$;

CREATE FUNCTION private.referral_opportunity(referral_id uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return (
    select jsonb_build_object(
      'id', crm_deals.id,
      'name', crm_deals.name,
      'status', crm_deals.status,
      'contact_id', crm_deals.contact_id,
      'value', crm_deals.value,
      'currency', crm_deals.currency
    )
    from public.referrals
    join public.crm_deals on crm_deals.id = referrals.referred_deal_id
      and crm_deals.company_id = referrals.company_id
    where referrals.id = referral_opportunity.referral_id
      and referrals.company_id = (select private.company_for('referrals:read'))
  );
end
$$;

CREATE FUNCTION private.referral_referred_contact(referral_id uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return (
    select private.contact_card(crm_contacts)
    from public.referrals
    join public.crm_contacts on crm_contacts.id = referrals.referred_contact_id
      and crm_contacts.company_id = referrals.company_id
    where referrals.id = referral_referred_contact.referral_id
      and referrals.company_id = (select private.company_for('referrals:read'))
  );
end
$$;

CREATE FUNCTION private.referral_referrer(referral_id uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return (
    select private.contact_card(crm_contacts)
    from public.referrals
    join public.crm_contacts on crm_contacts.id = referrals.referrer_contact_id
      and crm_contacts.company_id = referrals.company_id
    where referrals.id = referral_referrer.referral_id
      and referrals.company_id = (select private.company_for('referrals:read'))
  );
end
$$;

CREATE FUNCTION private.refresh_primary_referrer(deal_id uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  deal record;
  foremost record;
begin
  select company_id, primary_referrer_contact_id, primary_referrer_category, referrer_cleared_at into deal
  from public.crm_deals
  where id = deal_id
  for no key update;
  select * into foremost from private.foremost_referral(deal_id, deal.company_id, deal.referrer_cleared_at);
  if (deal.primary_referrer_contact_id, deal.primary_referrer_category)
    is distinct from (foremost.referrer_contact_id, foremost.category)
  then
    update public.crm_deals
    set primary_referrer_contact_id = foremost.referrer_contact_id, primary_referrer_category = foremost.category
    where id = deal_id;
  end if;
end
$$;

CREATE FUNCTION private.refresh_primary_referrers(deal_ids uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform from public.crm_deals where id = any (deal_ids) order by id for no key update;

  update public.crm_deals
  set primary_referrer_contact_id = foremost.referrer_contact_id, primary_referrer_category = foremost.category
  from public.crm_deals as touched
  left join lateral private.foremost_referral(touched.id, touched.company_id, touched.referrer_cleared_at) as foremost on true
  where touched.id = any (deal_ids)
    and crm_deals.id = touched.id
    and (crm_deals.primary_referrer_contact_id, crm_deals.primary_referrer_category)
      is distinct from (foremost.referrer_contact_id, foremost.category);
end
$$;

CREATE FUNCTION private.refusal(status integer, code text, message text, path text DEFAULT NULL::text, retry_after integer DEFAULT NULL::integer) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
  select jsonb_build_object(
    'refused', jsonb_build_object(
      'status', status, 'code', code, 'message', message, 'path', path, 'retry_after', retry_after
    )
  )
$$;

CREATE TABLE public.automations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    company_id uuid DEFAULT private.claimed_company() NOT NULL,
    name text NOT NULL,
    description text,
    trigger_type text NOT NULL,
    stage_id uuid,
    conditions jsonb DEFAULT '{}'::jsonb NOT NULL,
    enabled boolean DEFAULT false NOT NULL,
    enabled_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    priority integer DEFAULT 0 NOT NULL,
    created_by uuid DEFAULT private.calling_key(),
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    CONSTRAINT automations_check CHECK (((trigger_type = 'stage_changed'::text) = (stage_id IS NOT NULL))),
    CONSTRAINT automations_conditions_check CHECK (private.are_conditions(conditions)),
    CONSTRAINT automations_description_check CHECK ((char_length(description) <= 2000)),
    CONSTRAINT automations_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200))),
    CONSTRAINT automations_priority_check CHECK (((priority >= '-1000'::integer) AND (priority <= 1000))),
    CONSTRAINT automations_trigger_type_check CHECK ((trigger_type = ANY (ARRAY['stage_changed'::text, 'referral_attributed'::text])))
);

CREATE FUNCTION private.refusal_of(automation public.automations, action public.automation_actions) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select 'The key that made this automation or action was disabled, or lacks the scope ' || coalesce(
    private.scope_lacking(
      array[automation.created_by, action.created_by],
      private.scopes_of_action(action.action_type, action.config, automation.trigger_type)
    ),
    private.scope_lacking(array[automation.created_by], private.scopes_to_hear(automation.trigger_type))
  ) || '.'
$$;

CREATE FUNCTION private.refuse(status integer, code text, message text, details text DEFAULT NULL::text, hint text DEFAULT NULL::text, retry_after integer DEFAULT NULL::integer) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  raise sqlstate 'PGRST' using
    message = json_build_object('code', code, 'message', message, 'details', details, 'hint', hint)::text,
    detail = json_build_object(
      'status', status,
      'headers', case when retry_after is null then json_build_object()
        else json_build_object('Retry-After', retry_after::text) end
    )::text;
end
$$;

CREATE FUNCTION private.refuse_asked(contact uuid, workspace uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  open_request uuid;
begin
  perform pg_advisory_xact_lock(hashtextextended('ask ' || contact, 0));
  select id into open_request
  from public.referral_requests
  where contact_id = contact and company_id = workspace and lapses_at > now()
  order by lapses_at desc, id
  limit 1;
  if found then
    perform private.refuse(
      409,
      'CONFLICT',
      'This person has an open request already: they are asked again only by force.',
      details => open_request::text
    );
  end if;
end
$$;

CREATE FUNCTION private.refuse_disabled_webhook(workspace uuid, subscription_id uuid) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  is_enabled boolean;
begin
  select enabled into is_enabled
  from public.webhook_subscriptions
  where id = refuse_disabled_webhook.subscription_id and company_id = workspace;
  if not found then
    perform private.refuse(404, 'NOT_FOUND', 'There is no such row in your workspace.');
  elsif not is_enabled then
    perform private.refuse(
      409,
      'CONFLICT',
      'This subscription is disabled: enable it first.',
      hint => 'PATCH the subscription with {"enabled": true}, then send this again.'
    );
  end if;
end
$$;

CREATE FUNCTION private.refuse_over_limit(name text, maximum integer) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  perform private.refuse(
    409,
    'CONFLICT',
    format('This would be over the limit of your workspace: %s, at most %s.', replace(name, '_', ' '), maximum),
    hint => 'Delete what is no longer needed, or ask whoever runs this API for a higher limit.'
  );
end
$$;

CREATE FUNCTION private.refuse_pipeline_in_use() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if private.claims() ->> 'role' is distinct from 'api_key' then
    return old;
  end if;
  perform from public.crm_pipelines where id = old.id for update;
  if exists (select from public.company_settings where referral_pipeline_id = old.id and company_id = old.company_id) then
    perform private.refuse(
      409, 'CONFLICT', 'Referrals enter this pipeline: choose another in the referral settings first.'
    );
  end if;
  return old;
end
$$;

CREATE FUNCTION private.refuse_rows_over_limit() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  workspace uuid;
  held bigint;
  maximum integer;
begin
  for workspace in select distinct company_id from new_rows order by 1 loop
    perform pg_advisory_xact_lock(hashtextextended(tg_table_name || ' of ' || workspace, 0));
    maximum := private.limit_of(workspace, tg_argv[0]);
    held := case tg_argv[0]
      when 'automations' then (select count(*) from public.automations where company_id = workspace)
      when 'subscriptions' then (select count(*) from public.webhook_subscriptions where company_id = workspace)
      when 'actions' then (
        select max(actions)
        from (
          select count(*) as actions from public.automation_actions
          where company_id = workspace
          group by automation_id
        ) as counted
      )
    end;
    if held > maximum then
      perform private.refuse_over_limit(tg_argv[0], maximum);
    end if;
  end loop;
  return null;
end
$$;

CREATE FUNCTION private.refuse_self_referral() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  if private.may_write_referrals() then
    perform private.refuse(
      409,
      'CONFLICT',
      'Nobody refers themself: the referrer and the referred contact are the same.',
      hint => 'Name two different contacts.'
    );
  end if;
  return new;
end
$$;

CREATE FUNCTION private.refuse_stage_in_use() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if private.claims() ->> 'role' is distinct from 'api_key' then
    return old;
  end if;
  perform from public.crm_pipeline_stages where id = old.id for update;
  if exists (select from public.crm_deal_placements where stage_id = old.id and company_id = old.company_id) then
    perform private.refuse(409, 'CONFLICT', 'Opportunities stand in this stage: move them first.');
  end if;
  if exists (select from public.automations where stage_id = old.id and company_id = old.company_id) then
    perform private.refuse(409, 'CONFLICT', 'An automation waits for this stage: change or delete it first.');
  end if;
  if exists (select from public.company_settings where referral_stage_id = old.id and company_id = old.company_id) then
    perform private.refuse(409, 'CONFLICT', 'Referrals enter this stage: choose another in the referral settings first.');
  end if;
  return old;
end
$$;

CREATE FUNCTION private.refuse_stage_mismatch() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  perform private.refuse(
    400,
    'VALIDATION_ERROR',
    case when new.stage_id is null
      then 'stage_id is required for stage_changed.'
      else 'stage_id goes with stage_changed only: send null beside the other trigger.' end,
    details => 'stage_id'
  );
  return new;
end
$$;

CREATE FUNCTION private.refuse_stage_without_pipeline() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  perform private.refuse(
    400,
    'VALIDATION_ERROR',
    'referral_stage_id needs referral_pipeline_id beside it.',
    details => 'referral_stage_id'
  );
  return new;
end
$$;

CREATE FUNCTION private.refuse_unsubscribed(workspace uuid, contact uuid, address text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  if private.is_unsubscribed(workspace, contact, address) then
    perform private.refuse(
      409,
      'CONFLICT',
      'This person has unsubscribed: they asked not to be asked again.',
      hint => 'Ask somebody else.'
    );
  end if;
end
$$;

CREATE FUNCTION private.refuse_write() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  raise insufficient_privilege using message = format('The view %s cannot be written.', tg_table_name);
end
$$;

CREATE FUNCTION private.remove_contact(contact_id uuid, force boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  workspace uuid := private.require_company('contacts:delete');
begin
  perform from public.crm_contacts where id = remove_contact.contact_id and company_id = workspace for update;
  if not found then
    perform private.refuse(404, 'NOT_FOUND', 'There is no such row in your workspace.');
  end if;
  if not force and (
    exists (
      select from public.referrals
      where remove_contact.contact_id in (referrer_contact_id, referred_contact_id) and company_id = workspace
    )
    or exists (
      select from public.referral_requests
      where referral_requests.contact_id = remove_contact.contact_id and company_id = workspace
    )
    or exists (
      select from public.crm_deals
      where crm_deals.contact_id = remove_contact.contact_id and company_id = workspace
    )
  ) then
    perform private.refuse(
      409, 'CONFLICT', 'A referral, request or opportunity names this contact.',
      hint => 'force=true deletes their referrals and requests with them, and takes them off the rest.'
    );
  end if;
  delete from public.crm_contacts where id = remove_contact.contact_id and company_id = workspace;
exception when unique_violation then
  perform private.refuse(
    409, 'CONFLICT', 'Without this contact two referrals would be the same: delete or change one of them first.'
  );
end
$$;

CREATE FUNCTION private.remove_opportunity(opportunity_id uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  workspace uuid := private.require_company('opportunities:delete');
begin
  delete from public.crm_deals where id = opportunity_id and company_id = workspace;
  if not found then
    perform private.refuse(404, 'NOT_FOUND', 'There is no such row in your workspace.');
  end if;
exception when unique_violation then
  perform private.refuse(
    409, 'CONFLICT', 'Without this opportunity two referrals would be the same: delete or change one of them first.'
  );
end
$$;

CREATE FUNCTION private.renew_referral_request(request_id uuid, token text, unsubscribe_token text) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  request public.referral_requests := private.open_request(request_id);
  asked public.crm_contacts;
begin
  select * into asked from public.crm_contacts where id = request.contact_id and company_id = request.company_id;
  if asked.email is null then
    perform private.refuse(400, 'VALIDATION_ERROR', 'This contact has no email address to send the request to.');
  end if;
  perform private.refuse_unsubscribed(request.company_id, asked.id, asked.email);
  update private.request_links
  set token_hash = private.token_hash(token), tries = 0
  where request_links.request_id = request.id;
  update public.referral_requests
  set recipient_email = asked.email,
    recipient_name = concat_ws(' ', asked.first_name, asked.last_name),
    sent_at = now(),
    viewed_at = null,
    withdrawn_at = null,
    expires_at = private.request_ends(company_id, expires_in_days),
    emailed_at = null,
    email_id = null,
    email_error = null,
    delivery = 'queued'
  where id = request_id
  returning * into request;
  perform private.link_unsubscribing(unsubscribe_token, asked);
  perform private.take_request_mail(request, token);
  return private.request_mail(request);
end
$$;

CREATE FUNCTION private.replay_webhook_delivery(delivery_id uuid) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  workspace uuid := private.require_company('webhooks:write');
  delivery public.webhook_deliveries;
begin
  select * into delivery
  from public.webhook_deliveries
  where id = delivery_id and company_id = workspace
  for update;
  if not found then
    perform private.refuse(404, 'NOT_FOUND', 'There is no such row in your workspace.');
  end if;
  perform private.refuse_disabled_webhook(workspace, delivery.subscription_id);
  if not private.maker_allows(
    (select created_by from public.webhook_subscriptions where id = delivery.subscription_id),
    private.scopes_to_hear(delivery.event_type)
  ) then
    perform private.refuse(
      409, 'CONFLICT', 'The key that made this subscription may not be told of such events any more.'
    );
  end if;
  if not exists (select from private.events where id = delivery.event_id) then
    perform private.refuse(
      409,
      'CONFLICT',
      'This event is older than ' || extract(day from private.retention()) || ' days and is gone.',
      hint => 'Read what it was about as it is now: the event cannot be sent any more.'
    );
  end if;
  update public.webhook_deliveries
  set status = 'pending', attempt_count = 0, due_at = date_trunc('milliseconds', now()), delivered_at = null
  where id = delivery.id and not (under_way and due_at > now())
  returning * into delivery;
  if found then
    perform private.wake_dispatcher();
  else
    select * into delivery from public.webhook_deliveries where id = delivery_id;
  end if;
  return to_jsonb(delivery);
end
$$;

CREATE FUNCTION private.request_ends(workspace uuid, days integer) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
  select private.end_of_day(now(), days, timezone) from public.companies where id = workspace
$$;

CREATE FUNCTION private.request_mail(request public.referral_requests) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  return (
    select jsonb_build_object(
      'request_id', request.id,
      'expires_at', request.expires_at,
      'brand', private.brand(companies),
      'timezone', companies.timezone,
      'contact', jsonb_build_object(
        'first_name', crm_contacts.first_name,
        'last_name', crm_contacts.last_name,
        'email', request.recipient_email
      ),
      'opportunity', (
        select jsonb_build_object('name', crm_deals.name) from public.crm_deals where crm_deals.id = request.deal_id
      ),
      'subject_override', request.subject_override,
      'intro_html', request.intro_html,
      'how_it_works_html', request.how_it_works_html
    )
    from public.companies
    join public.crm_contacts on crm_contacts.id = request.contact_id
    where companies.id = request.company_id
  );
end
$$;

CREATE FUNCTION private.require_company(scope text) RETURNS uuid
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  workspace uuid := private.company_for(scope);
begin
  if workspace is null then
    perform private.refuse(403, 'INSUFFICIENT_SCOPE', 'This API key lacks the scope ' || scope || '.', details => scope);
  end if;
  return workspace;
end
$$;

CREATE FUNCTION private.retention() RETURNS interval
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$ select interval '30 days' $$;

CREATE FUNCTION private.retry_wait(tries integer) RETURNS interval
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$ select (array['5 s', '5 min', '30 min', '2 h', '5 h', '10 h', '14 h', '20 h', '24 h']::interval[])[tries] $$;

CREATE FUNCTION private.room(used_until timestamp with time zone, instant timestamp with time zone, step interval, most integer) RETURNS TABLE(requests integer, next_in numeric)
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
declare
  length constant numeric := extract(epoch from step);
  used constant numeric := greatest(extract(epoch from used_until - instant), 0);
begin
  requests := greatest(floor((most * length - used) / length), 0);
  next_in := greatest(used - (most - requests - 1) * length, 0);
  if requests >= most then
    next_in := 0;
  end if;
  return next;
end
$$;

CREATE FUNCTION private.rotate_webhook_secret(subscription_id uuid, secret text) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  workspace uuid := private.require_company('webhooks:write');
  subscription public.webhook_subscriptions;
begin
  update public.webhook_subscriptions
  set updated_at = now()
  where id = rotate_webhook_secret.subscription_id and company_id = workspace
  returning * into subscription;
  if not found then
    perform private.refuse(404, 'NOT_FOUND', 'There is no such row in your workspace.');
  end if;
  return to_jsonb(subscription) || jsonb_build_object('secret', private.issue_webhook_secret(subscription.id, rotate_webhook_secret.secret));
end
$$;

CREATE FUNCTION private.run_action_results(run_id uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return (
    select coalesce(jsonb_agg(
      case when private.caller_holds(done.scopes) then done.result
        else done.result || '{"request": null, "response": null}' end
      order by done.recorded_at
    ), '[]')
    from public.automation_runs as run
    join private.action_results as done on done.run_id = run.id
    where run.id = run_action_results.run_id
      and run.company_id = private.company_for('automations:read', 'automations:trigger')
      and (run.triggered_by = private.calling_key() or private.company_for('automations:read') is not null)
  );
end
$$;

CREATE FUNCTION private.run_attribute_referral(run_id uuid, action_id uuid, request jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  run public.automation_runs := private.run_without(run_id, action_id);
  told jsonb := private.trigger_data_of(run);
  deal_id uuid := private.as_id(coalesce(told ->> 'deal_id', told ->> 'referred_deal_id'));
  action public.automation_actions;
  deal public.crm_deals;
  recorded uuid;
  kept public.referrals;
  wanted public.referrals;
  operation text := 'unchanged';
begin
  if run.id is null then
    return;
  end if;
  action := private.action_of(run, action_id);
  perform private.attribute_alone(deal_id);
  select * into deal from public.crm_deals where id = deal_id and company_id = run.company_id;
  if not found then
    perform private.refuse(400, 'VALIDATION_ERROR', 'The event names no opportunity to attribute.');
  end if;

  select referrals.* into kept
  from private.automation_referrals as written
  join public.referrals on referrals.id = written.referral_id and referrals.referred_deal_id = written.deal_id
  where written.action_id = action.id and written.deal_id = deal.id
  for update of referrals;

  -- The opportunity's referrer is somebody else's credit, unless this action gave it.
  if private.as_id(request ->> 'referrer_contact_id') is null
    and deal.primary_referrer_contact_id is distinct from deal.contact_id
    and deal.primary_referrer_contact_id is distinct from kept.referrer_contact_id
    and deal.primary_referrer_contact_id is not null
  then
    perform private.record_skipped(
      run.id, action, request, 'The opportunity has another referrer already, and the action names nobody.'
    );
    return;
  end if;

  wanted := kept;
  wanted.company_id := run.company_id;
  wanted.referred_deal_id := deal.id;
  wanted.status := coalesce(request ->> 'status', kept.status, 'pending');
  wanted.category := case when request ? 'category' then request ->> 'category' else kept.category end;
  wanted.notes := case when request ? 'notes' then request ->> 'notes' else kept.notes end;
  wanted.referrer_contact_id := coalesce(private.as_id(request ->> 'referrer_contact_id'), deal.contact_id);
  if wanted.referrer_contact_id is null then
    perform private.refuse(
      400, 'VALIDATION_ERROR', 'There is no referrer: the opportunity has no primary contact, and the action names nobody.'
    );
  end if;
  if not exists (
    select from public.crm_contacts where id = wanted.referrer_contact_id and company_id = run.company_id
  ) then
    perform private.refuse(404, 'NOT_FOUND', 'referrer_contact_id names no contact of this workspace.');
  end if;
  wanted.referred_contact_id := nullif(deal.contact_id, wanted.referrer_contact_id);

  perform private.enter_chain(run);
  -- What is on record already, by the form or by hand, is attribution enough.
  recorded := private.referral_like(wanted, kept.id);
  if recorded is null and kept.id is null then
    insert into public.referrals (
      company_id, referrer_contact_id, referred_contact_id, referred_deal_id, source, status, category, notes
    )
    values (
      wanted.company_id, wanted.referrer_contact_id, wanted.referred_contact_id, wanted.referred_deal_id, 'automation',
      wanted.status, wanted.category, wanted.notes
    )
    on conflict do nothing
    returning * into kept;
    if found then
      insert into private.automation_referrals (action_id, deal_id, referral_id)
      values (action.id, deal.id, kept.id)
      on conflict on constraint automation_referrals_pkey do update set referral_id = excluded.referral_id;
      operation := 'created';
    else
      -- Somebody put it on record while this insert waited for them.
      recorded := private.referral_like(wanted, null);
    end if;
  elsif recorded is null and (kept.referrer_contact_id, kept.referred_contact_id, kept.status, kept.category, kept.notes)
    is distinct from
    (wanted.referrer_contact_id, wanted.referred_contact_id, wanted.status, wanted.category, wanted.notes)
  then
    update public.referrals
    set referrer_contact_id = wanted.referrer_contact_id,
      referred_contact_id = wanted.referred_contact_id,
      status = wanted.status,
      category = wanted.category,
      notes = wanted.notes
    where id = kept.id;
    operation := 'updated';
  end if;

  perform private.record_completed(
    run.id, action, request, jsonb_build_object('referral_id', coalesce(recorded, kept.id), 'operation', operation)
  );
end
$$;

CREATE FUNCTION private.run_call_webhook(run_id uuid, action_id uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  run public.automation_runs := private.run_without(run_id, action_id);
  action public.automation_actions;
  subscription public.webhook_subscriptions;
  delivery uuid;
begin
  if run.id is null then
    return;
  end if;
  action := private.action_of(run, action_id);
  subscription := private.webhook_for(run.company_id, action.config ->> 'url', action.created_by);
  if not subscription.enabled then
    perform private.refuse(
      409,
      'CONFLICT',
      'The webhook subscription with this address is disabled: '
        || coalesce(subscription.disabled_reason, 'somebody switched it off.')
    );
  end if;
  insert into public.webhook_deliveries (company_id, subscription_id, event_id, event_type)
  values (run.company_id, subscription.id, run.event_id, private.event_type_of(run))
  on conflict on constraint webhook_deliveries_subscription_id_event_id_key do nothing;
  select id into delivery
  from public.webhook_deliveries
  where subscription_id = subscription.id and event_id = run.event_id;
  perform private.record_completed(
    run.id,
    action,
    action.config,
    jsonb_build_object('delivery_id', delivery, 'subscription_id', subscription.id)
  );
end
$$;

CREATE FUNCTION private.run_context(workspace uuid, trigger_data jsonb) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  return (
    select jsonb_build_object(
      'company', private.brand(companies),
      'deal', case when deal.id is not null then jsonb_build_object(
        'id', deal.id,
        'name', deal.name,
        'status', deal.status,
        'value', deal.value,
        'currency', deal.currency,
        'lead_source', deal.lead_source,
        'tags', (
          select coalesce(jsonb_agg(coalesce(tag ->> 'name', tag #>> '{}') order by place), '[]')
          from jsonb_array_elements(deal.tags) with ordinality as listed (tag, place)
        ),
        'contact_id', deal.contact_id,
        'primary_referrer_contact_id', deal.primary_referrer_contact_id,
        'primary_referrer_category', deal.primary_referrer_category
      ) end,
      'contact', private.contact_card(contact),
      'referrer', private.contact_card(referrer)
    )
    from public.companies
    left join public.crm_deals as deal on deal.company_id = companies.id
      and deal.id = private.as_id(coalesce(trigger_data ->> 'deal_id', trigger_data ->> 'referred_deal_id'))
    left join public.crm_contacts as contact on contact.company_id = companies.id
      and contact.id = coalesce(
        private.as_id(trigger_data ->> 'contact_id'), private.as_id(trigger_data ->> 'referred_contact_id'), deal.contact_id
      )
    left join public.crm_contacts as referrer on referrer.company_id = companies.id
      and referrer.id = coalesce(
        private.as_id(trigger_data ->> 'referrer_contact_id'), deal.primary_referrer_contact_id
      )
    where companies.id = workspace
  );
end
$$;

CREATE FUNCTION private.run_job(run public.automation_runs) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  trigger_data jsonb := private.trigger_data_of(run);
begin
  return (
    select jsonb_build_object(
      'run_id', run.id,
      'event_id', run.event_id,
      'trigger_type', case run.trigger_type when 'api' then automations.trigger_type else run.trigger_type end,
      'trigger_data', trigger_data,
      'refusal', run.refusal,
      'conditions', automations.conditions,
      'actions', (
        select coalesce(jsonb_agg(
          jsonb_build_object(
            'id', action.id,
            'action_type', action.action_type,
            'sequence', action.sequence,
            'config', action.config,
            'refusal', private.refusal_of(automations, action)
          )
          order by action.sequence, action.created_at, action.id
        ), '[]')
        from public.automation_actions as action
        where action.automation_id = automations.id and action.company_id = automations.company_id
          and action.id <> all (private.skipped_by(run.event_id))
      ),
      'action_results', private.action_results_of(run.id),
      'context', private.run_context(run.company_id, trigger_data)
    )
    from public.automations
    where automations.id = run.automation_id
  );
end
$$;

CREATE FUNCTION private.run_trigger_data(run_id uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return (
    select private.trigger_data_of(run)
    from public.automation_runs as run
    where run.id = run_trigger_data.run_id
      and run.company_id = private.company_for('automations:read', 'automations:trigger')
      and (
        run.triggered_by = private.calling_key()
        or private.company_for('automations:read') is not null
          and private.caller_holds(private.scopes_to_hear(private.event_type_of(run)))
      )
  );
end
$$;

CREATE FUNCTION private.run_without(run_id uuid, action_id uuid) RETURNS public.automation_runs
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  run public.automation_runs;
begin
  select * into run
  from public.automation_runs
  where id = run_without.run_id
    and status = 'running'
    and not exists (
      select from private.action_results as earlier
      where earlier.run_id = automation_runs.id and earlier.action_id = run_without.action_id
    )
  for update;
  return run;
end
$$;

CREATE FUNCTION private.runs_due(most integer) RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  with company as (
    select company_id, private.max_runs_under_way() - (
      select count(*)
      from (
        select from public.automation_runs as run
        where run.company_id = due.company_id and run.due_at > now() and run.due_at <= now() + private.dispatch_lease()
        limit private.max_runs_under_way()
      ) as under_way
    ) as free
    from private.companies_with_runs_due() as due (company_id)
  ), candidate as (
    select run.*
    from company,
    lateral (
      -- More than one event has: what one holds back does not hide the next.
      select id, company_id, automation_id, event_id, due_at, claims, company.free
      from public.automation_runs
      where company_id = company.company_id and due_at <= now()
      order by due_at, event_id
      limit 200
    ) as run
    where company.free > 0
  ), in_rounds as (
    select candidate.*, candidate.claims >= private.suspect_claims() as is_suspect, row_number() over (
      partition by candidate.company_id
      order by candidate.claims >= private.suspect_claims(), candidate.due_at, candidate.event_id,
        automations.priority desc, automations.created_at, automations.id
    ) as round
    from candidate
    join public.automations on automations.id = candidate.automation_id
    where not exists (
      select from public.automation_runs as other where other.event_id = candidate.event_id and other.due_at > now()
    )
  ), due as (
    select id, is_suspect, row_number() over (order by is_suspect, round, due_at) as place
    from in_rounds
    where round <= free
    order by place
    limit most
  )
  select due.id
  from due
  join due as first on first.place = 1
  where due.place = 1 or not (due.is_suspect or first.is_suspect)
$$;

CREATE FUNCTION private.scope_lacking(makers uuid[], scopes text[]) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
  select wanted
  from unnest(scopes) with ordinality as scope (wanted, place)
  where exists (select from unnest(makers) as maker where not private.maker_allows(maker, array[wanted]))
  order by place
  limit 1
$$;

CREATE FUNCTION private.scopes_of_action(action_type text, config jsonb, trigger_type text) RETURNS text[]
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
  select case action_type
    when 'attribute_referral' then array['referrals:write']
    when 'call_webhook' then array['webhooks:write'] || private.scopes_to_hear(trigger_type)
    else array['contacts:read']
      || case when config::text ~ '\{\{[^{}.]*(deal|opportunity)[^{}.]*\.' then array['opportunities:read'] else '{}' end
      || case when config::text ~ '\{\{[^{}.]*\}\}' then private.scopes_to_hear(trigger_type) else '{}' end
  end
$$;

CREATE FUNCTION private.scopes_that_allow(wanted text) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  return case when wanted like '%:read'
    then array[wanted, 'admin', replace(wanted, ':read', ':write'), replace(wanted, ':read', ':delete')]
    else array[wanted, 'admin'] end;
end
$$;

CREATE FUNCTION private.scopes_to_hear(event_type text) RETURNS text[]
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
  select case event_type
    when 'referral_attributed' then array['referrals:read']
    when 'stage_changed' then array['opportunities:read']
    when 'automation_triggered' then array['referrals:read', 'opportunities:read']
    else '{}'::text[]
  end
$$;

CREATE FUNCTION private.scopes_to_see(action_type text, config jsonb, trigger_type text) RETURNS text[]
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
  select case action_type
    when 'attribute_referral' then array['referrals:read']
    when 'call_webhook' then array['webhooks:write']
    else private.scopes_of_action(action_type, config, trigger_type)
  end
$$;

CREATE FUNCTION private.skipped_by(event_id uuid) RETURNS uuid[]
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select coalesce((select skip_action_ids from private.events where id = skipped_by.event_id), '{}')
$$;

CREATE FUNCTION private.stamp_converted_at() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  new.converted_at := case when new.status = 'converted' then coalesce(new.converted_at, now()) end;
  return new;
end
$$;

CREATE FUNCTION private.start_action_run(automation_id uuid, action_id uuid, trigger_data jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  workspace uuid := private.require_company('automations:trigger');
  others uuid[];
  run jsonb;
begin
  if not exists (
    select from public.automation_actions as action
    where action.id = action_id
      and action.automation_id = start_action_run.automation_id
      and action.company_id = workspace
  ) then
    perform private.refuse(404, 'NOT_FOUND', 'There is no such row in your workspace.');
  end if;
  select array_agg(action.id) into others
  from public.automation_actions as action
  where action.automation_id = start_action_run.automation_id and action.company_id = workspace and action.id <> action_id;
  perform set_config('referrals.skip_action_ids', coalesce(others, '{}')::text, true);
  run := private.start_automation_run(start_action_run.automation_id, start_action_run.trigger_data);
  perform set_config('referrals.skip_action_ids', '', true);
  return run;
end
$$;

CREATE FUNCTION private.start_automation_run(automation_id uuid, trigger_data jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  workspace uuid := private.require_company('automations:trigger');
  automation public.automations;
  run public.automation_runs;
begin
  if jsonb_typeof(start_automation_run.trigger_data) is distinct from 'object'
    or octet_length(start_automation_run.trigger_data::text) > 65536
  then
    perform private.refuse(
      400, 'VALIDATION_ERROR', 'trigger_data must be an object of at most 64 kB.', details => 'trigger_data'
    );
  end if;
  select * into automation
  from public.automations
  where id = start_automation_run.automation_id and company_id = workspace;
  if not found then
    perform private.refuse(404, 'NOT_FOUND', 'There is no such row in your workspace.');
  end if;
  insert into public.automation_runs (company_id, automation_id, event_id, trigger_type, triggered_by, due_at, claims)
  values (
    workspace, automation.id, gen_random_uuid(), 'api', private.calling_key(), now() + private.dispatch_lease(), 1
  )
  returning * into run;
  insert into private.events (id, company_id, type, data, fanned_out_at)
  values (run.event_id, workspace, 'automation_triggered', jsonb_build_object(
    'automation_id', automation.id,
    'run_id', run.id,
    'api_key_id', private.calling_key(),
    'trigger_data', case automation.trigger_type
      when 'referral_attributed' then private.referral_data(null, null) || '{"operation": null, "previous": null}'
      when 'stage_changed' then
        '{"deal_id": null, "contact_id": null, "pipeline_id": null, "stage_id": null, "from_stage_id": null}'
    end || (start_automation_run.trigger_data - 'event_id' - 'occurred_at')
  ), now());
  return jsonb_build_object('run_id', run.id);
end
$$;

CREATE FUNCTION private.starts_automations() RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
  select coalesce(current_setting('referrals.skip_automations', true), '') <> 'on'
    and coalesce(nullif(current_setting('request.headers', true), '')::json ->> 'x-skip-automations', '') <> 'true'
$$;

CREATE FUNCTION private.submit_referral(token text, first_name text, last_name text, email text, phone text, category text, message text, consent boolean) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
#variable_conflict use_variable
declare
  link private.request_links;
  request public.referral_requests;
  settings public.company_settings;
  referrer public.crm_contacts;
  address_wait integer;
  friend uuid;
  made public.referrals;
  already_referred boolean;
begin
  -- Locked first, as every writer of requests does; the link is read after it, since a renewal may have replaced its token.
  select * into request
  from public.referral_requests
  where id = (select request_id from private.request_links where token_hash = private.token_hash(token))
  for update;
  select * into link
  from private.request_links
  where request_id = request.id and token_hash = private.token_hash(token);
  if not found then
    return private.refusal(404, 'NOT_FOUND', 'There is no such link.');
  end if;
  if request.submitted_at is not null then
    return private.refusal(409, 'CONFLICT', 'This form has been submitted already.');
  end if;
  if request.expires_at <= now() then
    return private.refusal(410, 'EXPIRED', 'This link is no longer valid.');
  end if;

  address_wait := private.count_form_try();
  if address_wait > 0 then
    return private.refusal(
      429, 'RATE_LIMITED', 'Too many forms were sent from here.', retry_after => address_wait
    );
  end if;
  select * into settings from public.company_settings where company_id = request.company_id;
  if link.tries_since <= now() - interval '1 hour' then
    link.tries := 0;
    link.tries_since := now();
  end if;
  if link.tries >= settings.form_tries_per_hour then
    return private.refusal(
      429,
      'RATE_LIMITED',
      'This form was sent too often; try again later.',
      retry_after => ceil(extract(epoch from link.tries_since + interval '1 hour' - now()))::integer
    );
  end if;
  update private.request_links
  set tries = link.tries + 1, tries_since = link.tries_since
  where request_id = link.request_id;

  if consent is not true then
    return private.refusal(400, 'VALIDATION_ERROR', 'must be true: your friend must agree', 'consent');
  end if;
  if coalesce(email, phone) is null then
    return private.refusal(400, 'MISSING_FIELDS', 'is required, or phone', 'email');
  end if;
  if not private.is_name(first_name) then
    return private.refusal(400, 'VALIDATION_ERROR', 'must be a name', 'first_name');
  end if;
  if not private.is_name(last_name) then
    return private.refusal(400, 'VALIDATION_ERROR', 'must be a name', 'last_name');
  end if;
  if not private.is_email(email) then
    return private.refusal(400, 'VALIDATION_ERROR', 'must be an email address', 'email');
  end if;
  if category is not null and cardinality(settings.referral_categories) > 0
    and category <> all (settings.referral_categories)
  then
    return private.refusal(400, 'VALIDATION_ERROR', 'must be one of the categories', 'category');
  end if;
  select * into referrer from public.crm_contacts where id = request.contact_id;
  if private.email_key(referrer.email) = private.email_key(email) then
    return private.refusal(409, 'CONFLICT', 'These are your own details: please enter those of a friend.', 'email');
  end if;
  if email is null and referrer.phone = phone and private.folded(referrer.first_name) = private.folded(first_name) then
    return private.refusal(409, 'CONFLICT', 'These are your own details: please enter those of a friend.', 'phone');
  end if;

  friend := private.contact_for(request.company_id, first_name, last_name, email, phone);
  -- Two forms of one referrer may name one friend at once, the one by email and the other by phone.
  perform pg_advisory_xact_lock(hashtextextended(request.contact_id::text || friend, 0));
  select * into made
  from public.referrals
  where referrer_contact_id = request.contact_id
    and company_id = request.company_id
    and referred_contact_id = friend
    and status <> 'declined'
  order by created_at, id
  limit 1;
  already_referred := found;
  if not already_referred then
    insert into public.referrals (
      company_id, referrer_contact_id, referred_contact_id, referred_deal_id, source, category, notes
    )
    values (
      request.company_id, request.contact_id, friend, private.open_referred_deal(request.company_id, friend), 'form',
      category, message
    )
    returning * into made;
  end if;
  update public.referral_requests
  set submitted_at = now(), consented_at = now(), viewed_at = coalesce(viewed_at, now()), referral_id = made.id,
    submission = jsonb_build_object(
      'first_name', first_name, 'last_name', last_name, 'email', email, 'phone', phone, 'category', category,
      'message', message
    )
  where id = request.id;
  return jsonb_build_object('submitted_at', now(), 'already_referred', already_referred);
end
$$;

CREATE FUNCTION private.suspect_claims() RETURNS integer
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$ select 3 $$;

CREATE FUNCTION private.sweep() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if exists (select from private.events where fanned_out_at is null)
    or exists (select from private.companies_with_runs_due())
    or exists (select from private.webhooks_due('{}'))
  then
    perform private.wake_dispatcher();
  end if;
end
$$;

CREATE FUNCTION private.switch_webhook() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  if new.enabled then
    new.disabled_at := null;
    new.disabled_reason := null;
    new.failing_since := null;
  else
    new.disabled_at := now();
  end if;
  return new;
end
$$;

CREATE FUNCTION private.take_mail(workspace uuid, address text, mail_key text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  today constant date := (now() at time zone 'UTC')::date;
  recipient constant bytea := sha256(convert_to(private.email_key(btrim(address)), 'UTF8'));
  until_tomorrow constant integer := ceil(extract(epoch from ((today + 1)::timestamp at time zone 'UTC') - now()));
  is_first boolean;
begin
  -- One at a time of a workspace, each seeing what the one before it counted.
  perform pg_advisory_xact_lock(hashtextextended('mails of ' || workspace, 0));
  if exists (
    select from private.counted_mails
    where counted_mails.company_id = workspace and counted_mails.mail_key = take_mail.mail_key
  ) then
    return;
  end if;
  if (
    select count(*) from private.counted_mails
    where counted_mails.company_id = workspace and recipient_hash = recipient and counted_mails.day = today
  ) >= 5 then
    perform private.refuse(
      429,
      'RATE_LIMITED',
      'Five mails were sent to this address today: no more until midnight UTC.',
      details => 'mails_per_recipient',
      retry_after => until_tomorrow
    );
  end if;

  insert into private.mail_days (company_id, day, mails)
  values (workspace, today, 1)
  on conflict (company_id, day) do update set mails = mail_days.mails + 1
    where mail_days.mails < private.limit_of(workspace, 'mails_per_day')
  returning mails = 1 into is_first;
  if not found then
    perform private.refuse(
      429,
      'RATE_LIMITED',
      'Your workspace has sent all its mails of today: no more until midnight UTC.',
      details => 'mails_per_day',
      retry_after => until_tomorrow
    );
  end if;
  insert into private.counted_mails (company_id, mail_key, recipient_hash, day)
  values (workspace, take_mail.mail_key, recipient, today);

  -- A retry comes within minutes; a week is more than enough.
  if is_first then
    delete from private.counted_mails where counted_mails.company_id = workspace and counted_mails.day < today - 7;
    delete from private.mail_days where mail_days.company_id = workspace and mail_days.day < today - 7;
  end if;
end
$$;

CREATE FUNCTION private.take_request_mail(request public.referral_requests, token text) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$
  -- the key under which the provider takes it once
  select private.take_mail(
    request.company_id,
    request.recipient_email,
    format('referral-request/%s/%s', request.id, left(encode(private.token_hash(token), 'hex'), 16))
  )
$$;

CREATE FUNCTION private.take_requests(count integer, cost integer) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
#variable_conflict use_column
declare
  key public.api_keys;
  budget private.request_budgets;
  instant timestamptz;
  minute_step interval;
  day_step interval;
  minute record;
  day record;
  taken integer;
  charge uuid;
begin
  perform private.company_for(variadic '{}');
  select * into key from public.api_keys where id = private.calling_key();
  minute_step := interval '1 minute' / key.requests_per_minute;
  day_step := interval '1 day' / key.requests_per_day;

  insert into private.request_budgets (key_id, minute_at, day_at) values (key.id, now(), now()) on conflict do nothing;
  select * into budget from private.request_budgets where key_id = key.id for update;
  -- The clock, once the row is ours: who waited for it began earlier.
  instant := clock_timestamp();
  select * into minute from private.room(budget.minute_at, instant, minute_step, key.requests_per_minute);
  select * into day from private.room(budget.day_at, instant, day_step, key.requests_per_day);
  taken := greatest(least(take_requests.count, minute.requests, day.requests), 0);
  if taken > 0 then
    update private.request_budgets
    set minute_at = greatest(budget.minute_at, instant) + taken * minute_step,
      day_at = greatest(budget.day_at, instant) + taken * day_step
    where key_id = key.id
    returning * into budget;
    select * into minute from private.room(budget.minute_at, instant, minute_step, key.requests_per_minute);
    select * into day from private.room(budget.day_at, instant, day_step, key.requests_per_day);
    if key.credits_per_month is not null and take_requests.cost > 0 then
      charge := private.charge_credits(key.id, take_requests.cost, key.credits_per_month);
    end if;
  end if;
  if key.last_used_at is null or key.last_used_at < now() - interval '1 minute' then
    update public.api_keys set last_used_at = now()
    where id = key.id and (last_used_at is null or last_used_at < now() - interval '1 minute');
  end if;

  return jsonb_build_object(
    'taken', taken,
    'limits', jsonb_build_object('minute', key.requests_per_minute, 'day', key.requests_per_day),
    'remaining', jsonb_build_object('minute', minute.requests, 'day', day.requests),
    'next_in', jsonb_build_object('minute', minute.next_in, 'day', day.next_in),
    'credits_remaining', case when key.credits_per_month is not null
      then greatest(key.credits_per_month - private.credits_used(key.id), 0) end,
    'charge', charge
  );
end
$$;

CREATE TABLE private.thank_yous (
    referral_id uuid NOT NULL,
    attempt integer DEFAULT 1 NOT NULL,
    sent boolean,
    email_id text,
    error text,
    claimed_at timestamp(3) with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE FUNCTION private.take_thank_you_mail(thanks private.thank_yous) RETURNS private.thank_yous
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  perform private.take_mail(referrals.company_id, email, 'referral-thank-you/' || referrals.id)
  from public.referrals
  join public.crm_contacts on crm_contacts.id = referrals.referrer_contact_id
  where referrals.id = thanks.referral_id and email is not null;
  return thanks;
exception when sqlstate 'PGRST' then
  update private.thank_yous
  set sent = false, error = sqlerrm::jsonb ->> 'message'
  where thank_yous.referral_id = thanks.referral_id
  returning * into thanks;
  return thanks;
end
$$;

CREATE FUNCTION private.test_webhook(subscription_id uuid) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  workspace uuid := private.require_company('webhooks:write');
  event private.events;
  delivery public.webhook_deliveries;
begin
  perform private.refuse_disabled_webhook(workspace, test_webhook.subscription_id);
  insert into private.events (company_id, type, data, fanned_out_at)
  values (workspace, 'webhook_test', jsonb_build_object('subscription_id', test_webhook.subscription_id), now())
  returning * into event;
  insert into public.webhook_deliveries (company_id, subscription_id, event_id, event_type)
  values (workspace, test_webhook.subscription_id, event.id, event.type)
  returning * into delivery;
  return to_jsonb(delivery);
end
$$;

CREATE FUNCTION private.thank_you(thanks private.thank_yous) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
  select jsonb_build_object('attempt', thanks.attempt, 'sent', thanks.sent, 'error', thanks.error)
$$;

CREATE FUNCTION private.thank_you_lease() RETURNS interval
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$ select interval '30 seconds' $$;

CREATE FUNCTION private.thank_you_mail(referral_id uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  return (
    select jsonb_build_object(
      'brand', private.brand(companies),
      'referrer', jsonb_build_object(
        'first_name', referrer.first_name, 'last_name', referrer.last_name, 'email', referrer.email
      ),
      'friend', case when friend.id is not null then jsonb_build_object('first_name', friend.first_name) end
    )
    from public.referrals
    join public.companies on companies.id = referrals.company_id
    join public.crm_contacts as referrer on referrer.id = referrals.referrer_contact_id
    left join public.crm_contacts as friend on friend.id = referrals.referred_contact_id
    where referrals.id = thank_you_mail.referral_id
  );
end
$$;

CREATE FUNCTION private.thank_you_outcome(referral_id uuid) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select private.thank_you(thank_yous)
  from private.thank_yous
  join public.referrals on referrals.id = thank_yous.referral_id
  where thank_yous.referral_id = thank_you_outcome.referral_id
    and referrals.company_id = private.require_company('referrals:write')
$$;

CREATE FUNCTION private.token_hash(token text) RETURNS bytea
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
  select sha256(convert_to(token, 'UTF8'))
$$;

CREATE FUNCTION private.touch_updated_at() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  new.updated_at := now();
  return new;
end
$$;

CREATE FUNCTION private.trigger_data_of(run public.automation_runs) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  told jsonb;
begin
  select private.event_data(events) into told from private.events where events.id = run.event_id;
  if run.trigger_type = 'api' then
    told := (told -> 'trigger_data')
      || jsonb_build_object('event_id', told -> 'event_id', 'occurred_at', told -> 'occurred_at');
  end if;
  return coalesce(told, '{}');
end
$$;

CREATE FUNCTION private.unsubscribe(token text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  link private.unsubscribe_links;
  present text;
begin
  select * into link from private.unsubscribe_links where token_hash = private.token_hash(token);
  if not found then
    return false;
  end if;
  -- Locked, so that an address given to them meanwhile is seen here, or sees this.
  select email into present from public.crm_contacts where id = link.contact_id for no key update;
  if found then
    insert into private.unsubscribed_contacts (contact_id, company_id) values (link.contact_id, link.company_id)
    on conflict do nothing;
  end if;
  insert into private.unsubscribed (company_id, email)
  select link.company_id, address
  from unnest(array[link.email, private.email_key(present)]) as address
  where address is not null
  on conflict do nothing;
  return true;
end
$$;

CREATE FUNCTION private.unsubscribe_contact(contact_id uuid) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  workspace uuid := private.require_company('contacts:write');
  contact public.crm_contacts;
begin
  select * into contact
  from public.crm_contacts
  where id = unsubscribe_contact.contact_id and company_id = workspace
  for update;
  if not found then
    perform private.refuse(404, 'NOT_FOUND', 'There is no such row in your workspace.');
  end if;
  insert into private.unsubscribed_contacts (contact_id, company_id) values (contact.id, workspace) on conflict do nothing;
  if contact.email is not null then
    insert into private.unsubscribed (company_id, email) values (workspace, private.email_key(contact.email))
    on conflict do nothing;
  end if;
  select * into contact from public.crm_contacts where id = contact.id;
  return to_jsonb(contact);
end
$$;

CREATE FUNCTION private.unsubscribe_form(token text) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select jsonb_build_object(
    'company', private.public_brand(companies),
    'unsubscribed', private.is_unsubscribed(link.company_id, link.contact_id, link.email)
  )
  from private.unsubscribe_links as link
  join public.companies on companies.id = link.company_id
  where link.token_hash = private.token_hash(token)
$$;

CREATE FUNCTION private.unsubscribe_token(mail_key text) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select encode(extensions.hmac('unsubscribe.' || mail_key, decrypted_secret, 'sha256'), 'hex')
  from vault.decrypted_secrets
  where name = 'referrals_dispatch_key'
$$;

CREATE FUNCTION private.view_referral_request(token text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  update public.referral_requests
  set viewed_at = now()
  from private.request_links as link
  where link.token_hash = private.token_hash(token)
    and referral_requests.id = link.request_id
    and viewed_at is null
    and submitted_at is null
    and expires_at > now();
  return found or exists (select from private.request_links where token_hash = private.token_hash(token));
end
$$;

CREATE FUNCTION private.wake_dispatcher() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $_$
declare
  dispatcher text;
  issued_at bigint := extract(epoch from clock_timestamp());
begin
  if exists (
    select from (select url, headers from net.http_request_queue order by id desc limit 100) as newest
    where url like '%/internal/dispatch'
      and case when headers ->> 'X-Dispatch-Time' ~ '^[0-9]{1,12}$'
        then (headers ->> 'X-Dispatch-Time')::bigint > issued_at - 10
        else false end
  ) then
    return;
  end if;
  select decrypted_secret into dispatcher from vault.decrypted_secrets where name = 'referrals_dispatch_url';
  if dispatcher is not null then
    perform net.http_post(
      url => dispatcher,
      headers => jsonb_build_object(
        'Content-Type', 'application/json',
        'X-Dispatch-Time', issued_at::text,
        'X-Dispatch-Signature', private.wake_up_signature(issued_at)
      ),
      timeout_milliseconds => 2000
    );
  end if;
exception when others then
  raise warning 'The dispatcher was not woken: %', sqlerrm;
end
$_$;

CREATE FUNCTION private.wake_dispatcher_for_events() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if exists (select from new_rows) then
    perform private.wake_dispatcher();
  end if;
  return null;
end
$$;

CREATE FUNCTION private.wake_up_signature(issued_at bigint) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select encode(extensions.hmac('wake-up.' || issued_at, decrypted_secret, 'sha256'), 'hex')
  from vault.decrypted_secrets
  where name = 'referrals_dispatch_key'
$$;

CREATE FUNCTION private.webhook_at(workspace uuid, address text) RETURNS uuid
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
  select id from public.webhook_subscriptions where company_id = workspace and md5(url) = md5(address)
$$;

CREATE TABLE public.webhook_subscriptions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    company_id uuid NOT NULL,
    url text NOT NULL,
    host text GENERATED ALWAYS AS (lower("substring"(url, '^https?://([^/?#]{1,255})'::text))) STORED,
    events text[] DEFAULT '{}'::text[] NOT NULL,
    enabled boolean DEFAULT true NOT NULL,
    disabled_at timestamp(3) with time zone,
    disabled_reason text,
    failing_since timestamp(3) with time zone,
    created_by uuid DEFAULT private.calling_key(),
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    CONSTRAINT webhook_subscriptions_events_check CHECK ((events <@ ARRAY['referral_attributed'::text, 'stage_changed'::text])),
    CONSTRAINT webhook_subscriptions_url_check CHECK (private.is_webhook_url(url))
);

CREATE FUNCTION private.webhook_for(workspace uuid, address text, maker uuid) RETURNS public.webhook_subscriptions
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  subscription public.webhook_subscriptions;
begin
  -- Two actions saved at once share one.
  perform pg_advisory_xact_lock(hashtextextended('webhook_for ' || workspace || ' ' || address, 0));
  select * into subscription from public.webhook_subscriptions where id = private.webhook_at(workspace, address);
  if not found then
    insert into public.webhook_subscriptions (company_id, url, created_by)
    values (workspace, address, maker)
    returning * into subscription;
    perform private.issue_webhook_secret(subscription.id);
  end if;
  return subscription;
end
$$;

CREATE FUNCTION private.webhook_in_the_way(url text) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select private.webhook_at(private.company_for('webhooks:write'), url)
$$;

CREATE FUNCTION private.webhook_patience() RETURNS interval
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$ select interval '5 days' $$;

CREATE FUNCTION private.webhooks_due(busy uuid[]) RETURNS TABLE(id uuid, company_id uuid, host text, is_failing boolean, is_probe boolean)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  with recursive waiting as (
    (
      select subscription_id
      from public.webhook_deliveries
      where due_at is not null
      order by subscription_id
      limit 1
    )
    union all
    select (
      select next.subscription_id
      from public.webhook_deliveries as next
      where next.due_at is not null and next.subscription_id > waiting.subscription_id
      order by next.subscription_id
      limit 1
    )
    from waiting
    where waiting.subscription_id is not null
  ), due as (
    select subscription.id, subscription.company_id, subscription.host, subscription.failing_since is not null as is_failing,
      circuit.open_until is not null as is_probe,
      row_number() over (
        partition by subscription.company_id, subscription.host order by subscription.failing_since is not null, random()
      ) as place
    from waiting
    join public.webhook_subscriptions as subscription on subscription.id = waiting.subscription_id
    left join private.webhook_circuits as circuit
      on circuit.company_id = subscription.company_id and circuit.host = subscription.host
    where subscription.enabled
      and subscription.id <> all (busy)
      and subscription.company_id <> all (busy)
      and (circuit.open_until is null or circuit.open_until <= now())
      and exists (
        select from public.webhook_deliveries as delivery
        where delivery.subscription_id = subscription.id and delivery.due_at <= now()
      )
  )
  select id, company_id, host, is_failing, is_probe from due where place = 1 or not is_probe
$$;

CREATE FUNCTION private.withdraw_referral_request(request_id uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform private.open_request(request_id);
  update public.referral_requests
  set withdrawn_at = coalesce(withdrawn_at, now()), expires_at = least(expires_at, now())
  where id = request_id;
end
$$;

CREATE FUNCTION private.write_expired_requests() RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  update public.referral_requests set written_status = 'expired'
  where id in (
    select id from public.referral_requests
    where lapses_at <= now()
    for update skip locked
  )
$$;

CREATE FUNCTION private.write_request_status() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  -- A withdrawal's date may have been rounded up, into the future.
  new.written_status := case
    when new.withdrawn_at is not null and new.submitted_at is null then 'expired'
    else public.status(new)
  end;
  new.lapses_at := case when new.written_status in ('sent', 'viewed') then new.expires_at end;
  return new;
end
$$;

CREATE FUNCTION private.write_stage_events() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if tg_op = 'INSERT' then
    insert into private.events (company_id, type, depth, runs_automations, data)
    select new_rows.company_id, 'stage_changed', private.chain_depth(), private.starts_automations(), jsonb_build_object(
      'deal_id', new_rows.deal_id,
      'contact_id', crm_deals.contact_id,
      'pipeline_id', new_rows.pipeline_id,
      'stage_id', new_rows.stage_id,
      'from_stage_id', null
    )
    from new_rows
    join public.crm_deals on crm_deals.id = new_rows.deal_id;
  else
    insert into private.events (company_id, type, depth, runs_automations, data)
    select new_rows.company_id, 'stage_changed', private.chain_depth(), private.starts_automations(), jsonb_build_object(
      'deal_id', new_rows.deal_id,
      'contact_id', crm_deals.contact_id,
      'pipeline_id', new_rows.pipeline_id,
      'stage_id', new_rows.stage_id,
      'from_stage_id', old_rows.stage_id
    )
    from old_rows
    join new_rows using (id)
    join public.crm_deals on crm_deals.id = new_rows.deal_id
    where old_rows.stage_id <> new_rows.stage_id;
  end if;
  return null;
end
$$;

CREATE FUNCTION public.accept_wake_up(issued_at bigint, signature text) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$ select private.accept_wake_up(issued_at, signature) $$;

CREATE FUNCTION public.action_results(public.automation_runs) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $_$ select private.run_action_results(($1).id) $_$;

CREATE FUNCTION public.admit_mail(run_id uuid, action_id uuid, contact uuid DEFAULT NULL::uuid, address text DEFAULT NULL::text) RETURNS jsonb
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.admit_mail(run_id, action_id, contact, address) $$;

CREATE FUNCTION public.ask_for_referral(contact uuid, token text, unsubscribe_token text, deal uuid DEFAULT NULL::uuid, subject_override text DEFAULT NULL::text, intro_html text DEFAULT NULL::text, how_it_works_html text DEFAULT NULL::text, expires_in_days integer DEFAULT 30, force boolean DEFAULT false) RETURNS jsonb
    LANGUAGE sql
    SET search_path TO ''
    AS $$
  select private.ask_for_referral(
    contact, deal, token, unsubscribe_token, subject_override, intro_html, how_it_works_html, expires_in_days, force
  )
$$;

CREATE FUNCTION public.attribute_opportunity(opportunity_id uuid, referrer_contact_id uuid DEFAULT NULL::uuid, category text DEFAULT NULL::text, keeps_category boolean DEFAULT false) RETURNS jsonb
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.attribute_opportunity(opportunity_id, referrer_contact_id, category, keeps_category) $$;

CREATE FUNCTION public.automation_run(run_id uuid) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$ select private.automation_run(run_id) $$;

CREATE FUNCTION public.calling_country() RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
  select private.calling_country()
$$;

CREATE FUNCTION public.calling_key_card() RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$ select private.calling_key_card() $$;

CREATE FUNCTION public.claim_work(most_deliveries integer, most_runs integer, busy uuid[] DEFAULT '{}'::uuid[]) RETURNS json
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.claim_work(most_deliveries, most_runs, busy) $$;

CREATE TABLE public.crm_deals (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    company_id uuid DEFAULT private.claimed_company() NOT NULL,
    name text NOT NULL,
    status text DEFAULT 'open'::text NOT NULL,
    contact_id uuid,
    value numeric(16,4),
    currency text,
    lead_source text,
    tags jsonb DEFAULT '[]'::jsonb NOT NULL,
    notes text,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    primary_referrer_contact_id uuid,
    primary_referrer_category text,
    created_by uuid DEFAULT private.calling_key(),
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    referrer_cleared_at timestamp(3) with time zone,
    search_text text GENERATED ALWAYS AS (private.folded(name)) STORED NOT NULL,
    CONSTRAINT crm_deals_currency_check CHECK (((currency IS NULL) OR (private.currency_decimals(currency) IS NOT NULL))),
    CONSTRAINT crm_deals_decimals_check CHECK ((value = round(value, COALESCE(private.currency_decimals(currency), 2)))),
    CONSTRAINT crm_deals_lead_source_check CHECK ((char_length(lead_source) <= 200)),
    CONSTRAINT crm_deals_metadata_check CHECK (((jsonb_typeof(metadata) = 'object'::text) AND (octet_length((metadata)::text) <= 16384))),
    CONSTRAINT crm_deals_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 300))),
    CONSTRAINT crm_deals_notes_check CHECK ((char_length(notes) <= 10000)),
    CONSTRAINT crm_deals_status_check CHECK ((status = ANY (ARRAY['open'::text, 'won'::text, 'lost'::text]))),
    CONSTRAINT crm_deals_tags_check CHECK (private.are_tags(tags)),
    CONSTRAINT crm_deals_value_check CHECK ((value >= (0)::numeric))
);

CREATE FUNCTION public.contact(public.crm_deals) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $_$ select private.deal_contact(($1).id) $_$;

CREATE FUNCTION public.contact_with_email(email text) RETURNS uuid
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
  select private.contact_with_email(email)
$$;

CREATE FUNCTION public.convert_referral(referral_id uuid) RETURNS jsonb
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.convert_referral(referral_id) $$;

CREATE FUNCTION public.create_automation(automation jsonb, actions jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  made public.automations;
  action jsonb;
begin
  insert into public.automations (name, description, trigger_type, stage_id, conditions, enabled, priority)
  select given.name, given.description, given.trigger_type, given.stage_id, coalesce(given.conditions, '{}'),
    coalesce(given.enabled, false), coalesce(given.priority, 0)
  from jsonb_populate_record(null::public.automations, create_automation.automation) as given
  returning * into made;
  for action in select value from jsonb_array_elements(create_automation.actions) loop
    insert into public.automation_actions (automation_id, action_type, sequence, config)
    values (made.id, action ->> 'action_type', (action ->> 'sequence')::integer, coalesce(action -> 'config', '{}'));
  end loop;
  return to_jsonb(made);
end
$$;

CREATE FUNCTION public.create_pipeline(name text, stages jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  pipeline public.crm_pipelines;
begin
  insert into public.crm_pipelines (name) values (create_pipeline.name) returning * into pipeline;
  insert into public.crm_pipeline_stages (pipeline_id, name, position, place)
  select pipeline.id, stage ->> 'name', (stage ->> 'position')::integer, listed.place
  from jsonb_array_elements(create_pipeline.stages) with ordinality as listed (stage, place);
  return jsonb_build_object('id', pipeline.id, 'name', pipeline.name, 'stages', public.stages(pipeline));
end
$$;

CREATE FUNCTION public.create_webhook_subscription(url text, events text[], enabled boolean DEFAULT true, secret text DEFAULT NULL::text) RETURNS jsonb
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.create_webhook_subscription(url, events, enabled, secret) $$;

CREATE FUNCTION public.delivery_jobs(ids uuid[]) RETURNS json
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$ select private.delivery_jobs(ids) $$;

CREATE FUNCTION public.finish_run(run_id uuid, status text, actions_total integer, error text DEFAULT NULL::text) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.finish_run(run_id, status, actions_total, error) $$;

CREATE FUNCTION public.form_address_key() RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$ select private.form_address_key() $$;

CREATE FUNCTION public.give_back_credits(charge uuid) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.give_back_credits(charge) $$;

CREATE FUNCTION public.has_contact(contact_id uuid) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$ select private.has_contact(contact_id) $$;

CREATE FUNCTION public.listed_at(public.automation_actions) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$ select now()::timestamptz(3) $$;

CREATE FUNCTION public.listed_at(public.automation_runs) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$ select now()::timestamptz(3) $$;

CREATE FUNCTION public.listed_at(public.automations) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$ select now()::timestamptz(3) $$;

CREATE FUNCTION public.listed_at(public.crm_contacts) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$ select now()::timestamptz(3) $$;

CREATE FUNCTION public.listed_at(public.crm_deals) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$ select now()::timestamptz(3) $$;

CREATE TABLE public.crm_pipelines (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    company_id uuid DEFAULT private.claimed_company() NOT NULL,
    name text NOT NULL,
    created_by uuid DEFAULT private.calling_key(),
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    CONSTRAINT crm_pipelines_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200)))
);

CREATE FUNCTION public.listed_at(public.crm_pipelines) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$ select now()::timestamptz(3) $$;

CREATE FUNCTION public.listed_at(public.referral_requests) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$ select now()::timestamptz(3) $$;

CREATE FUNCTION public.listed_at(public.referrals) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$ select now()::timestamptz(3) $$;

CREATE TABLE public.webhook_deliveries (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    company_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    event_id uuid NOT NULL,
    event_type text NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    attempt_count integer DEFAULT 0 NOT NULL,
    due_at timestamp(3) with time zone DEFAULT date_trunc('milliseconds'::text, now()),
    under_way boolean DEFAULT false NOT NULL,
    next_attempt_at timestamp(3) with time zone GENERATED ALWAYS AS (due_at) STORED,
    last_attempt_at timestamp(3) with time zone,
    delivered_at timestamp(3) with time zone,
    response_status integer,
    response_body text,
    error text,
    duration_ms integer,
    attempts jsonb DEFAULT '[]'::jsonb NOT NULL,
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    CONSTRAINT webhook_deliveries_check CHECK (((status = 'pending'::text) = (due_at IS NOT NULL))),
    CONSTRAINT webhook_deliveries_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'delivered'::text, 'failed'::text])))
);

CREATE FUNCTION public.listed_at(public.webhook_deliveries) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$ select now()::timestamptz(3) $$;

CREATE FUNCTION public.listed_at(public.webhook_subscriptions) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$ select now()::timestamptz(3) $$;

CREATE FUNCTION public.move_opportunity(opportunity_id uuid, target_pipeline_id uuid, target_stage_id uuid, target_position integer DEFAULT NULL::integer, skip_automations boolean DEFAULT false, skip_action_ids uuid[] DEFAULT '{}'::uuid[]) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  placement public.crm_deal_placements;
begin
  if not exists (select from public.crm_deals where id = opportunity_id) then
    return null;
  end if;

  perform set_config('referrals.skip_automations', case when skip_automations then 'on' else '' end, true);
  perform set_config('referrals.skip_action_ids', coalesce(skip_action_ids, '{}')::text, true);
  insert into public.crm_deal_placements (deal_id, pipeline_id, stage_id, position)
  values (
    opportunity_id,
    target_pipeline_id,
    target_stage_id,
    coalesce(target_position, (
      select max(position) + 1
      from public.crm_deal_placements
      where stage_id = target_stage_id and pipeline_id = target_pipeline_id and deal_id <> opportunity_id
    ), 0)
  )
  on conflict (deal_id, pipeline_id, company_id) do update set stage_id = excluded.stage_id, position = excluded.position
  returning * into placement;
  perform set_config('referrals.skip_automations', '', true);
  perform set_config('referrals.skip_action_ids', '', true);
  return to_jsonb(placement);
end
$$;

CREATE FUNCTION public.opportunity(public.referrals) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $_$ select private.referral_opportunity(($1).id) $_$;

CREATE FUNCTION public.placements(public.crm_deals) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $_$ select private.deal_placements(($1).id) $_$;

CREATE FUNCTION public.record_action(run_id uuid, result jsonb) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.record_action(run_id, result) $$;

CREATE FUNCTION public.record_deliveries(outcomes jsonb) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.record_deliveries(outcomes) $$;

CREATE FUNCTION public.record_request_mail(request_id uuid, email_id text DEFAULT NULL::text, email_error text DEFAULT NULL::text) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.record_request_mail(request_id, email_id, email_error) $$;

CREATE FUNCTION public.record_thank_you(referral_id uuid, attempt integer, email_id text DEFAULT NULL::text, error text DEFAULT NULL::text) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.record_thank_you(referral_id, attempt, email_id, error) $$;

CREATE FUNCTION public.referral_form(token text) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$ select private.referral_form(token) $$;

CREATE FUNCTION public.referral_history(referral_id uuid) RETURNS SETOF public.audit_log
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$ select * from private.referral_history(referral_id) $$;

CREATE FUNCTION public.referral_in_the_way(chain jsonb, changed_id uuid DEFAULT NULL::uuid) RETURNS uuid
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
  with wanted as (
    select wanted.*
    from jsonb_populate_record(
      null::public.referrals,
      coalesce((select to_jsonb(referrals) from public.referrals where referrals.id = changed_id), '{}') || chain
    ) as wanted
  )
  select other.id
  from wanted
  join public.referrals as other on other.referrer_contact_id = wanted.referrer_contact_id
    and other.referred_contact_id = wanted.referred_contact_id
    and other.referred_deal_id is not distinct from wanted.referred_deal_id
  where other.id is distinct from changed_id
  union all
  select other.id
  from wanted
  join public.referrals as other on other.referred_deal_id = wanted.referred_deal_id and other.hand_set
  where wanted.hand_set and other.id is distinct from changed_id
  limit 1
$$;

CREATE FUNCTION public.referral_leaderboard(max_entries integer DEFAULT 10, only_converted boolean DEFAULT false) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
  select private.referral_leaderboard(max_entries, only_converted)
$$;

CREATE FUNCTION public.referred_contact(public.referrals) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $_$ select private.referral_referred_contact(($1).id) $_$;

CREATE FUNCTION public.referrer(public.crm_deals) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $_$ select private.deal_referrer(($1).id) $_$;

CREATE FUNCTION public.referrer(public.referrals) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $_$ select private.referral_referrer(($1).id) $_$;

CREATE FUNCTION public.remove_contact(contact_id uuid, force boolean) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.remove_contact(contact_id, force) $$;

CREATE FUNCTION public.remove_opportunity(opportunity_id uuid) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.remove_opportunity(opportunity_id) $$;

CREATE FUNCTION public.renew_referral_request(request_id uuid, token text, unsubscribe_token text) RETURNS jsonb
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.renew_referral_request(request_id, token, unsubscribe_token) $$;

CREATE FUNCTION public.reorder_actions(automation_id uuid, action_ids uuid[]) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  ordered uuid[];
begin
  perform public.require_scope('automations:write');
  perform from public.automations where id = reorder_actions.automation_id;
  if not found then
    return null;
  end if;
  select coalesce(array_agg(action.id order by array_position(action_ids, action.id), action.sequence, action.created_at, action.id), '{}')
  into ordered
  from public.automation_actions as action
  where action.automation_id = reorder_actions.automation_id;
  if not action_ids <@ ordered then
    perform private.refuse(
      404, 'NOT_FOUND', 'action_ids names an action that this automation does not have.', details => 'action_ids'
    );
  end if;
  update public.automation_actions as action
  set sequence = array_position(ordered, action.id) - 1
  where action.automation_id = reorder_actions.automation_id
    and action.sequence <> array_position(ordered, action.id) - 1;
  return cardinality(ordered);
end
$$;

CREATE FUNCTION public.replay_webhook_delivery(delivery_id uuid) RETURNS jsonb
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.replay_webhook_delivery(delivery_id) $$;

CREATE FUNCTION public.require_scope(scope text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  if private.company_for(variadic array_remove(array[scope], null)) is null and scope is not null then
    perform private.refuse(403, 'INSUFFICIENT_SCOPE', 'This API key lacks the scope ' || scope || '.', details => scope);
  end if;
end
$$;

CREATE FUNCTION public.rotate_webhook_secret(subscription_id uuid, secret text DEFAULT NULL::text) RETURNS jsonb
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.rotate_webhook_secret(subscription_id, secret) $$;

CREATE FUNCTION public.run_attribute_referral(run_id uuid, action_id uuid, request jsonb) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.run_attribute_referral(run_id, action_id, request) $$;

CREATE FUNCTION public.run_call_webhook(run_id uuid, action_id uuid) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.run_call_webhook(run_id, action_id) $$;

CREATE FUNCTION public.run_job(run_id uuid) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$ select private.run_job(automation_runs) from public.automation_runs where id = run_job.run_id $$;

CREATE FUNCTION public.stages(public.crm_pipelines) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $_$
  select coalesce(jsonb_agg(jsonb_build_object('id', id, 'name', name, 'position', position) order by position, place, id), '[]')
  from public.crm_pipeline_stages
  where pipeline_id = ($1).id
$_$;

CREATE FUNCTION public.start_action_run(automation_id uuid, action_id uuid, trigger_data jsonb) RETURNS jsonb
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.start_action_run(automation_id, action_id, trigger_data) $$;

CREATE FUNCTION public.start_automation_run(automation_id uuid, trigger_data jsonb) RETURNS jsonb
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.start_automation_run(automation_id, trigger_data) $$;

CREATE FUNCTION public.status(request public.referral_requests) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
  select case
    when (request).submitted_at is not null then 'submitted'
    when (request).expires_at <= now() then 'expired'
    when (request).viewed_at is not null then 'viewed'
    else 'sent'
  end
$$;

CREATE FUNCTION public.submit_referral(token text, first_name text, last_name text DEFAULT NULL::text, email text DEFAULT NULL::text, phone text DEFAULT NULL::text, category text DEFAULT NULL::text, message text DEFAULT NULL::text, consent boolean DEFAULT false) RETURNS jsonb
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.submit_referral(token, first_name, last_name, email, phone, category, message, consent) $$;

CREATE FUNCTION public.take_requests(count integer DEFAULT 1, cost integer DEFAULT 0) RETURNS jsonb
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.take_requests(count, cost) $$;

CREATE FUNCTION public.test_webhook(subscription_id uuid) RETURNS jsonb
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.test_webhook(subscription_id) $$;

CREATE FUNCTION public.thank_you_outcome(referral_id uuid) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$ select private.thank_you_outcome(referral_id) $$;

CREATE FUNCTION public.trigger_data(public.automation_runs) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $_$ select private.run_trigger_data(($1).id) $_$;

CREATE FUNCTION public.unsubscribe(token text) RETURNS boolean
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.unsubscribe(token) $$;

CREATE FUNCTION public.unsubscribe_contact(contact_id uuid) RETURNS jsonb
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.unsubscribe_contact(contact_id) $$;

CREATE FUNCTION public.unsubscribe_form(token text) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$ select private.unsubscribe_form(token) $$;

CREATE FUNCTION public.view_referral_request(token text) RETURNS boolean
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.view_referral_request(token) $$;

CREATE FUNCTION public.wake_dispatcher() RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.wake_dispatcher() $$;

CREATE FUNCTION public.webhook_in_the_way(url text) RETURNS uuid
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$ select private.webhook_in_the_way(url) $$;

CREATE FUNCTION public.withdraw_referral_request(request_id uuid) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.withdraw_referral_request(request_id) $$;

CREATE TABLE private.action_results (
    run_id uuid NOT NULL,
    action_id uuid NOT NULL,
    result jsonb NOT NULL,
    scopes text[] NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE private.automation_referrals (
    action_id uuid NOT NULL,
    deal_id uuid NOT NULL,
    referral_id uuid NOT NULL
);

CREATE TABLE private.counted_mails (
    company_id uuid NOT NULL,
    mail_key text NOT NULL,
    recipient_hash bytea NOT NULL,
    day date NOT NULL
);

CREATE TABLE private.credit_charges (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    key_id uuid NOT NULL,
    month date NOT NULL,
    cost integer NOT NULL,
    charged_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT credit_charges_cost_check CHECK ((cost > 0))
);

CREATE UNLOGGED TABLE private.form_addresses (
    address text NOT NULL,
    tries integer NOT NULL,
    since timestamp with time zone NOT NULL
);

CREATE TABLE private.form_limits (
    singleton boolean DEFAULT true NOT NULL,
    client_address_header text,
    tries_per_hour integer DEFAULT 1000 NOT NULL,
    tries_of_unknown integer DEFAULT 20000 NOT NULL,
    CONSTRAINT form_limits_client_address_header_check CHECK ((client_address_header ~ '^[a-z0-9-]+$'::text)),
    CONSTRAINT form_limits_singleton_check CHECK (singleton),
    CONSTRAINT form_limits_tries_of_unknown_check CHECK ((tries_of_unknown > 0)),
    CONSTRAINT form_limits_tries_per_hour_check CHECK ((tries_per_hour > 0))
);

CREATE TABLE private.key_credits (
    key_id uuid NOT NULL,
    month date NOT NULL,
    used integer NOT NULL,
    CONSTRAINT key_credits_used_check CHECK ((used >= 0))
);

CREATE TABLE private.mail_days (
    company_id uuid NOT NULL,
    day date NOT NULL,
    mails integer NOT NULL
);

CREATE UNLOGGED TABLE private.request_budgets (
    key_id uuid NOT NULL,
    minute_at timestamp with time zone NOT NULL,
    day_at timestamp with time zone NOT NULL
);

CREATE TABLE private.request_links (
    request_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    tries_since timestamp(3) with time zone DEFAULT now() NOT NULL,
    CONSTRAINT request_links_token_hash_check CHECK ((octet_length(token_hash) = 32))
);

CREATE TABLE private.row_counts (
    company_id uuid NOT NULL,
    name text NOT NULL,
    shard smallint NOT NULL,
    rows bigint NOT NULL,
    CONSTRAINT row_counts_name_check CHECK ((name = ANY (ARRAY['contacts'::text, 'open_requests'::text])))
);

CREATE TABLE private.unsubscribe_links (
    token_hash bytea NOT NULL,
    company_id uuid NOT NULL,
    contact_id uuid,
    email text NOT NULL,
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL
);

CREATE TABLE private.unsubscribed (
    company_id uuid NOT NULL,
    email text NOT NULL,
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL
);

CREATE TABLE private.unsubscribed_contacts (
    contact_id uuid NOT NULL,
    company_id uuid NOT NULL,
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL
);

CREATE TABLE private.webhook_circuits (
    company_id uuid NOT NULL,
    host text NOT NULL,
    failures integer NOT NULL,
    openings integer DEFAULT 0 NOT NULL,
    open_until timestamp(3) with time zone,
    probe uuid
);

CREATE TABLE private.webhook_secrets (
    vault_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    expires_at timestamp(3) with time zone
);

CREATE TABLE private.workspace_limits (
    company_id uuid NOT NULL,
    name text NOT NULL,
    value integer NOT NULL,
    CONSTRAINT workspace_limits_name_check CHECK ((name = ANY (ARRAY['mails_per_day'::text, 'contacts'::text, 'automations'::text, 'actions'::text, 'subscriptions'::text, 'open_requests'::text]))),
    CONSTRAINT workspace_limits_value_check CHECK ((value > 0))
);

CREATE TABLE public.api_keys (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    company_id uuid NOT NULL,
    name text NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    expires_at timestamp(3) with time zone,
    revoked_at timestamp(3) with time zone,
    disabled_at timestamp(3) with time zone,
    last_used_at timestamp(3) with time zone,
    requests_per_minute integer DEFAULT 600 NOT NULL,
    requests_per_day integer DEFAULT 100000 NOT NULL,
    credits_per_month integer,
    CONSTRAINT api_keys_credits_per_month_check CHECK (((credits_per_month >= 1) AND (credits_per_month <= 1000000000))),
    CONSTRAINT api_keys_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200))),
    CONSTRAINT api_keys_requests_per_day_check CHECK (((requests_per_day >= 1) AND (requests_per_day <= 100000000))),
    CONSTRAINT api_keys_requests_per_minute_check CHECK (((requests_per_minute >= 1) AND (requests_per_minute <= 1000000))),
    CONSTRAINT api_keys_scopes_check CHECK (((cardinality(scopes) > 0) AND (scopes <@ ARRAY['referrals:read'::text, 'referrals:write'::text, 'referrals:delete'::text, 'contacts:read'::text, 'contacts:write'::text, 'contacts:delete'::text, 'opportunities:read'::text, 'opportunities:write'::text, 'opportunities:delete'::text, 'pipelines:read'::text, 'pipelines:write'::text, 'company:read'::text, 'company:write'::text, 'automations:read'::text, 'automations:write'::text, 'automations:trigger'::text, 'webhooks:read'::text, 'webhooks:write'::text, 'audit:read'::text, 'admin'::text])))
);

CREATE TABLE public.company_settings (
    company_id uuid NOT NULL,
    referral_categories text[] DEFAULT '{}'::text[] NOT NULL,
    lead_sources text[] DEFAULT '{}'::text[] NOT NULL,
    referral_pipeline_id uuid,
    referral_stage_id uuid,
    updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    form_tries_per_hour integer DEFAULT 60 NOT NULL,
    mail_recipients text[] DEFAULT '{}'::text[] NOT NULL,
    mail_form_contacts boolean DEFAULT false NOT NULL,
    CONSTRAINT company_settings_check CHECK (((referral_stage_id IS NULL) OR (referral_pipeline_id IS NOT NULL))),
    CONSTRAINT company_settings_form_tries_per_hour_check CHECK ((form_tries_per_hour > 0)),
    CONSTRAINT company_settings_lead_sources_check CHECK (((cardinality(lead_sources) <= 200) AND private.are_distinct_labels(lead_sources))),
    CONSTRAINT company_settings_mail_recipients_check CHECK (((cardinality(mail_recipients) <= 50) AND private.are_emails(mail_recipients))),
    CONSTRAINT company_settings_referral_categories_check CHECK (((cardinality(referral_categories) <= 200) AND private.are_distinct_labels(referral_categories)))
);

CREATE TABLE public.crm_deal_placements (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    company_id uuid DEFAULT private.claimed_company() NOT NULL,
    deal_id uuid NOT NULL,
    pipeline_id uuid NOT NULL,
    stage_id uuid NOT NULL,
    "position" integer DEFAULT 0 NOT NULL,
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    deal_created_at timestamp(3) with time zone,
    CONSTRAINT crm_deal_placements_position_check CHECK (("position" >= 0))
);

CREATE TABLE public.crm_pipeline_stages (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    company_id uuid DEFAULT private.claimed_company() NOT NULL,
    pipeline_id uuid NOT NULL,
    name text NOT NULL,
    "position" integer DEFAULT 0 NOT NULL,
    place integer DEFAULT 0 NOT NULL,
    CONSTRAINT crm_pipeline_stages_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200))),
    CONSTRAINT crm_pipeline_stages_place_check CHECK ((place >= 0)),
    CONSTRAINT crm_pipeline_stages_position_check CHECK (("position" >= 0))
);

CREATE VIEW public.expired_requests WITH (security_invoker='true') AS
 SELECT expired.id,
    expired.company_id,
    expired.contact_id,
    expired.deal_id,
    expired.recipient_email,
    expired.recipient_name,
    expired.sent_at,
    expired.viewed_at,
    expired.submitted_at,
    expired.referral_id,
    expired.submission,
    expired.expires_at,
    expired.delivery,
    expired.email_error,
    expired.created_at,
    expired.updated_at,
    'expired'::text AS status,
    (now())::timestamp(3) with time zone AS listed_at
   FROM (( SELECT referral_requests.id,
            referral_requests.company_id,
            referral_requests.contact_id,
            referral_requests.deal_id,
            referral_requests.recipient_email,
            referral_requests.recipient_name,
            referral_requests.sent_at,
            referral_requests.viewed_at,
            referral_requests.submitted_at,
            referral_requests.referral_id,
            referral_requests.submission,
            referral_requests.expires_at,
            referral_requests.delivery,
            referral_requests.email_error,
            referral_requests.created_at,
            referral_requests.updated_at
           FROM public.referral_requests
          WHERE (referral_requests.written_status = 'expired'::text)
          ORDER BY referral_requests.created_at DESC, referral_requests.id DESC)
        UNION ALL
        ( SELECT referral_requests.id,
            referral_requests.company_id,
            referral_requests.contact_id,
            referral_requests.deal_id,
            referral_requests.recipient_email,
            referral_requests.recipient_name,
            referral_requests.sent_at,
            referral_requests.viewed_at,
            referral_requests.submitted_at,
            referral_requests.referral_id,
            referral_requests.submission,
            referral_requests.expires_at,
            referral_requests.delivery,
            referral_requests.email_error,
            referral_requests.created_at,
            referral_requests.updated_at
           FROM public.referral_requests
          WHERE (referral_requests.lapses_at <= now())
          ORDER BY referral_requests.created_at DESC, referral_requests.id DESC)) expired;

CREATE VIEW public.placed_deals WITH (security_invoker='true') AS
 SELECT placement.deal_id AS id,
    placement.company_id,
    deal.name,
    deal.status,
    deal.contact_id,
    deal.value,
    deal.currency,
    deal.lead_source,
    deal.primary_referrer_contact_id,
    deal.primary_referrer_category,
    deal.tags,
    deal.notes,
    deal.metadata,
    deal.search_text,
    placement.pipeline_id,
    placement.stage_id,
    placement.deal_created_at AS created_at,
    deal.updated_at,
    private.deal_placements(placement.deal_id) AS placements,
    private.deal_contact(placement.deal_id) AS contact,
    private.deal_referrer(placement.deal_id) AS referrer,
    (now())::timestamp(3) with time zone AS listed_at
   FROM (public.crm_deal_placements placement
     LEFT JOIN public.crm_deals deal ON (((deal.id = placement.deal_id) AND (deal.company_id = placement.company_id))));

ALTER TABLE ONLY private.action_results
    ADD CONSTRAINT action_results_pkey PRIMARY KEY (run_id, action_id);

ALTER TABLE ONLY private.automation_referrals
    ADD CONSTRAINT automation_referrals_pkey PRIMARY KEY (action_id, deal_id);

ALTER TABLE ONLY private.counted_mails
    ADD CONSTRAINT counted_mails_pkey PRIMARY KEY (company_id, mail_key);

ALTER TABLE ONLY private.credit_charges
    ADD CONSTRAINT credit_charges_pkey PRIMARY KEY (id);

ALTER TABLE ONLY private.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id);

ALTER TABLE ONLY private.form_addresses
    ADD CONSTRAINT form_addresses_pkey PRIMARY KEY (address);

ALTER TABLE ONLY private.form_limits
    ADD CONSTRAINT form_limits_pkey PRIMARY KEY (singleton);

ALTER TABLE ONLY private.key_credits
    ADD CONSTRAINT key_credits_pkey PRIMARY KEY (key_id, month);

ALTER TABLE ONLY private.mail_days
    ADD CONSTRAINT mail_days_pkey PRIMARY KEY (company_id, day);

ALTER TABLE ONLY private.referrer_counts
    ADD CONSTRAINT referrer_counts_pkey PRIMARY KEY (contact_id, company_id);

ALTER TABLE ONLY private.request_budgets
    ADD CONSTRAINT request_budgets_pkey PRIMARY KEY (key_id);

ALTER TABLE ONLY private.request_links
    ADD CONSTRAINT request_links_pkey PRIMARY KEY (request_id);

ALTER TABLE ONLY private.request_links
    ADD CONSTRAINT request_links_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY private.row_counts
    ADD CONSTRAINT row_counts_pkey PRIMARY KEY (company_id, name, shard);

ALTER TABLE ONLY private.thank_yous
    ADD CONSTRAINT thank_yous_pkey PRIMARY KEY (referral_id);

ALTER TABLE ONLY private.unsubscribe_links
    ADD CONSTRAINT unsubscribe_links_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY private.unsubscribed_contacts
    ADD CONSTRAINT unsubscribed_contacts_pkey PRIMARY KEY (contact_id, company_id);

ALTER TABLE ONLY private.unsubscribed
    ADD CONSTRAINT unsubscribed_pkey PRIMARY KEY (company_id, email);

ALTER TABLE ONLY private.webhook_circuits
    ADD CONSTRAINT webhook_circuits_pkey PRIMARY KEY (company_id, host);

ALTER TABLE ONLY private.webhook_secrets
    ADD CONSTRAINT webhook_secrets_pkey PRIMARY KEY (vault_id);

ALTER TABLE ONLY private.workspace_limits
    ADD CONSTRAINT workspace_limits_pkey PRIMARY KEY (company_id, name);

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_id_company_id_key UNIQUE (id, company_id);

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.audit_log
    ADD CONSTRAINT audit_log_pkey PRIMARY KEY (company_id, created_at, id);

ALTER TABLE ONLY public.automation_actions
    ADD CONSTRAINT automation_actions_id_company_id_key UNIQUE (id, company_id);

ALTER TABLE ONLY public.automation_actions
    ADD CONSTRAINT automation_actions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.automation_runs
    ADD CONSTRAINT automation_runs_event_id_automation_id_key UNIQUE (event_id, automation_id);

ALTER TABLE ONLY public.automation_runs
    ADD CONSTRAINT automation_runs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.automations
    ADD CONSTRAINT automations_id_company_id_key UNIQUE (id, company_id);

ALTER TABLE ONLY public.automations
    ADD CONSTRAINT automations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.companies
    ADD CONSTRAINT companies_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.company_settings
    ADD CONSTRAINT company_settings_pkey PRIMARY KEY (company_id);

ALTER TABLE ONLY public.crm_contacts
    ADD CONSTRAINT crm_contacts_id_company_id_key UNIQUE (id, company_id);

ALTER TABLE ONLY public.crm_contacts
    ADD CONSTRAINT crm_contacts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.crm_deal_placements
    ADD CONSTRAINT crm_deal_placements_deal_id_pipeline_id_company_id_key UNIQUE (deal_id, pipeline_id, company_id);

ALTER TABLE ONLY public.crm_deal_placements
    ADD CONSTRAINT crm_deal_placements_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.crm_deals
    ADD CONSTRAINT crm_deals_id_company_id_key UNIQUE (id, company_id);

ALTER TABLE ONLY public.crm_deals
    ADD CONSTRAINT crm_deals_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.crm_pipeline_stages
    ADD CONSTRAINT crm_pipeline_stages_id_company_id_key UNIQUE (id, company_id);

ALTER TABLE ONLY public.crm_pipeline_stages
    ADD CONSTRAINT crm_pipeline_stages_id_pipeline_id_company_id_key UNIQUE (id, pipeline_id, company_id);

ALTER TABLE ONLY public.crm_pipeline_stages
    ADD CONSTRAINT crm_pipeline_stages_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.crm_pipelines
    ADD CONSTRAINT crm_pipelines_id_company_id_key UNIQUE (id, company_id);

ALTER TABLE ONLY public.crm_pipelines
    ADD CONSTRAINT crm_pipelines_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.referral_requests
    ADD CONSTRAINT referral_requests_id_company_id_key UNIQUE (id, company_id);

ALTER TABLE ONLY public.referral_requests
    ADD CONSTRAINT referral_requests_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.referrals
    ADD CONSTRAINT referrals_id_company_id_key UNIQUE (id, company_id);

ALTER TABLE ONLY public.referrals
    ADD CONSTRAINT referrals_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_subscription_id_event_id_key UNIQUE (subscription_id, event_id);

ALTER TABLE ONLY public.webhook_subscriptions
    ADD CONSTRAINT webhook_subscriptions_id_company_id_key UNIQUE (id, company_id);

ALTER TABLE ONLY public.webhook_subscriptions
    ADD CONSTRAINT webhook_subscriptions_pkey PRIMARY KEY (id);

CREATE INDEX automation_referrals_deal ON private.automation_referrals USING btree (deal_id);

CREATE INDEX automation_referrals_referral ON private.automation_referrals USING btree (referral_id);

CREATE INDEX counted_mails_day ON private.counted_mails USING btree (company_id, day);

CREATE INDEX counted_mails_recipient ON private.counted_mails USING btree (company_id, recipient_hash, day);

CREATE INDEX credit_charges_key ON private.credit_charges USING btree (key_id, charged_at);

CREATE INDEX events_age ON private.events USING brin (occurred_at);

CREATE INDEX events_waiting ON private.events USING btree (company_id, occurred_at) WHERE (fanned_out_at IS NULL);

CREATE INDEX form_addresses_since ON private.form_addresses USING btree (since);

CREATE INDEX referrer_counts_converted_rank ON private.referrer_counts USING btree (company_id, converted DESC, contact_id) WHERE (converted > 0);

CREATE INDEX referrer_counts_rank ON private.referrer_counts USING btree (company_id, converted DESC, total DESC, contact_id) WHERE (total > 0);

CREATE INDEX unsubscribe_links_company_id ON private.unsubscribe_links USING btree (company_id);

CREATE INDEX unsubscribe_links_contact ON private.unsubscribe_links USING btree (contact_id, company_id);

CREATE INDEX unsubscribed_contacts_company_id ON private.unsubscribed_contacts USING btree (company_id);

CREATE UNIQUE INDEX webhook_secrets_current ON private.webhook_secrets USING btree (subscription_id) WHERE (expires_at IS NULL);

CREATE UNIQUE INDEX webhook_secrets_older ON private.webhook_secrets USING btree (subscription_id) WHERE (expires_at IS NOT NULL);

CREATE INDEX webhook_secrets_subscription ON private.webhook_secrets USING btree (subscription_id);

CREATE INDEX api_keys_company_id ON public.api_keys USING btree (company_id);

CREATE INDEX audit_log_actor ON public.audit_log USING btree (actor_id, company_id, created_at DESC, id DESC);

CREATE INDEX audit_log_age ON public.audit_log USING brin (created_at);

CREATE INDEX audit_log_entity ON public.audit_log USING btree (entity_id, company_id, created_at DESC, id DESC);

CREATE INDEX audit_log_entity_type ON public.audit_log USING btree (company_id, entity_type, created_at DESC, id DESC);

CREATE INDEX automation_actions_automation ON public.automation_actions USING btree (automation_id, company_id, sequence, created_at, id);

CREATE INDEX automation_actions_created_at ON public.automation_actions USING btree (company_id, created_at DESC, id DESC);

CREATE INDEX automation_runs_age ON public.automation_runs USING brin (created_at);

CREATE INDEX automation_runs_chained ON public.automation_runs USING btree (root_id) WHERE (depth > 0);

CREATE INDEX automation_runs_created_at ON public.automation_runs USING btree (automation_id, company_id, created_at DESC, id DESC);

CREATE INDEX automation_runs_due ON public.automation_runs USING btree (company_id, due_at, event_id) WHERE (due_at IS NOT NULL);

CREATE UNIQUE INDEX automation_runs_refused ON public.automation_runs USING btree (company_id, root_id, automation_id, refusal) WHERE (refusal IS NOT NULL);

CREATE INDEX automation_runs_status ON public.automation_runs USING btree (automation_id, company_id, status, created_at DESC, id DESC);

CREATE INDEX automations_created_at ON public.automations USING btree (company_id, created_at DESC, id DESC);

CREATE INDEX automations_stage ON public.automations USING btree (stage_id, company_id);

CREATE INDEX automations_updated_at ON public.automations USING btree (company_id, updated_at DESC, id DESC);

CREATE INDEX company_settings_referral_pipeline ON public.company_settings USING btree (referral_pipeline_id, company_id);

CREATE INDEX company_settings_referral_stage ON public.company_settings USING btree (referral_stage_id, referral_pipeline_id, company_id);

CREATE INDEX crm_contacts_active ON public.crm_contacts USING btree (company_id, created_at DESC, id DESC) WHERE (archived_at IS NULL);

CREATE INDEX crm_contacts_archived ON public.crm_contacts USING btree (company_id, created_at DESC, id DESC) WHERE (archived_at IS NOT NULL);

CREATE INDEX crm_contacts_created_at ON public.crm_contacts USING btree (company_id, created_at DESC, id DESC);

CREATE UNIQUE INDEX crm_contacts_email ON public.crm_contacts USING btree (company_id, private.email_key(email));

CREATE INDEX crm_contacts_phone ON public.crm_contacts USING btree (company_id, phone);

CREATE INDEX crm_contacts_source ON public.crm_contacts USING btree (company_id, source, created_at DESC, id DESC);

CREATE INDEX crm_contacts_unsubscribed ON public.crm_contacts USING btree (company_id, created_at DESC, id DESC) WHERE (unsubscribed_at IS NOT NULL);

CREATE INDEX crm_contacts_updated_at ON public.crm_contacts USING btree (company_id, updated_at DESC, id DESC);

CREATE INDEX crm_deal_placements_company_id ON public.crm_deal_placements USING btree (company_id);

CREATE INDEX crm_deal_placements_deal ON public.crm_deal_placements USING btree (deal_id, company_id);

CREATE INDEX crm_deal_placements_pipeline ON public.crm_deal_placements USING btree (pipeline_id, company_id, deal_created_at DESC, deal_id DESC);

CREATE INDEX crm_deal_placements_stage ON public.crm_deal_placements USING btree (stage_id, pipeline_id, company_id, "position");

CREATE INDEX crm_deal_placements_stage_deals ON public.crm_deal_placements USING btree (stage_id, company_id, deal_created_at DESC, deal_id DESC);

CREATE INDEX crm_deals_contact ON public.crm_deals USING btree (contact_id, company_id, created_at DESC, id DESC);

CREATE INDEX crm_deals_created_at ON public.crm_deals USING btree (company_id, created_at DESC, id DESC);

CREATE INDEX crm_deals_primary_referrer ON public.crm_deals USING btree (primary_referrer_contact_id, company_id, created_at DESC, id DESC);

CREATE INDEX crm_deals_status ON public.crm_deals USING btree (company_id, status, created_at DESC, id DESC);

CREATE INDEX crm_deals_updated_at ON public.crm_deals USING btree (company_id, updated_at DESC, id DESC);

CREATE INDEX crm_pipeline_stages_company_id ON public.crm_pipeline_stages USING btree (company_id);

CREATE INDEX crm_pipeline_stages_pipeline ON public.crm_pipeline_stages USING btree (pipeline_id, company_id, "position", place);

CREATE INDEX crm_pipelines_created_at ON public.crm_pipelines USING btree (company_id, created_at DESC, id DESC);

CREATE INDEX crm_pipelines_updated_at ON public.crm_pipelines USING btree (company_id, updated_at DESC, id DESC);

CREATE INDEX referral_requests_contact ON public.referral_requests USING btree (contact_id, company_id, created_at DESC, id DESC);

CREATE INDEX referral_requests_created_at ON public.referral_requests USING btree (company_id, created_at DESC, id DESC);

CREATE INDEX referral_requests_created_by ON public.referral_requests USING btree (created_by, company_id);

CREATE INDEX referral_requests_deal ON public.referral_requests USING btree (deal_id, company_id);

CREATE INDEX referral_requests_delivery ON public.referral_requests USING btree (company_id, delivery, created_at DESC, id DESC);

CREATE INDEX referral_requests_lapses_at ON public.referral_requests USING btree (lapses_at, company_id) WHERE (lapses_at IS NOT NULL);

CREATE INDEX referral_requests_open ON public.referral_requests USING btree (contact_id, company_id) WHERE (lapses_at IS NOT NULL);

CREATE INDEX referral_requests_referral ON public.referral_requests USING btree (referral_id, company_id);

CREATE INDEX referral_requests_status ON public.referral_requests USING btree (company_id, written_status, created_at DESC, id DESC);

CREATE INDEX referral_requests_updated_at ON public.referral_requests USING btree (company_id, updated_at DESC, id DESC);

CREATE INDEX referrals_category ON public.referrals USING btree (company_id, category, created_at DESC, id DESC);

CREATE INDEX referrals_created_at ON public.referrals USING btree (company_id, created_at DESC, id DESC);

CREATE INDEX referrals_created_by ON public.referrals USING btree (created_by, company_id);

CREATE UNIQUE INDEX referrals_hand_set ON public.referrals USING btree (company_id, referred_deal_id) WHERE hand_set;

CREATE UNIQUE INDEX referrals_once ON public.referrals USING btree (company_id, referrer_contact_id, referred_contact_id, referred_deal_id) NULLS NOT DISTINCT WHERE (referred_contact_id IS NOT NULL);

CREATE INDEX referrals_referred_contact ON public.referrals USING btree (referred_contact_id, company_id, created_at DESC, id DESC);

CREATE INDEX referrals_referred_deal ON public.referrals USING btree (referred_deal_id, company_id, created_at DESC, id DESC);

CREATE INDEX referrals_referrer ON public.referrals USING btree (referrer_contact_id, company_id, created_at DESC, id DESC);

CREATE INDEX referrals_source ON public.referrals USING btree (company_id, source, created_at DESC, id DESC);

CREATE INDEX referrals_status ON public.referrals USING btree (company_id, status, created_at DESC, id DESC);

CREATE INDEX referrals_updated_at ON public.referrals USING btree (company_id, updated_at DESC, id DESC);

CREATE INDEX webhook_deliveries_age ON public.webhook_deliveries USING brin (created_at);

CREATE INDEX webhook_deliveries_created_at ON public.webhook_deliveries USING btree (subscription_id, company_id, created_at DESC, id DESC);

CREATE INDEX webhook_deliveries_due ON public.webhook_deliveries USING btree (subscription_id, due_at) WHERE (due_at IS NOT NULL);

CREATE INDEX webhook_deliveries_event_type ON public.webhook_deliveries USING btree (subscription_id, company_id, event_type, created_at DESC, id DESC);

CREATE INDEX webhook_deliveries_status ON public.webhook_deliveries USING btree (subscription_id, company_id, status, created_at DESC, id DESC);

CREATE INDEX webhook_subscriptions_created_at ON public.webhook_subscriptions USING btree (company_id, created_at DESC, id DESC);

CREATE UNIQUE INDEX webhook_subscriptions_once ON public.webhook_subscriptions USING btree (company_id, md5(url));

CREATE INDEX webhook_subscriptions_updated_at ON public.webhook_subscriptions USING btree (company_id, updated_at DESC, id DESC);

CREATE STATISTICS public.automation_runs_owner (dependencies) ON company_id, automation_id FROM public.automation_runs;

CREATE STATISTICS public.crm_deal_placements_owner (dependencies) ON company_id, pipeline_id, stage_id FROM public.crm_deal_placements;

CREATE STATISTICS public.crm_deals_owner (dependencies) ON company_id, contact_id, primary_referrer_contact_id FROM public.crm_deals;

CREATE STATISTICS public.referral_requests_owner (dependencies) ON company_id, contact_id FROM public.referral_requests;

CREATE STATISTICS public.referrals_owner (dependencies) ON company_id, referrer_contact_id, referred_contact_id, referred_deal_id FROM public.referrals;

CREATE STATISTICS public.webhook_deliveries_owner (dependencies) ON company_id, subscription_id FROM public.webhook_deliveries;

CREATE TRIGGER events_wake_dispatcher AFTER INSERT ON private.events REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.wake_dispatcher_for_events();

CREATE TRIGGER unsubscribed_contacts_note AFTER INSERT ON private.unsubscribed_contacts FOR EACH ROW EXECUTE FUNCTION private.note_unsubscribed_contact();

CREATE TRIGGER unsubscribed_note AFTER INSERT ON private.unsubscribed FOR EACH ROW EXECUTE FUNCTION private.note_unsubscribed_email();

CREATE TRIGGER webhook_secrets_forget AFTER DELETE ON private.webhook_secrets FOR EACH ROW EXECUTE FUNCTION private.forget_webhook_secret();

CREATE TRIGGER api_keys_audit_delete AFTER DELETE ON public.api_keys REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('api_key', 'last_used_at');

CREATE TRIGGER api_keys_audit_insert AFTER INSERT ON public.api_keys REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('api_key', 'last_used_at');

CREATE TRIGGER api_keys_audit_update AFTER UPDATE ON public.api_keys REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('api_key', 'last_used_at');

CREATE TRIGGER audit_log_keep BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_log FOR EACH STATEMENT EXECUTE FUNCTION private.keep_audit_log();

CREATE TRIGGER automation_actions_answer_for_insert BEFORE INSERT ON public.automation_actions FOR EACH ROW EXECUTE FUNCTION private.answer_for_action();

CREATE TRIGGER automation_actions_answer_for_update BEFORE UPDATE ON public.automation_actions FOR EACH ROW WHEN (((new.action_type <> old.action_type) OR (new.config <> old.config))) EXECUTE FUNCTION private.answer_for_action();

CREATE TRIGGER automation_actions_audit_delete AFTER DELETE ON public.automation_actions REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('action', '');

CREATE TRIGGER automation_actions_audit_insert AFTER INSERT ON public.automation_actions REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('action', '');

CREATE TRIGGER automation_actions_audit_update AFTER UPDATE ON public.automation_actions REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('action', '');

CREATE TRIGGER automation_actions_make_webhook AFTER INSERT OR UPDATE OF action_type, config ON public.automation_actions FOR EACH ROW WHEN ((new.action_type = 'call_webhook'::text)) EXECUTE FUNCTION private.make_action_webhook();

CREATE TRIGGER automation_actions_prepare BEFORE INSERT OR UPDATE OF config ON public.automation_actions FOR EACH ROW EXECUTE FUNCTION private.prepare_action();

CREATE TRIGGER automation_actions_refuse_over_limit AFTER INSERT ON public.automation_actions REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.refuse_rows_over_limit('actions');

CREATE TRIGGER automation_actions_touch BEFORE UPDATE ON public.automation_actions FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();

CREATE TRIGGER automation_runs_touch BEFORE UPDATE ON public.automation_runs FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();

CREATE TRIGGER automations_answer_for_insert BEFORE INSERT ON public.automations FOR EACH ROW EXECUTE FUNCTION private.answer_for_automation();

CREATE TRIGGER automations_answer_for_update BEFORE UPDATE ON public.automations FOR EACH ROW WHEN (((new.trigger_type <> old.trigger_type) OR (new.stage_id IS DISTINCT FROM old.stage_id) OR (new.conditions <> old.conditions) OR (new.enabled AND (NOT old.enabled)))) EXECUTE FUNCTION private.answer_for_automation();

CREATE TRIGGER automations_audit_delete AFTER DELETE ON public.automations REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('automation', 'enabled_at');

CREATE TRIGGER automations_audit_insert AFTER INSERT ON public.automations REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('automation', 'enabled_at');

CREATE TRIGGER automations_audit_update AFTER UPDATE ON public.automations REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('automation', 'enabled_at');

CREATE TRIGGER automations_note_enabling BEFORE UPDATE ON public.automations FOR EACH ROW WHEN ((new.enabled AND (NOT old.enabled))) EXECUTE FUNCTION private.note_enabling();

CREATE TRIGGER automations_refuse_over_limit AFTER INSERT ON public.automations REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.refuse_rows_over_limit('automations');

CREATE TRIGGER automations_refuse_stage_mismatch BEFORE UPDATE ON public.automations FOR EACH ROW WHEN (((new.trigger_type = 'stage_changed'::text) <> (new.stage_id IS NOT NULL))) EXECUTE FUNCTION private.refuse_stage_mismatch();

CREATE TRIGGER automations_touch BEFORE UPDATE ON public.automations FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();

CREATE TRIGGER companies_audit_delete AFTER DELETE ON public.companies REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('company', '');

CREATE TRIGGER companies_audit_insert AFTER INSERT ON public.companies REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('company', '');

CREATE TRIGGER companies_audit_update AFTER UPDATE ON public.companies REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('company', '');

CREATE TRIGGER companies_create_settings AFTER INSERT ON public.companies FOR EACH ROW EXECUTE FUNCTION private.create_company_settings();

CREATE CONSTRAINT TRIGGER companies_forget_audit_log AFTER DELETE ON public.companies DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.forget_audit_log();

CREATE TRIGGER companies_name_sender BEFORE INSERT ON public.companies FOR EACH ROW EXECUTE FUNCTION private.name_sender();

CREATE TRIGGER companies_touch BEFORE UPDATE ON public.companies FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();

CREATE TRIGGER company_settings_audit_delete AFTER DELETE ON public.company_settings REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('settings', '');

CREATE TRIGGER company_settings_audit_insert AFTER INSERT ON public.company_settings REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('settings', '');

CREATE TRIGGER company_settings_audit_update AFTER UPDATE ON public.company_settings REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('settings', '');

CREATE TRIGGER company_settings_clear_referral_stage BEFORE UPDATE ON public.company_settings FOR EACH ROW WHEN (((new.referral_pipeline_id IS DISTINCT FROM old.referral_pipeline_id) AND (new.referral_stage_id = old.referral_stage_id))) EXECUTE FUNCTION private.clear_referral_stage();

CREATE TRIGGER company_settings_refuse_stage_without_pipeline BEFORE UPDATE ON public.company_settings FOR EACH ROW WHEN (((new.referral_stage_id IS NOT NULL) AND (new.referral_pipeline_id IS NULL))) EXECUTE FUNCTION private.refuse_stage_without_pipeline();

CREATE TRIGGER company_settings_touch BEFORE UPDATE ON public.company_settings FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();

CREATE TRIGGER crm_contacts_audit_delete AFTER DELETE ON public.crm_contacts REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('contact', 'search_text');

CREATE TRIGGER crm_contacts_audit_insert AFTER INSERT ON public.crm_contacts REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('contact', 'search_text');

CREATE TRIGGER crm_contacts_audit_update AFTER UPDATE ON public.crm_contacts REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('contact', 'search_text');

CREATE TRIGGER crm_contacts_count_new AFTER INSERT ON public.crm_contacts REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.count_new_contacts();

CREATE TRIGGER crm_contacts_count_removed AFTER DELETE ON public.crm_contacts REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION private.count_removed_contacts();

CREATE TRIGGER crm_contacts_keep_unsubscribed AFTER UPDATE OF email ON public.crm_contacts FOR EACH ROW WHEN (((new.email IS DISTINCT FROM old.email) AND (new.email IS NOT NULL))) EXECUTE FUNCTION private.keep_unsubscribed();

CREATE TRIGGER crm_contacts_note_unsubscribed BEFORE INSERT OR UPDATE OF email ON public.crm_contacts FOR EACH ROW EXECUTE FUNCTION private.keep_email_unsubscribed();

CREATE TRIGGER crm_contacts_touch BEFORE UPDATE ON public.crm_contacts FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();

CREATE TRIGGER crm_deal_placements_audit_delete AFTER DELETE ON public.crm_deal_placements REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('placement', 'deal_created_at');

CREATE TRIGGER crm_deal_placements_audit_insert AFTER INSERT ON public.crm_deal_placements REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('placement', 'deal_created_at');

CREATE TRIGGER crm_deal_placements_audit_update AFTER UPDATE ON public.crm_deal_placements REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('placement', 'deal_created_at');

CREATE TRIGGER crm_deal_placements_note_deal_age BEFORE INSERT OR UPDATE OF deal_id, company_id, deal_created_at ON public.crm_deal_placements FOR EACH ROW EXECUTE FUNCTION private.note_deal_age();

CREATE TRIGGER crm_deal_placements_touch BEFORE UPDATE ON public.crm_deal_placements FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();

CREATE TRIGGER crm_deal_placements_write_events_on_insert AFTER INSERT ON public.crm_deal_placements REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.write_stage_events();

CREATE TRIGGER crm_deal_placements_write_events_on_update AFTER UPDATE ON public.crm_deal_placements REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.write_stage_events();

CREATE TRIGGER crm_deals_audit_delete AFTER DELETE ON public.crm_deals REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('opportunity', 'primary_referrer_contact_id,primary_referrer_category');

CREATE TRIGGER crm_deals_audit_insert AFTER INSERT ON public.crm_deals REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('opportunity', 'primary_referrer_contact_id,primary_referrer_category');

CREATE TRIGGER crm_deals_audit_update AFTER UPDATE ON public.crm_deals FOR EACH ROW WHEN (((((((((((old.name IS DISTINCT FROM new.name) OR (old.status IS DISTINCT FROM new.status)) OR (old.contact_id IS DISTINCT FROM new.contact_id)) OR (old.value IS DISTINCT FROM new.value)) OR (old.currency IS DISTINCT FROM new.currency)) OR (old.lead_source IS DISTINCT FROM new.lead_source)) OR (old.tags IS DISTINCT FROM new.tags)) OR (old.notes IS DISTINCT FROM new.notes)) OR (old.metadata IS DISTINCT FROM new.metadata)) OR (old.referrer_cleared_at IS DISTINCT FROM new.referrer_cleared_at))) EXECUTE FUNCTION private.audit_opportunity();

CREATE TRIGGER crm_deals_pass_on_age AFTER UPDATE OF created_at ON public.crm_deals FOR EACH ROW WHEN ((new.created_at IS DISTINCT FROM old.created_at)) EXECUTE FUNCTION private.pass_on_deal_age();

CREATE TRIGGER crm_deals_touch BEFORE UPDATE ON public.crm_deals FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();

CREATE TRIGGER crm_pipeline_stages_audit_delete AFTER DELETE ON public.crm_pipeline_stages REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('stage', '');

CREATE TRIGGER crm_pipeline_stages_audit_insert AFTER INSERT ON public.crm_pipeline_stages REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('stage', '');

CREATE TRIGGER crm_pipeline_stages_audit_update AFTER UPDATE ON public.crm_pipeline_stages REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('stage', '');

CREATE TRIGGER crm_pipeline_stages_refuse_removal BEFORE DELETE ON public.crm_pipeline_stages FOR EACH ROW EXECUTE FUNCTION private.refuse_stage_in_use();

CREATE TRIGGER crm_pipelines_audit_delete AFTER DELETE ON public.crm_pipelines REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('pipeline', '');

CREATE TRIGGER crm_pipelines_audit_insert AFTER INSERT ON public.crm_pipelines REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('pipeline', '');

CREATE TRIGGER crm_pipelines_audit_update AFTER UPDATE ON public.crm_pipelines REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('pipeline', '');

CREATE TRIGGER crm_pipelines_refuse_removal BEFORE DELETE ON public.crm_pipelines FOR EACH ROW EXECUTE FUNCTION private.refuse_pipeline_in_use();

CREATE TRIGGER crm_pipelines_touch BEFORE UPDATE ON public.crm_pipelines FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();

CREATE TRIGGER expired_requests_refuse_write INSTEAD OF INSERT OR DELETE OR UPDATE ON public.expired_requests FOR EACH ROW EXECUTE FUNCTION private.refuse_write();

CREATE TRIGGER placed_deals_refuse_write INSTEAD OF INSERT OR DELETE OR UPDATE ON public.placed_deals FOR EACH ROW EXECUTE FUNCTION private.refuse_write();

CREATE TRIGGER referral_requests_audit_delete AFTER DELETE ON public.referral_requests REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('request', 'written_status,lapses_at');

CREATE TRIGGER referral_requests_audit_insert AFTER INSERT ON public.referral_requests REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('request', 'written_status,lapses_at');

CREATE TRIGGER referral_requests_audit_update AFTER UPDATE ON public.referral_requests REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('request', 'written_status,lapses_at');

CREATE TRIGGER referral_requests_count_changed AFTER UPDATE ON public.referral_requests REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.count_changed_requests();

CREATE TRIGGER referral_requests_count_new AFTER INSERT ON public.referral_requests REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.count_new_requests();

CREATE TRIGGER referral_requests_count_removed AFTER DELETE ON public.referral_requests REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION private.count_removed_requests();

CREATE TRIGGER referral_requests_touch BEFORE UPDATE ON public.referral_requests FOR EACH ROW WHEN ((new.written_status = old.written_status)) EXECUTE FUNCTION private.touch_updated_at();

CREATE TRIGGER referral_requests_write_status BEFORE INSERT OR UPDATE ON public.referral_requests FOR EACH ROW EXECUTE FUNCTION private.write_request_status();

CREATE TRIGGER referrals_check_category_on_insert BEFORE INSERT ON public.referrals FOR EACH ROW WHEN ((new.category IS NOT NULL)) EXECUTE FUNCTION private.check_referral_category();

CREATE TRIGGER referrals_check_category_on_update BEFORE UPDATE ON public.referrals FOR EACH ROW WHEN (((new.category IS DISTINCT FROM old.category) AND (new.category IS NOT NULL))) EXECUTE FUNCTION private.check_referral_category();

CREATE TRIGGER referrals_follow_deletes AFTER DELETE ON public.referrals REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION private.follow_deleted_referrals();

CREATE TRIGGER referrals_follow_inserts AFTER INSERT ON public.referrals REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.follow_inserted_referrals();

CREATE TRIGGER referrals_follow_updates AFTER UPDATE ON public.referrals REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.follow_updated_referrals();

CREATE TRIGGER referrals_refuse_self_referral BEFORE INSERT OR UPDATE ON public.referrals FOR EACH ROW WHEN ((new.referrer_contact_id = new.referred_contact_id)) EXECUTE FUNCTION private.refuse_self_referral();

CREATE TRIGGER referrals_stamp_converted_at_on_insert BEFORE INSERT ON public.referrals FOR EACH ROW WHEN (((new.status = 'converted'::text) OR (new.converted_at IS NOT NULL))) EXECUTE FUNCTION private.stamp_converted_at();

CREATE TRIGGER referrals_stamp_converted_at_on_update BEFORE UPDATE ON public.referrals FOR EACH ROW WHEN ((new.status IS DISTINCT FROM old.status)) EXECUTE FUNCTION private.stamp_converted_at();

CREATE TRIGGER referrals_touch BEFORE UPDATE ON public.referrals FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();

CREATE TRIGGER webhook_deliveries_touch BEFORE UPDATE ON public.webhook_deliveries FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();

CREATE TRIGGER webhook_subscriptions_answer_for_insert BEFORE INSERT ON public.webhook_subscriptions FOR EACH ROW EXECUTE FUNCTION private.answer_for_webhook();

CREATE TRIGGER webhook_subscriptions_answer_for_update BEFORE UPDATE ON public.webhook_subscriptions FOR EACH ROW WHEN (((new.url <> old.url) OR (new.events <> old.events) OR (new.enabled AND (NOT old.enabled)))) EXECUTE FUNCTION private.answer_for_webhook();

CREATE TRIGGER webhook_subscriptions_audit_delete AFTER DELETE ON public.webhook_subscriptions REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('subscription', 'failing_since');

CREATE TRIGGER webhook_subscriptions_audit_insert AFTER INSERT ON public.webhook_subscriptions REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('subscription', 'failing_since');

CREATE TRIGGER webhook_subscriptions_audit_update AFTER UPDATE ON public.webhook_subscriptions REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.audit('subscription', 'failing_since');

CREATE TRIGGER webhook_subscriptions_refuse_over_limit AFTER INSERT ON public.webhook_subscriptions REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.refuse_rows_over_limit('subscriptions');

CREATE TRIGGER webhook_subscriptions_switch BEFORE UPDATE ON public.webhook_subscriptions FOR EACH ROW WHEN ((new.enabled <> old.enabled)) EXECUTE FUNCTION private.switch_webhook();

CREATE TRIGGER webhook_subscriptions_touch BEFORE UPDATE ON public.webhook_subscriptions FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();

ALTER TABLE ONLY private.action_results
    ADD CONSTRAINT action_results_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.automation_runs(id) ON DELETE CASCADE;

ALTER TABLE ONLY private.automation_referrals
    ADD CONSTRAINT automation_referrals_action_id_fkey FOREIGN KEY (action_id) REFERENCES public.automation_actions(id) ON DELETE CASCADE;

ALTER TABLE ONLY private.automation_referrals
    ADD CONSTRAINT automation_referrals_deal_id_fkey FOREIGN KEY (deal_id) REFERENCES public.crm_deals(id) ON DELETE CASCADE;

ALTER TABLE ONLY private.automation_referrals
    ADD CONSTRAINT automation_referrals_referral_id_fkey FOREIGN KEY (referral_id) REFERENCES public.referrals(id) ON DELETE CASCADE;

ALTER TABLE ONLY private.counted_mails
    ADD CONSTRAINT counted_mails_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id) ON DELETE CASCADE;

ALTER TABLE ONLY private.credit_charges
    ADD CONSTRAINT credit_charges_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.api_keys(id) ON DELETE CASCADE;

ALTER TABLE ONLY private.key_credits
    ADD CONSTRAINT key_credits_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.api_keys(id) ON DELETE CASCADE;

ALTER TABLE ONLY private.mail_days
    ADD CONSTRAINT mail_days_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id) ON DELETE CASCADE;

ALTER TABLE ONLY private.referrer_counts
    ADD CONSTRAINT referrer_counts_contact_fkey FOREIGN KEY (contact_id, company_id) REFERENCES public.crm_contacts(id, company_id) ON DELETE CASCADE;

ALTER TABLE ONLY private.request_budgets
    ADD CONSTRAINT request_budgets_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.api_keys(id) ON DELETE CASCADE;

ALTER TABLE ONLY private.request_links
    ADD CONSTRAINT request_links_request_id_fkey FOREIGN KEY (request_id) REFERENCES public.referral_requests(id) ON DELETE CASCADE;

ALTER TABLE ONLY private.row_counts
    ADD CONSTRAINT row_counts_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id) ON DELETE CASCADE;

ALTER TABLE ONLY private.thank_yous
    ADD CONSTRAINT thank_yous_referral_id_fkey FOREIGN KEY (referral_id) REFERENCES public.referrals(id) ON DELETE CASCADE;

ALTER TABLE ONLY private.unsubscribe_links
    ADD CONSTRAINT unsubscribe_links_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id) ON DELETE CASCADE;

ALTER TABLE ONLY private.unsubscribe_links
    ADD CONSTRAINT unsubscribe_links_contact_fkey FOREIGN KEY (contact_id, company_id) REFERENCES public.crm_contacts(id, company_id) ON DELETE SET NULL (contact_id);

ALTER TABLE ONLY private.unsubscribed
    ADD CONSTRAINT unsubscribed_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id) ON DELETE CASCADE;

ALTER TABLE ONLY private.unsubscribed_contacts
    ADD CONSTRAINT unsubscribed_contacts_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id) ON DELETE CASCADE;

ALTER TABLE ONLY private.unsubscribed_contacts
    ADD CONSTRAINT unsubscribed_contacts_contact_fkey FOREIGN KEY (contact_id, company_id) REFERENCES public.crm_contacts(id, company_id) ON DELETE CASCADE;

ALTER TABLE ONLY private.webhook_circuits
    ADD CONSTRAINT webhook_circuits_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id) ON DELETE CASCADE;

ALTER TABLE ONLY private.webhook_secrets
    ADD CONSTRAINT webhook_secrets_subscription_id_fkey FOREIGN KEY (subscription_id) REFERENCES public.webhook_subscriptions(id) ON DELETE CASCADE;

ALTER TABLE ONLY private.workspace_limits
    ADD CONSTRAINT workspace_limits_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.automation_actions
    ADD CONSTRAINT automation_actions_automation_fkey FOREIGN KEY (automation_id, company_id) REFERENCES public.automations(id, company_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.automation_actions
    ADD CONSTRAINT automation_actions_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.automation_runs
    ADD CONSTRAINT automation_runs_automation_fkey FOREIGN KEY (automation_id, company_id) REFERENCES public.automations(id, company_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.automations
    ADD CONSTRAINT automations_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.automations
    ADD CONSTRAINT automations_stage_fkey FOREIGN KEY (stage_id, company_id) REFERENCES public.crm_pipeline_stages(id, company_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.company_settings
    ADD CONSTRAINT company_settings_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.company_settings
    ADD CONSTRAINT company_settings_referral_pipeline_fkey FOREIGN KEY (referral_pipeline_id, company_id) REFERENCES public.crm_pipelines(id, company_id) ON DELETE SET NULL (referral_pipeline_id);

ALTER TABLE ONLY public.company_settings
    ADD CONSTRAINT company_settings_referral_stage_fkey FOREIGN KEY (referral_stage_id, referral_pipeline_id, company_id) REFERENCES public.crm_pipeline_stages(id, pipeline_id, company_id) ON DELETE SET NULL (referral_stage_id);

ALTER TABLE ONLY public.crm_contacts
    ADD CONSTRAINT crm_contacts_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.crm_deal_placements
    ADD CONSTRAINT crm_deal_placements_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.crm_deal_placements
    ADD CONSTRAINT crm_deal_placements_deal_fkey FOREIGN KEY (deal_id, company_id) REFERENCES public.crm_deals(id, company_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.crm_deal_placements
    ADD CONSTRAINT crm_deal_placements_pipeline_fkey FOREIGN KEY (pipeline_id, company_id) REFERENCES public.crm_pipelines(id, company_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.crm_deal_placements
    ADD CONSTRAINT crm_deal_placements_stage_fkey FOREIGN KEY (stage_id, pipeline_id, company_id) REFERENCES public.crm_pipeline_stages(id, pipeline_id, company_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.crm_deals
    ADD CONSTRAINT crm_deals_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.crm_deals
    ADD CONSTRAINT crm_deals_contact_fkey FOREIGN KEY (contact_id, company_id) REFERENCES public.crm_contacts(id, company_id) ON DELETE SET NULL (contact_id);

ALTER TABLE ONLY public.crm_deals
    ADD CONSTRAINT crm_deals_primary_referrer_fkey FOREIGN KEY (primary_referrer_contact_id, company_id) REFERENCES public.crm_contacts(id, company_id) ON DELETE SET NULL (primary_referrer_contact_id);

ALTER TABLE ONLY public.crm_pipeline_stages
    ADD CONSTRAINT crm_pipeline_stages_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.crm_pipeline_stages
    ADD CONSTRAINT crm_pipeline_stages_pipeline_fkey FOREIGN KEY (pipeline_id, company_id) REFERENCES public.crm_pipelines(id, company_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.crm_pipelines
    ADD CONSTRAINT crm_pipelines_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.referral_requests
    ADD CONSTRAINT referral_requests_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.referral_requests
    ADD CONSTRAINT referral_requests_contact_fkey FOREIGN KEY (contact_id, company_id) REFERENCES public.crm_contacts(id, company_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.referral_requests
    ADD CONSTRAINT referral_requests_created_by_fkey FOREIGN KEY (created_by, company_id) REFERENCES public.api_keys(id, company_id) ON DELETE SET NULL (created_by);

ALTER TABLE ONLY public.referral_requests
    ADD CONSTRAINT referral_requests_deal_fkey FOREIGN KEY (deal_id, company_id) REFERENCES public.crm_deals(id, company_id) ON DELETE SET NULL (deal_id);

ALTER TABLE ONLY public.referral_requests
    ADD CONSTRAINT referral_requests_referral_fkey FOREIGN KEY (referral_id, company_id) REFERENCES public.referrals(id, company_id) ON DELETE SET NULL (referral_id);

ALTER TABLE ONLY public.referrals
    ADD CONSTRAINT referrals_created_by_fkey FOREIGN KEY (created_by, company_id) REFERENCES public.api_keys(id, company_id) ON DELETE SET NULL (created_by);

ALTER TABLE ONLY public.referrals
    ADD CONSTRAINT referrals_referred_contact_fkey FOREIGN KEY (referred_contact_id, company_id) REFERENCES public.crm_contacts(id, company_id) ON DELETE SET NULL (referred_contact_id);

ALTER TABLE ONLY public.referrals
    ADD CONSTRAINT referrals_referred_deal_fkey FOREIGN KEY (referred_deal_id, company_id) REFERENCES public.crm_deals(id, company_id) ON DELETE SET NULL (referred_deal_id);

ALTER TABLE ONLY public.referrals
    ADD CONSTRAINT referrals_referrer_contact_fkey FOREIGN KEY (referrer_contact_id, company_id) REFERENCES public.crm_contacts(id, company_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_subscription_fkey FOREIGN KEY (subscription_id, company_id) REFERENCES public.webhook_subscriptions(id, company_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.webhook_subscriptions
    ADD CONSTRAINT webhook_subscriptions_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id) ON DELETE CASCADE;

ALTER TABLE public.api_keys ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.audit_log ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.automation_actions ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.automation_runs ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.automations ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.companies ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.company_settings ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.crm_contacts ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.crm_deal_placements ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.crm_deals ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.crm_pipeline_stages ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.crm_pipelines ENABLE ROW LEVEL SECURITY;

CREATE POLICY "keys with audit:read see their workspace's audit log" ON public.audit_log FOR SELECT TO api_key USING ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['audit:read'::text]) AS company_for)));

CREATE POLICY "keys with automations:read see actions" ON public.automation_actions FOR SELECT TO api_key USING ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['automations:read'::text]) AS company_for)));

CREATE POLICY "keys with automations:read see automations" ON public.automations FOR SELECT TO api_key USING ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['automations:read'::text]) AS company_for)));

CREATE POLICY "keys with automations:read see runs" ON public.automation_runs FOR SELECT TO api_key USING ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['automations:read'::text]) AS company_for)));

CREATE POLICY "keys with automations:write add actions" ON public.automation_actions FOR INSERT TO api_key WITH CHECK ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['automations:write'::text]) AS company_for)));

CREATE POLICY "keys with automations:write add automations" ON public.automations FOR INSERT TO api_key WITH CHECK ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['automations:write'::text]) AS company_for)));

CREATE POLICY "keys with automations:write change actions" ON public.automation_actions FOR UPDATE TO api_key USING ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['automations:write'::text]) AS company_for))) WITH CHECK ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['automations:write'::text]) AS company_for)));

CREATE POLICY "keys with automations:write change automations" ON public.automations FOR UPDATE TO api_key USING ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['automations:write'::text]) AS company_for))) WITH CHECK ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['automations:write'::text]) AS company_for)));

CREATE POLICY "keys with automations:write remove actions" ON public.automation_actions FOR DELETE TO api_key USING ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['automations:write'::text]) AS company_for)));

CREATE POLICY "keys with automations:write remove automations" ON public.automations FOR DELETE TO api_key USING ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['automations:write'::text]) AS company_for)));

CREATE POLICY "keys with company:read see their workspace" ON public.companies FOR SELECT TO api_key USING ((id = ( SELECT private.company_for(VARIADIC ARRAY['company:read'::text]) AS company_for)));

CREATE POLICY "keys with company:read see their workspace's settings" ON public.company_settings FOR SELECT TO api_key USING ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['company:read'::text]) AS company_for)));

CREATE POLICY "keys with company:write change their workspace" ON public.companies FOR UPDATE TO api_key USING ((id = ( SELECT private.company_for(VARIADIC ARRAY['company:write'::text]) AS company_for))) WITH CHECK ((id = ( SELECT private.company_for(VARIADIC ARRAY['company:write'::text]) AS company_for)));

CREATE POLICY "keys with company:write change their workspace's settings" ON public.company_settings FOR UPDATE TO api_key USING ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['company:write'::text]) AS company_for))) WITH CHECK ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['company:write'::text]) AS company_for)));

CREATE POLICY "keys with contacts:read see their workspace's contacts" ON public.crm_contacts FOR SELECT TO api_key USING ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['contacts:read'::text]) AS company_for)));

CREATE POLICY "keys with contacts:write add contacts to their workspace" ON public.crm_contacts FOR INSERT TO api_key WITH CHECK ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['contacts:write'::text]) AS company_for)));

CREATE POLICY "keys with contacts:write change their workspace's contacts" ON public.crm_contacts FOR UPDATE TO api_key USING ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['contacts:write'::text]) AS company_for))) WITH CHECK ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['contacts:write'::text]) AS company_for)));

CREATE POLICY "keys with opportunities:read see opportunities" ON public.crm_deals FOR SELECT TO api_key USING ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['opportunities:read'::text]) AS company_for)));

CREATE POLICY "keys with opportunities:read see placements" ON public.crm_deal_placements FOR SELECT TO api_key USING ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['opportunities:read'::text]) AS company_for)));

CREATE POLICY "keys with opportunities:write add opportunities" ON public.crm_deals FOR INSERT TO api_key WITH CHECK ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['opportunities:write'::text]) AS company_for)));

CREATE POLICY "keys with opportunities:write change opportunities" ON public.crm_deals FOR UPDATE TO api_key USING ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['opportunities:write'::text]) AS company_for))) WITH CHECK ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['opportunities:write'::text]) AS company_for)));

CREATE POLICY "keys with opportunities:write move opportunities" ON public.crm_deal_placements FOR UPDATE TO api_key USING ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['opportunities:write'::text]) AS company_for))) WITH CHECK ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['opportunities:write'::text]) AS company_for)));

CREATE POLICY "keys with opportunities:write place opportunities" ON public.crm_deal_placements FOR INSERT TO api_key WITH CHECK ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['opportunities:write'::text]) AS company_for)));

CREATE POLICY "keys with pipelines:read see their workspace's pipelines" ON public.crm_pipelines FOR SELECT TO api_key USING ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['pipelines:read'::text]) AS company_for)));

CREATE POLICY "keys with pipelines:read see their workspace's stages" ON public.crm_pipeline_stages FOR SELECT TO api_key USING ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['pipelines:read'::text]) AS company_for)));

CREATE POLICY "keys with pipelines:write add pipelines to their workspace" ON public.crm_pipelines FOR INSERT TO api_key WITH CHECK ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['pipelines:write'::text]) AS company_for)));

CREATE POLICY "keys with pipelines:write add stages to their workspace" ON public.crm_pipeline_stages FOR INSERT TO api_key WITH CHECK ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['pipelines:write'::text]) AS company_for)));

CREATE POLICY "keys with pipelines:write change their workspace's stages" ON public.crm_pipeline_stages FOR UPDATE TO api_key USING ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['pipelines:write'::text]) AS company_for))) WITH CHECK ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['pipelines:write'::text]) AS company_for)));

CREATE POLICY "keys with pipelines:write remove their workspace's pipelines" ON public.crm_pipelines FOR DELETE TO api_key USING ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['pipelines:write'::text]) AS company_for)));

CREATE POLICY "keys with pipelines:write remove their workspace's stages" ON public.crm_pipeline_stages FOR DELETE TO api_key USING ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['pipelines:write'::text]) AS company_for)));

CREATE POLICY "keys with pipelines:write rename their workspace's pipelines" ON public.crm_pipelines FOR UPDATE TO api_key USING ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['pipelines:write'::text]) AS company_for))) WITH CHECK ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['pipelines:write'::text]) AS company_for)));

CREATE POLICY "keys with referrals:delete remove their workspace's referrals" ON public.referrals FOR DELETE TO api_key USING ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['referrals:delete'::text]) AS company_for)));

CREATE POLICY "keys with referrals:read see their workspace's referrals" ON public.referrals FOR SELECT TO api_key USING ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['referrals:read'::text]) AS company_for)));

CREATE POLICY "keys with referrals:read see their workspace's requests" ON public.referral_requests FOR SELECT TO api_key USING ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['referrals:read'::text]) AS company_for)));

CREATE POLICY "keys with referrals:write change their workspace's referrals" ON public.referrals FOR UPDATE TO api_key USING ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['referrals:write'::text]) AS company_for))) WITH CHECK ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['referrals:write'::text]) AS company_for)));

CREATE POLICY "keys with referrals:write log referrals in their workspace" ON public.referrals FOR INSERT TO api_key WITH CHECK (((company_id = ( SELECT private.company_for(VARIADIC ARRAY['referrals:write'::text]) AS company_for)) AND (source <> 'automation'::text)));

CREATE POLICY "keys with webhooks:read see deliveries" ON public.webhook_deliveries FOR SELECT TO api_key USING ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['webhooks:read'::text]) AS company_for)));

CREATE POLICY "keys with webhooks:read see subscriptions" ON public.webhook_subscriptions FOR SELECT TO api_key USING ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['webhooks:read'::text]) AS company_for)));

CREATE POLICY "keys with webhooks:write change subscriptions" ON public.webhook_subscriptions FOR UPDATE TO api_key USING ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['webhooks:write'::text]) AS company_for))) WITH CHECK ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['webhooks:write'::text]) AS company_for)));

CREATE POLICY "keys with webhooks:write remove subscriptions" ON public.webhook_subscriptions FOR DELETE TO api_key USING ((company_id = ( SELECT private.company_for(VARIADIC ARRAY['webhooks:write'::text]) AS company_for)));

ALTER TABLE public.referral_requests ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.referrals ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.webhook_deliveries ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.webhook_subscriptions ENABLE ROW LEVEL SECURITY;

GRANT USAGE ON SCHEMA data_api TO PUBLIC;

GRANT USAGE ON SCHEMA private TO api_key;
GRANT USAGE ON SCHEMA private TO anon;
GRANT USAGE ON SCHEMA private TO service_role;

GRANT USAGE ON SCHEMA public TO anon;
GRANT USAGE ON SCHEMA public TO authenticated;
GRANT USAGE ON SCHEMA public TO service_role;
GRANT USAGE ON SCHEMA public TO api_key;

REVOKE ALL ON FUNCTION private.accept_wake_up(issued_at bigint, signature text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.accept_wake_up(issued_at bigint, signature text) TO service_role;

REVOKE ALL ON FUNCTION private.acting(OUT actor_type text, OUT actor_id uuid, OUT request_id text, OUT via text) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.calling_key() FROM PUBLIC;
GRANT ALL ON FUNCTION private.calling_key() TO api_key;

REVOKE ALL ON FUNCTION private.claimed_company() FROM PUBLIC;
GRANT ALL ON FUNCTION private.claimed_company() TO api_key;

REVOKE ALL ON FUNCTION private.is_action_config(action_type text, config jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION private.is_action_config(action_type text, config jsonb) TO api_key;

GRANT ALL ON TABLE public.automation_actions TO service_role;
GRANT SELECT,DELETE ON TABLE public.automation_actions TO api_key;

GRANT INSERT(automation_id) ON TABLE public.automation_actions TO api_key;

GRANT INSERT(action_type),UPDATE(action_type) ON TABLE public.automation_actions TO api_key;

GRANT INSERT(sequence),UPDATE(sequence) ON TABLE public.automation_actions TO api_key;

GRANT INSERT(config),UPDATE(config) ON TABLE public.automation_actions TO api_key;

GRANT ALL ON TABLE public.automation_runs TO service_role;
GRANT SELECT ON TABLE public.automation_runs TO api_key;

REVOKE ALL ON FUNCTION private.action_of(run public.automation_runs, action_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.action_results_of(run_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.action_results_of(run_id uuid) TO service_role;

REVOKE ALL ON FUNCTION private.add_referrer_count(change private.referrer_counts) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.add_referrer_counts(changes private.referrer_counts[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.address_group(address text) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.admit_mail(run_id uuid, action_id uuid, contact uuid, address text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.admit_mail(run_id uuid, action_id uuid, contact uuid, address text) TO service_role;

REVOKE ALL ON FUNCTION private.answer_for_action() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.answer_for_automation() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.answer_for_webhook() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.are_conditions(conditions jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION private.are_conditions(conditions jsonb) TO api_key;

REVOKE ALL ON FUNCTION private.are_distinct_labels(labels text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.are_distinct_labels(labels text[]) TO api_key;

REVOKE ALL ON FUNCTION private.are_emails(given text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.are_emails(given text[]) TO api_key;
GRANT ALL ON FUNCTION private.are_emails(given text[]) TO service_role;

REVOKE ALL ON FUNCTION private.are_tags(tags jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION private.are_tags(tags jsonb) TO api_key;

REVOKE ALL ON FUNCTION private.as_id(text_of_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.as_id(text_of_id text) TO service_role;

REVOKE ALL ON FUNCTION private.ascii_domain(domain text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.ascii_domain(domain text) TO api_key;
GRANT ALL ON FUNCTION private.ascii_domain(domain text) TO service_role;

REVOKE ALL ON FUNCTION private.ask_for_referral(contact uuid, deal uuid, token text, unsubscribe_token text, subject_override text, intro_html text, how_it_works_html text, expires_in_days integer, force boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION private.ask_for_referral(contact uuid, deal uuid, token text, unsubscribe_token text, subject_override text, intro_html text, how_it_works_html text, expires_in_days integer, force boolean) TO api_key;

REVOKE ALL ON FUNCTION private.attribute_alone(deal_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.attribute_opportunity(opportunity_id uuid, referrer_contact_id uuid, category text, keeps_category boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION private.attribute_opportunity(opportunity_id uuid, referrer_contact_id uuid, category text, keeps_category boolean) TO api_key;

REVOKE ALL ON FUNCTION private.audit() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.audit_opportunity() FROM PUBLIC;

GRANT ALL ON TABLE public.referrals TO service_role;
GRANT SELECT,DELETE ON TABLE public.referrals TO api_key;

GRANT INSERT(referrer_contact_id) ON TABLE public.referrals TO api_key;

GRANT INSERT(referred_contact_id),UPDATE(referred_contact_id) ON TABLE public.referrals TO api_key;

GRANT INSERT(referred_deal_id),UPDATE(referred_deal_id) ON TABLE public.referrals TO api_key;

GRANT INSERT(source) ON TABLE public.referrals TO api_key;

GRANT INSERT(status),UPDATE(status) ON TABLE public.referrals TO api_key;

GRANT INSERT(category),UPDATE(category) ON TABLE public.referrals TO api_key;

GRANT INSERT(notes),UPDATE(notes) ON TABLE public.referrals TO api_key;

REVOKE ALL ON FUNCTION private.audited(referral public.referrals) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.automation_run(run_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.automation_run(run_id uuid) TO api_key;

REVOKE ALL ON FUNCTION private.is_email(given text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.is_email(given text) TO api_key;
GRANT ALL ON FUNCTION private.is_email(given text) TO service_role;

REVOKE ALL ON FUNCTION private.is_line(given text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.is_line(given text) TO api_key;
GRANT ALL ON FUNCTION private.is_line(given text) TO service_role;

REVOKE ALL ON FUNCTION private.is_time_zone(name text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.is_time_zone(name text) TO api_key;
GRANT ALL ON FUNCTION private.is_time_zone(name text) TO service_role;

GRANT ALL ON TABLE public.companies TO service_role;
GRANT SELECT ON TABLE public.companies TO api_key;

GRANT UPDATE(name) ON TABLE public.companies TO api_key;

GRANT UPDATE(logo_url) ON TABLE public.companies TO api_key;

GRANT UPDATE(primary_color) ON TABLE public.companies TO api_key;

GRANT UPDATE(contact_email) ON TABLE public.companies TO api_key;

GRANT UPDATE(country) ON TABLE public.companies TO api_key;

GRANT UPDATE(timezone) ON TABLE public.companies TO api_key;

GRANT UPDATE(slug) ON TABLE public.companies TO api_key;

GRANT UPDATE(description) ON TABLE public.companies TO api_key;

GRANT UPDATE(contact_name) ON TABLE public.companies TO api_key;

GRANT UPDATE(phone) ON TABLE public.companies TO api_key;

GRANT UPDATE(secondary_color) ON TABLE public.companies TO api_key;

GRANT UPDATE(address) ON TABLE public.companies TO api_key;

GRANT UPDATE(industry) ON TABLE public.companies TO api_key;

GRANT UPDATE(website_url) ON TABLE public.companies TO api_key;

GRANT UPDATE(abn) ON TABLE public.companies TO api_key;

REVOKE ALL ON FUNCTION private.brand(company public.companies) FROM PUBLIC;
GRANT ALL ON FUNCTION private.brand(company public.companies) TO service_role;

REVOKE ALL ON FUNCTION private.caller_holds(scopes text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.calling_country() FROM PUBLIC;
GRANT ALL ON FUNCTION private.calling_country() TO api_key;

REVOKE ALL ON FUNCTION private.calling_key_card() FROM PUBLIC;
GRANT ALL ON FUNCTION private.calling_key_card() TO api_key;

REVOKE ALL ON FUNCTION private.chain_automation() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.chain_depth() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.chain_root() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.chain_runs(root uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.changes(before jsonb, after jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.changes_of(added jsonb, removed jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.charge_credits(of_key uuid, cost integer, credits_per_month integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.check_referral_category() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.circuit_wait(openings integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.claim_deliveries(most integer, busy uuid[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.claim_runs(most integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.claim_work(most_deliveries integer, most_runs integer, busy uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.claim_work(most_deliveries integer, most_runs integer, busy uuid[]) TO service_role;

REVOKE ALL ON FUNCTION private.claims() FROM PUBLIC;
GRANT ALL ON FUNCTION private.claims() TO api_key;

REVOKE ALL ON FUNCTION private.clean_up() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.clean_up_audit_log(most integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.clean_up_job_notes() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.clear_referral_stage() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.companies_with_events() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.companies_with_runs_due() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.company_for(VARIADIC scopes text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.company_for(VARIADIC scopes text[]) TO api_key;

REVOKE ALL ON FUNCTION private.folded(given text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.folded(given text) TO api_key;
GRANT ALL ON FUNCTION private.folded(given text) TO service_role;

REVOKE ALL ON FUNCTION private.is_name(given text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.is_name(given text) TO api_key;
GRANT ALL ON FUNCTION private.is_name(given text) TO service_role;

GRANT ALL ON TABLE public.crm_contacts TO service_role;
GRANT SELECT ON TABLE public.crm_contacts TO api_key;

GRANT INSERT(first_name),UPDATE(first_name) ON TABLE public.crm_contacts TO api_key;

GRANT INSERT(last_name),UPDATE(last_name) ON TABLE public.crm_contacts TO api_key;

GRANT INSERT(email),UPDATE(email) ON TABLE public.crm_contacts TO api_key;

GRANT INSERT(phone),UPDATE(phone) ON TABLE public.crm_contacts TO api_key;

GRANT INSERT(job_title),UPDATE(job_title) ON TABLE public.crm_contacts TO api_key;

GRANT INSERT(source),UPDATE(source) ON TABLE public.crm_contacts TO api_key;

GRANT INSERT(archived_at),UPDATE(archived_at) ON TABLE public.crm_contacts TO api_key;

REVOKE ALL ON FUNCTION private.contact_card(contact public.crm_contacts) FROM PUBLIC;
GRANT ALL ON FUNCTION private.contact_card(contact public.crm_contacts) TO service_role;

REVOKE ALL ON FUNCTION private.contact_for(workspace uuid, first_name text, last_name text, email text, phone text) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.contact_with_email(email text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.contact_with_email(email text) TO api_key;

REVOKE ALL ON FUNCTION private.convert_referral(referral_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.convert_referral(referral_id uuid) TO api_key;

REVOKE ALL ON FUNCTION private.count_changed_requests() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.count_form_try() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.count_new_contacts() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.count_new_requests() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.count_removed_contacts() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.count_removed_requests() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.count_rows(workspace uuid, name text, added bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.counted_rows(workspace uuid, name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.create_company_settings() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.create_webhook_subscription(url text, events text[], enabled boolean, secret text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.create_webhook_subscription(url text, events text[], enabled boolean, secret text) TO api_key;

REVOKE ALL ON FUNCTION private.credits_used(of_key uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.currency_decimals(currency text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.currency_decimals(currency text) TO api_key;
GRANT ALL ON FUNCTION private.currency_decimals(currency text) TO service_role;

REVOKE ALL ON FUNCTION private.deal_contact(deal_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.deal_contact(deal_id uuid) TO api_key;

REVOKE ALL ON FUNCTION private.deal_placements(deal_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.deal_placements(deal_id uuid) TO api_key;

REVOKE ALL ON FUNCTION private.deal_referrer(deal_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.deal_referrer(deal_id uuid) TO api_key;

REVOKE ALL ON FUNCTION private.default_limit(name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.delivery_jobs(ids uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.delivery_jobs(ids uuid[]) TO service_role;

REVOKE ALL ON FUNCTION private.demand_scopes(scopes text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.dispatch_lease() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.email_key(email text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.email_key(email text) TO api_key;
GRANT ALL ON FUNCTION private.email_key(email text) TO service_role;

REVOKE ALL ON FUNCTION private.end_of_day(instant timestamp with time zone, days integer, zone text) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.enter_chain(run public.automation_runs) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.skipped_actions() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.event_data(event private.events) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.event_type_of(run public.automation_runs) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.fan_out(most integer, most_claimed integer, busy uuid[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.fan_out_events(ids uuid[], most_claimed integer, busy uuid[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.finish_run(run_id uuid, status text, actions_total integer, error text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.finish_run(run_id uuid, status text, actions_total integer, error text) TO service_role;

REVOKE ALL ON FUNCTION private.fits_a_mail(html text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.fits_a_mail(html text) TO service_role;

REVOKE ALL ON FUNCTION private.follow_deleted_referrals() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.follow_inserted_referrals() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.follow_referrals(deal_ids uuid[], changes private.referrer_counts[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.follow_updated_referrals() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.foremost_referral(deal uuid, workspace uuid, cleared_at timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.forget_audit_log() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.forget_webhook_secret() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.form_address_key() FROM PUBLIC;
GRANT ALL ON FUNCTION private.form_address_key() TO service_role;

REVOKE ALL ON FUNCTION private.give_back_credits(charge uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.give_back_credits(charge uuid) TO api_key;

REVOKE ALL ON FUNCTION private.has_contact(contact_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.has_contact(contact_id uuid) TO api_key;

REVOKE ALL ON FUNCTION private.is_unsubscribed(workspace uuid, contact uuid, address text) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.is_webhook_url(url text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.is_webhook_url(url text) TO api_key;

REVOKE ALL ON FUNCTION private.issue_webhook_secret(subscription uuid, own text) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.keep_audit_log() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.keep_email_unsubscribed() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.keep_unsubscribed() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.limit_of(workspace uuid, name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.link_unsubscribing(token text, contact public.crm_contacts) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.make_action_webhook() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.maker_allows(maker uuid, scopes text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.max_chain_depth() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.max_chain_runs() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.max_host_failures() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.max_runs_under_way() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.may_write_referrals() FROM PUBLIC;
GRANT ALL ON FUNCTION private.may_write_referrals() TO api_key;

REVOKE ALL ON FUNCTION private.name_sender() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.never_audited() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.note_deal_age() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.note_enabling() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.note_hosts(verdicts jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.note_unsubscribed_contact() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.note_unsubscribed_email() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.open_referred_deal(workspace uuid, contact uuid) FROM PUBLIC;

GRANT ALL ON TABLE public.referral_requests TO service_role;
GRANT SELECT ON TABLE public.referral_requests TO api_key;

REVOKE ALL ON FUNCTION private.open_request(request_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.pass_on_deal_age() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.placements_in(deal_id uuid, workspace uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.prepare_action() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.public_brand(company public.companies) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.punycode(label text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.punycode(label text) TO api_key;
GRANT ALL ON FUNCTION private.punycode(label text) TO service_role;

REVOKE ALL ON FUNCTION private.record_action(run_id uuid, result jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION private.record_action(run_id uuid, result jsonb) TO service_role;

REVOKE ALL ON FUNCTION private.record_completed(run_id uuid, action public.automation_actions, request jsonb, response jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.record_deliveries(outcomes jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION private.record_deliveries(outcomes jsonb) TO service_role;

REVOKE ALL ON FUNCTION private.record_outcome(run_id uuid, action public.automation_actions, status text, request jsonb, response jsonb, error text) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.record_request_mail(request_id uuid, email_id text, email_error text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.record_request_mail(request_id uuid, email_id text, email_error text) TO api_key;

REVOKE ALL ON FUNCTION private.record_skipped(run_id uuid, action public.automation_actions, request jsonb, reason text) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.record_thank_you(referral_id uuid, attempt integer, email_id text, error text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.record_thank_you(referral_id uuid, attempt integer, email_id text, error text) TO api_key;

REVOKE ALL ON FUNCTION private.referral_data(referral public.referrals, referrer_email text) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.referral_form(token text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.referral_form(token text) TO anon;

GRANT SELECT ON TABLE public.audit_log TO service_role;
GRANT SELECT ON TABLE public.audit_log TO api_key;

REVOKE ALL ON FUNCTION private.referral_history(referral_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.referral_history(referral_id uuid) TO api_key;

REVOKE ALL ON FUNCTION private.referral_leaderboard(max_entries integer, only_converted boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION private.referral_leaderboard(max_entries integer, only_converted boolean) TO api_key;

REVOKE ALL ON FUNCTION private.referral_like(referral public.referrals, other_than uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.referral_opportunity(referral_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.referral_opportunity(referral_id uuid) TO api_key;

REVOKE ALL ON FUNCTION private.referral_referred_contact(referral_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.referral_referred_contact(referral_id uuid) TO api_key;

REVOKE ALL ON FUNCTION private.referral_referrer(referral_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.referral_referrer(referral_id uuid) TO api_key;

REVOKE ALL ON FUNCTION private.refresh_primary_referrer(deal_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.refresh_primary_referrers(deal_ids uuid[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.refusal(status integer, code text, message text, path text, retry_after integer) FROM PUBLIC;

GRANT ALL ON TABLE public.automations TO service_role;
GRANT SELECT,DELETE ON TABLE public.automations TO api_key;

GRANT INSERT(name),UPDATE(name) ON TABLE public.automations TO api_key;

GRANT INSERT(description),UPDATE(description) ON TABLE public.automations TO api_key;

GRANT INSERT(trigger_type),UPDATE(trigger_type) ON TABLE public.automations TO api_key;

GRANT INSERT(stage_id),UPDATE(stage_id) ON TABLE public.automations TO api_key;

GRANT INSERT(conditions),UPDATE(conditions) ON TABLE public.automations TO api_key;

GRANT INSERT(enabled),UPDATE(enabled) ON TABLE public.automations TO api_key;

GRANT INSERT(priority),UPDATE(priority) ON TABLE public.automations TO api_key;

REVOKE ALL ON FUNCTION private.refusal_of(automation public.automations, action public.automation_actions) FROM PUBLIC;
GRANT ALL ON FUNCTION private.refusal_of(automation public.automations, action public.automation_actions) TO service_role;

REVOKE ALL ON FUNCTION private.refuse(status integer, code text, message text, details text, hint text, retry_after integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.refuse(status integer, code text, message text, details text, hint text, retry_after integer) TO api_key;

REVOKE ALL ON FUNCTION private.refuse_asked(contact uuid, workspace uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.refuse_disabled_webhook(workspace uuid, subscription_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.refuse_over_limit(name text, maximum integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.refuse_pipeline_in_use() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.refuse_rows_over_limit() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.refuse_self_referral() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.refuse_stage_in_use() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.refuse_stage_mismatch() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.refuse_stage_without_pipeline() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.refuse_unsubscribed(workspace uuid, contact uuid, address text) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.refuse_write() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.remove_contact(contact_id uuid, force boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION private.remove_contact(contact_id uuid, force boolean) TO api_key;

REVOKE ALL ON FUNCTION private.remove_opportunity(opportunity_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.remove_opportunity(opportunity_id uuid) TO api_key;

REVOKE ALL ON FUNCTION private.renew_referral_request(request_id uuid, token text, unsubscribe_token text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.renew_referral_request(request_id uuid, token text, unsubscribe_token text) TO api_key;

REVOKE ALL ON FUNCTION private.replay_webhook_delivery(delivery_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.replay_webhook_delivery(delivery_id uuid) TO api_key;

REVOKE ALL ON FUNCTION private.request_ends(workspace uuid, days integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.request_mail(request public.referral_requests) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.require_company(scope text) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.retention() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.retry_wait(tries integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.room(used_until timestamp with time zone, instant timestamp with time zone, step interval, most integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.rotate_webhook_secret(subscription_id uuid, secret text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.rotate_webhook_secret(subscription_id uuid, secret text) TO api_key;

REVOKE ALL ON FUNCTION private.run_action_results(run_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.run_action_results(run_id uuid) TO api_key;

REVOKE ALL ON FUNCTION private.run_attribute_referral(run_id uuid, action_id uuid, request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION private.run_attribute_referral(run_id uuid, action_id uuid, request jsonb) TO service_role;

REVOKE ALL ON FUNCTION private.run_call_webhook(run_id uuid, action_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.run_call_webhook(run_id uuid, action_id uuid) TO service_role;

REVOKE ALL ON FUNCTION private.run_context(workspace uuid, trigger_data jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION private.run_context(workspace uuid, trigger_data jsonb) TO service_role;

REVOKE ALL ON FUNCTION private.run_job(run public.automation_runs) FROM PUBLIC;
GRANT ALL ON FUNCTION private.run_job(run public.automation_runs) TO service_role;

REVOKE ALL ON FUNCTION private.run_trigger_data(run_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.run_trigger_data(run_id uuid) TO api_key;

REVOKE ALL ON FUNCTION private.run_without(run_id uuid, action_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.runs_due(most integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.scope_lacking(makers uuid[], scopes text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.scopes_of_action(action_type text, config jsonb, trigger_type text) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.scopes_that_allow(wanted text) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.scopes_to_hear(event_type text) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.scopes_to_see(action_type text, config jsonb, trigger_type text) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.skipped_by(event_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.skipped_by(event_id uuid) TO service_role;

REVOKE ALL ON FUNCTION private.stamp_converted_at() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.start_action_run(automation_id uuid, action_id uuid, trigger_data jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION private.start_action_run(automation_id uuid, action_id uuid, trigger_data jsonb) TO api_key;

REVOKE ALL ON FUNCTION private.start_automation_run(automation_id uuid, trigger_data jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION private.start_automation_run(automation_id uuid, trigger_data jsonb) TO api_key;

REVOKE ALL ON FUNCTION private.starts_automations() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.submit_referral(token text, first_name text, last_name text, email text, phone text, category text, message text, consent boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION private.submit_referral(token text, first_name text, last_name text, email text, phone text, category text, message text, consent boolean) TO anon;

REVOKE ALL ON FUNCTION private.suspect_claims() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.sweep() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.switch_webhook() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.take_mail(workspace uuid, address text, mail_key text) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.take_request_mail(request public.referral_requests, token text) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.take_requests(count integer, cost integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.take_requests(count integer, cost integer) TO api_key;

REVOKE ALL ON FUNCTION private.take_thank_you_mail(thanks private.thank_yous) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.test_webhook(subscription_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.test_webhook(subscription_id uuid) TO api_key;

REVOKE ALL ON FUNCTION private.thank_you(thanks private.thank_yous) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.thank_you_lease() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.thank_you_mail(referral_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.thank_you_outcome(referral_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.thank_you_outcome(referral_id uuid) TO api_key;

REVOKE ALL ON FUNCTION private.token_hash(token text) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.touch_updated_at() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.trigger_data_of(run public.automation_runs) FROM PUBLIC;
GRANT ALL ON FUNCTION private.trigger_data_of(run public.automation_runs) TO service_role;

REVOKE ALL ON FUNCTION private.unsubscribe(token text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.unsubscribe(token text) TO anon;

REVOKE ALL ON FUNCTION private.unsubscribe_contact(contact_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.unsubscribe_contact(contact_id uuid) TO api_key;

REVOKE ALL ON FUNCTION private.unsubscribe_form(token text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.unsubscribe_form(token text) TO anon;

REVOKE ALL ON FUNCTION private.unsubscribe_token(mail_key text) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.view_referral_request(token text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.view_referral_request(token text) TO anon;

REVOKE ALL ON FUNCTION private.wake_dispatcher() FROM PUBLIC;
GRANT ALL ON FUNCTION private.wake_dispatcher() TO service_role;

REVOKE ALL ON FUNCTION private.wake_dispatcher_for_events() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.wake_up_signature(issued_at bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.webhook_at(workspace uuid, address text) FROM PUBLIC;

GRANT ALL ON TABLE public.webhook_subscriptions TO service_role;
GRANT SELECT,DELETE ON TABLE public.webhook_subscriptions TO api_key;

GRANT UPDATE(url) ON TABLE public.webhook_subscriptions TO api_key;

GRANT UPDATE(events) ON TABLE public.webhook_subscriptions TO api_key;

GRANT UPDATE(enabled) ON TABLE public.webhook_subscriptions TO api_key;

REVOKE ALL ON FUNCTION private.webhook_for(workspace uuid, address text, maker uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.webhook_in_the_way(url text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.webhook_in_the_way(url text) TO api_key;

REVOKE ALL ON FUNCTION private.webhook_patience() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.webhooks_due(busy uuid[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION private.withdraw_referral_request(request_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.withdraw_referral_request(request_id uuid) TO api_key;

REVOKE ALL ON FUNCTION private.write_expired_requests() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.write_request_status() FROM PUBLIC;

REVOKE ALL ON FUNCTION private.write_stage_events() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.accept_wake_up(issued_at bigint, signature text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.accept_wake_up(issued_at bigint, signature text) TO service_role;

REVOKE ALL ON FUNCTION public.action_results(public.automation_runs) FROM PUBLIC;
GRANT ALL ON FUNCTION public.action_results(public.automation_runs) TO api_key;

REVOKE ALL ON FUNCTION public.admit_mail(run_id uuid, action_id uuid, contact uuid, address text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.admit_mail(run_id uuid, action_id uuid, contact uuid, address text) TO service_role;

REVOKE ALL ON FUNCTION public.ask_for_referral(contact uuid, token text, unsubscribe_token text, deal uuid, subject_override text, intro_html text, how_it_works_html text, expires_in_days integer, force boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION public.ask_for_referral(contact uuid, token text, unsubscribe_token text, deal uuid, subject_override text, intro_html text, how_it_works_html text, expires_in_days integer, force boolean) TO api_key;

REVOKE ALL ON FUNCTION public.attribute_opportunity(opportunity_id uuid, referrer_contact_id uuid, category text, keeps_category boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION public.attribute_opportunity(opportunity_id uuid, referrer_contact_id uuid, category text, keeps_category boolean) TO api_key;

REVOKE ALL ON FUNCTION public.automation_run(run_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.automation_run(run_id uuid) TO api_key;

REVOKE ALL ON FUNCTION public.calling_country() FROM PUBLIC;
GRANT ALL ON FUNCTION public.calling_country() TO api_key;

REVOKE ALL ON FUNCTION public.calling_key_card() FROM PUBLIC;
GRANT ALL ON FUNCTION public.calling_key_card() TO api_key;

REVOKE ALL ON FUNCTION public.claim_work(most_deliveries integer, most_runs integer, busy uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.claim_work(most_deliveries integer, most_runs integer, busy uuid[]) TO service_role;

GRANT ALL ON TABLE public.crm_deals TO service_role;
GRANT SELECT ON TABLE public.crm_deals TO api_key;

GRANT INSERT(name),UPDATE(name) ON TABLE public.crm_deals TO api_key;

GRANT INSERT(status),UPDATE(status) ON TABLE public.crm_deals TO api_key;

GRANT INSERT(contact_id),UPDATE(contact_id) ON TABLE public.crm_deals TO api_key;

GRANT INSERT(value),UPDATE(value) ON TABLE public.crm_deals TO api_key;

GRANT INSERT(currency),UPDATE(currency) ON TABLE public.crm_deals TO api_key;

GRANT INSERT(lead_source),UPDATE(lead_source) ON TABLE public.crm_deals TO api_key;

GRANT INSERT(tags),UPDATE(tags) ON TABLE public.crm_deals TO api_key;

GRANT INSERT(notes),UPDATE(notes) ON TABLE public.crm_deals TO api_key;

GRANT INSERT(metadata),UPDATE(metadata) ON TABLE public.crm_deals TO api_key;

REVOKE ALL ON FUNCTION public.contact(public.crm_deals) FROM PUBLIC;
GRANT ALL ON FUNCTION public.contact(public.crm_deals) TO api_key;

REVOKE ALL ON FUNCTION public.contact_with_email(email text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.contact_with_email(email text) TO api_key;

REVOKE ALL ON FUNCTION public.convert_referral(referral_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.convert_referral(referral_id uuid) TO api_key;

REVOKE ALL ON FUNCTION public.create_automation(automation jsonb, actions jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.create_automation(automation jsonb, actions jsonb) TO api_key;

REVOKE ALL ON FUNCTION public.create_pipeline(name text, stages jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.create_pipeline(name text, stages jsonb) TO api_key;

REVOKE ALL ON FUNCTION public.create_webhook_subscription(url text, events text[], enabled boolean, secret text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.create_webhook_subscription(url text, events text[], enabled boolean, secret text) TO api_key;

REVOKE ALL ON FUNCTION public.delivery_jobs(ids uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.delivery_jobs(ids uuid[]) TO service_role;

REVOKE ALL ON FUNCTION public.finish_run(run_id uuid, status text, actions_total integer, error text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.finish_run(run_id uuid, status text, actions_total integer, error text) TO service_role;

REVOKE ALL ON FUNCTION public.form_address_key() FROM PUBLIC;
GRANT ALL ON FUNCTION public.form_address_key() TO service_role;

REVOKE ALL ON FUNCTION public.give_back_credits(charge uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.give_back_credits(charge uuid) TO api_key;

REVOKE ALL ON FUNCTION public.has_contact(contact_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.has_contact(contact_id uuid) TO api_key;

REVOKE ALL ON FUNCTION public.listed_at(public.automation_actions) FROM PUBLIC;
GRANT ALL ON FUNCTION public.listed_at(public.automation_actions) TO api_key;

REVOKE ALL ON FUNCTION public.listed_at(public.automation_runs) FROM PUBLIC;
GRANT ALL ON FUNCTION public.listed_at(public.automation_runs) TO api_key;

REVOKE ALL ON FUNCTION public.listed_at(public.automations) FROM PUBLIC;
GRANT ALL ON FUNCTION public.listed_at(public.automations) TO api_key;

REVOKE ALL ON FUNCTION public.listed_at(public.crm_contacts) FROM PUBLIC;
GRANT ALL ON FUNCTION public.listed_at(public.crm_contacts) TO api_key;

REVOKE ALL ON FUNCTION public.listed_at(public.crm_deals) FROM PUBLIC;
GRANT ALL ON FUNCTION public.listed_at(public.crm_deals) TO api_key;

GRANT ALL ON TABLE public.crm_pipelines TO service_role;
GRANT SELECT,DELETE ON TABLE public.crm_pipelines TO api_key;

GRANT INSERT(name),UPDATE(name) ON TABLE public.crm_pipelines TO api_key;

REVOKE ALL ON FUNCTION public.listed_at(public.crm_pipelines) FROM PUBLIC;
GRANT ALL ON FUNCTION public.listed_at(public.crm_pipelines) TO api_key;

REVOKE ALL ON FUNCTION public.listed_at(public.referral_requests) FROM PUBLIC;
GRANT ALL ON FUNCTION public.listed_at(public.referral_requests) TO api_key;

REVOKE ALL ON FUNCTION public.listed_at(public.referrals) FROM PUBLIC;
GRANT ALL ON FUNCTION public.listed_at(public.referrals) TO api_key;

GRANT ALL ON TABLE public.webhook_deliveries TO service_role;
GRANT SELECT ON TABLE public.webhook_deliveries TO api_key;

REVOKE ALL ON FUNCTION public.listed_at(public.webhook_deliveries) FROM PUBLIC;
GRANT ALL ON FUNCTION public.listed_at(public.webhook_deliveries) TO api_key;

REVOKE ALL ON FUNCTION public.listed_at(public.webhook_subscriptions) FROM PUBLIC;
GRANT ALL ON FUNCTION public.listed_at(public.webhook_subscriptions) TO api_key;

REVOKE ALL ON FUNCTION public.move_opportunity(opportunity_id uuid, target_pipeline_id uuid, target_stage_id uuid, target_position integer, skip_automations boolean, skip_action_ids uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.move_opportunity(opportunity_id uuid, target_pipeline_id uuid, target_stage_id uuid, target_position integer, skip_automations boolean, skip_action_ids uuid[]) TO api_key;

REVOKE ALL ON FUNCTION public.opportunity(public.referrals) FROM PUBLIC;
GRANT ALL ON FUNCTION public.opportunity(public.referrals) TO api_key;

REVOKE ALL ON FUNCTION public.placements(public.crm_deals) FROM PUBLIC;
GRANT ALL ON FUNCTION public.placements(public.crm_deals) TO api_key;

REVOKE ALL ON FUNCTION public.record_action(run_id uuid, result jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.record_action(run_id uuid, result jsonb) TO service_role;

REVOKE ALL ON FUNCTION public.record_deliveries(outcomes jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.record_deliveries(outcomes jsonb) TO service_role;

REVOKE ALL ON FUNCTION public.record_request_mail(request_id uuid, email_id text, email_error text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.record_request_mail(request_id uuid, email_id text, email_error text) TO api_key;

REVOKE ALL ON FUNCTION public.record_thank_you(referral_id uuid, attempt integer, email_id text, error text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.record_thank_you(referral_id uuid, attempt integer, email_id text, error text) TO api_key;

REVOKE ALL ON FUNCTION public.referral_form(token text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.referral_form(token text) TO anon;

REVOKE ALL ON FUNCTION public.referral_history(referral_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.referral_history(referral_id uuid) TO api_key;

REVOKE ALL ON FUNCTION public.referral_in_the_way(chain jsonb, changed_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.referral_in_the_way(chain jsonb, changed_id uuid) TO api_key;

REVOKE ALL ON FUNCTION public.referral_leaderboard(max_entries integer, only_converted boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION public.referral_leaderboard(max_entries integer, only_converted boolean) TO api_key;

REVOKE ALL ON FUNCTION public.referred_contact(public.referrals) FROM PUBLIC;
GRANT ALL ON FUNCTION public.referred_contact(public.referrals) TO api_key;

REVOKE ALL ON FUNCTION public.referrer(public.crm_deals) FROM PUBLIC;
GRANT ALL ON FUNCTION public.referrer(public.crm_deals) TO api_key;

REVOKE ALL ON FUNCTION public.referrer(public.referrals) FROM PUBLIC;
GRANT ALL ON FUNCTION public.referrer(public.referrals) TO api_key;

REVOKE ALL ON FUNCTION public.remove_contact(contact_id uuid, force boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION public.remove_contact(contact_id uuid, force boolean) TO api_key;

REVOKE ALL ON FUNCTION public.remove_opportunity(opportunity_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.remove_opportunity(opportunity_id uuid) TO api_key;

REVOKE ALL ON FUNCTION public.renew_referral_request(request_id uuid, token text, unsubscribe_token text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.renew_referral_request(request_id uuid, token text, unsubscribe_token text) TO api_key;

REVOKE ALL ON FUNCTION public.reorder_actions(automation_id uuid, action_ids uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.reorder_actions(automation_id uuid, action_ids uuid[]) TO api_key;

REVOKE ALL ON FUNCTION public.replay_webhook_delivery(delivery_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.replay_webhook_delivery(delivery_id uuid) TO api_key;

REVOKE ALL ON FUNCTION public.require_scope(scope text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.require_scope(scope text) TO api_key;

REVOKE ALL ON FUNCTION public.rotate_webhook_secret(subscription_id uuid, secret text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.rotate_webhook_secret(subscription_id uuid, secret text) TO api_key;

REVOKE ALL ON FUNCTION public.run_attribute_referral(run_id uuid, action_id uuid, request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.run_attribute_referral(run_id uuid, action_id uuid, request jsonb) TO service_role;

REVOKE ALL ON FUNCTION public.run_call_webhook(run_id uuid, action_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.run_call_webhook(run_id uuid, action_id uuid) TO service_role;

REVOKE ALL ON FUNCTION public.run_job(run_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.run_job(run_id uuid) TO service_role;

REVOKE ALL ON FUNCTION public.stages(public.crm_pipelines) FROM PUBLIC;
GRANT ALL ON FUNCTION public.stages(public.crm_pipelines) TO api_key;

REVOKE ALL ON FUNCTION public.start_action_run(automation_id uuid, action_id uuid, trigger_data jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.start_action_run(automation_id uuid, action_id uuid, trigger_data jsonb) TO api_key;

REVOKE ALL ON FUNCTION public.start_automation_run(automation_id uuid, trigger_data jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.start_automation_run(automation_id uuid, trigger_data jsonb) TO api_key;

REVOKE ALL ON FUNCTION public.status(request public.referral_requests) FROM PUBLIC;
GRANT ALL ON FUNCTION public.status(request public.referral_requests) TO api_key;

REVOKE ALL ON FUNCTION public.submit_referral(token text, first_name text, last_name text, email text, phone text, category text, message text, consent boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION public.submit_referral(token text, first_name text, last_name text, email text, phone text, category text, message text, consent boolean) TO anon;

REVOKE ALL ON FUNCTION public.take_requests(count integer, cost integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.take_requests(count integer, cost integer) TO api_key;

REVOKE ALL ON FUNCTION public.test_webhook(subscription_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.test_webhook(subscription_id uuid) TO api_key;

REVOKE ALL ON FUNCTION public.thank_you_outcome(referral_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.thank_you_outcome(referral_id uuid) TO api_key;

REVOKE ALL ON FUNCTION public.trigger_data(public.automation_runs) FROM PUBLIC;
GRANT ALL ON FUNCTION public.trigger_data(public.automation_runs) TO api_key;

REVOKE ALL ON FUNCTION public.unsubscribe(token text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.unsubscribe(token text) TO anon;

REVOKE ALL ON FUNCTION public.unsubscribe_contact(contact_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.unsubscribe_contact(contact_id uuid) TO api_key;

REVOKE ALL ON FUNCTION public.unsubscribe_form(token text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.unsubscribe_form(token text) TO anon;

REVOKE ALL ON FUNCTION public.view_referral_request(token text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.view_referral_request(token text) TO anon;

REVOKE ALL ON FUNCTION public.wake_dispatcher() FROM PUBLIC;
GRANT ALL ON FUNCTION public.wake_dispatcher() TO service_role;

REVOKE ALL ON FUNCTION public.webhook_in_the_way(url text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.webhook_in_the_way(url text) TO api_key;

REVOKE ALL ON FUNCTION public.withdraw_referral_request(request_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.withdraw_referral_request(request_id uuid) TO api_key;

GRANT ALL ON TABLE public.api_keys TO service_role;

GRANT ALL ON TABLE public.company_settings TO service_role;
GRANT SELECT ON TABLE public.company_settings TO api_key;

GRANT UPDATE(referral_categories) ON TABLE public.company_settings TO api_key;

GRANT UPDATE(lead_sources) ON TABLE public.company_settings TO api_key;

GRANT UPDATE(referral_pipeline_id) ON TABLE public.company_settings TO api_key;

GRANT UPDATE(referral_stage_id) ON TABLE public.company_settings TO api_key;

GRANT UPDATE(mail_recipients) ON TABLE public.company_settings TO api_key;

GRANT UPDATE(mail_form_contacts) ON TABLE public.company_settings TO api_key;

GRANT ALL ON TABLE public.crm_deal_placements TO service_role;
GRANT SELECT ON TABLE public.crm_deal_placements TO api_key;

GRANT INSERT(deal_id) ON TABLE public.crm_deal_placements TO api_key;

GRANT INSERT(pipeline_id) ON TABLE public.crm_deal_placements TO api_key;

GRANT INSERT(stage_id),UPDATE(stage_id) ON TABLE public.crm_deal_placements TO api_key;

GRANT INSERT("position"),UPDATE("position") ON TABLE public.crm_deal_placements TO api_key;

GRANT ALL ON TABLE public.crm_pipeline_stages TO service_role;
GRANT SELECT,DELETE ON TABLE public.crm_pipeline_stages TO api_key;

GRANT INSERT(pipeline_id) ON TABLE public.crm_pipeline_stages TO api_key;

GRANT INSERT(name),UPDATE(name) ON TABLE public.crm_pipeline_stages TO api_key;

GRANT INSERT("position"),UPDATE("position") ON TABLE public.crm_pipeline_stages TO api_key;

GRANT INSERT(place) ON TABLE public.crm_pipeline_stages TO api_key;

GRANT SELECT ON TABLE public.expired_requests TO api_key;

GRANT SELECT ON TABLE public.placed_deals TO api_key;

ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public GRANT ALL ON SEQUENCES  TO postgres;

ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public GRANT ALL ON FUNCTIONS  TO postgres;

ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public GRANT ALL ON TABLES  TO postgres;

-- The secrets that sign a subscription's deliveries, in Vault: the current one, and the one before it until that expires.

create table private.webhook_secrets (
  vault_id uuid primary key,
  subscription_id uuid not null references public.webhook_subscriptions on delete cascade,
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3)
);

create unique index webhook_secrets_current on private.webhook_secrets (subscription_id) where expires_at is null;
create unique index webhook_secrets_older on private.webhook_secrets (subscription_id) where expires_at is not null;
create index webhook_secrets_subscription on private.webhook_secrets (subscription_id);

create function private.forget_webhook_secret()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from vault.secrets where id = old.vault_id;
  return null;
end
$$;

create trigger webhook_secrets_forget after delete on private.webhook_secrets
  for each row execute function private.forget_webhook_secret();

-- Gives a subscription a new secret, the caller's own or one that is made; the one it has expires in 24 hours, one before that
-- is gone at once. Who calls has the subscription's row locked, or has just made it. Gives the secret: nobody can read it
-- again. Raises 400 for one that is too short to be kept.
create function private.issue_webhook_secret(subscription uuid, own text default null)
returns text
language plpgsql
security definer
set search_path = ''
as $$
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

-- Gives the caller's subscription with a new secret, their own or one that is made; for 24 hours the one before signs too.
-- Raises 404.
create function private.rotate_webhook_secret(subscription_id uuid, secret text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
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
grant execute on function private.rotate_webhook_secret(uuid, text) to api_key;

create function public.rotate_webhook_secret(subscription_id uuid, secret text default null) returns jsonb
language sql set search_path = ''
as $$ select private.rotate_webhook_secret(subscription_id, secret) $$;
grant execute on function public.rotate_webhook_secret(uuid, text) to api_key;

-- An index for each filter of the lists that had to walk past rows of other kinds. Partial, and for the rare kinds only: the
-- common ones are found soon on the way through the list itself.

-- `status` of a request follows from these columns and the clock (see `public.status`).
create index referral_requests_submitted on public.referral_requests (company_id, created_at desc, id desc)
  where submitted_at is not null;
create index referral_requests_viewed on public.referral_requests (company_id, created_at desc, id desc)
  where submitted_at is null and viewed_at is not null;
create index referral_requests_unsubmitted on public.referral_requests (company_id, created_at desc, id desc)
  where submitted_at is null;

create index automation_runs_other_status
  on public.automation_runs (automation_id, company_id, status, created_at desc, id desc)
  where status <> 'completed';
create index webhook_deliveries_other_status
  on public.webhook_deliveries (subscription_id, company_id, status, created_at desc, id desc)
  where status <> 'delivered';
create index webhook_deliveries_other_event
  on public.webhook_deliveries (subscription_id, company_id, event_type, created_at desc, id desc)
  where event_type <> 'referral_attributed';

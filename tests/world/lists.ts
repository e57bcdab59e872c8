/** The table behind each list. */
export const tableOf = {
  "/referrals": "referrals",
  "/opportunities": "crm_deals",
  "/deals": "crm_deals",
  "/contacts": "crm_contacts",
  "/pipelines": "crm_pipelines",
  "/referrals/requests": "referral_requests",
  "/automations": "automations",
  "/automations/:id/actions": "automation_actions",
  "/automations/:id/runs": "automation_runs",
  "/webhooks/subscriptions": "webhook_subscriptions",
  "/webhooks/subscriptions/:id/logs": "webhook_deliveries",
};

import { columnsOf } from "../data/columns.ts";
import { triggers, type TriggerType } from "../events/event_types.ts";
import { type Endpoint, keyed } from "../http/endpoint.ts";
import { ById } from "../contract/values.ts";
import { readPageBelow } from "../data/child_lists.ts";
import { conflictsWith } from "../data/conflicts.ts";
import { listQuery, readPage, readQuery, readRow } from "../data/lists.ts";
import { present, rowOf } from "../data/rows.ts";
import { requirePublicAddress } from "./address_check.ts";
import {
  deliveryResource,
  NewSecret,
  NewWebhookSubscription,
  WebhookDelivery,
  webhookResource,
  WebhookSubscription,
  WebhookSubscriptionChange,
  WebhookSubscriptionWithSecret,
} from "./schema.ts";

const columns = columnsOf(WebhookSubscription);
const heardBy = ({ events = [] }: { events?: TriggerType[] }) => events.map((event) => triggers[event].scope);
const withSecret = rowOf(WebhookSubscriptionWithSecret);
const delivery = rowOf(WebhookDelivery);

export const webhookEndpoints: Endpoint[] = [
  // The second is TrustPager's other name for it.
  ...["/webhooks/subscriptions", "/webhooks/outgoing"].map((path) =>
    keyed({
      method: "get",
      path,
      summary: "List webhook subscriptions",
      scope: "webhooks:read",
      query: listQuery(webhookResource),
      list: WebhookSubscription,
    }, ({ query, database }) => readPage(database, webhookResource, query))
  ),

  ...["/webhooks/subscriptions", "/webhooks/subscribe"].map((path) =>
    keyed({
      method: "post",
      path,
      summary: "Subscribe an address to events",
      description:
        "Answers the secret that signs the deliveries, once: the receiver's own, or one that is made. A workspace has one " +
        "subscription for an address, and at most 20. It takes the scopes that read such events, too.",
      scope: "webhooks:write",
      alsoNeeds: heardBy,
      body: NewWebhookSubscription,
      answer: WebhookSubscriptionWithSecret,
      status: 201,
      refusals: ["CONFLICT"],
    }, async ({ body, database, config }) => {
      await requirePublicAddress(body.url, "url", config);
      const data = await database.found(withSecret, (client) => client.rpc("create_webhook_subscription", body))
        .catch(conflictsWith(database, (client) => client.rpc("webhook_in_the_way", { url: body.url })));
      return { data, location: `/webhooks/subscriptions/${data.id}` };
    })
  ),

  keyed({
    method: "get",
    path: "/webhooks/subscriptions/:id",
    summary: "Read a webhook subscription",
    scope: "webhooks:read",
    params: ById,
    query: readQuery(webhookResource),
    answer: WebhookSubscription,
  }, async ({ params, query, database }) => ({ data: await readRow(database, webhookResource, params.id, query) })),

  keyed({
    method: "patch",
    path: "/webhooks/subscriptions/:id",
    summary: "Change a webhook subscription",
    description:
      "Enabling it forgets its failures. A change of where it leads or what it is told takes the scopes that read that, too.",
    scope: "webhooks:write",
    alsoNeeds: heardBy,
    params: ById,
    body: WebhookSubscriptionChange,
    answer: WebhookSubscription,
    refusals: ["CONFLICT"],
  }, async ({ params, body, database, config }) => {
    if (body.url !== undefined) await requirePublicAddress(body.url, "url", config);
    const row = await database.row((client) =>
      client.from("webhook_subscriptions").update(body).eq("id", params.id).select(columns)
    ).catch(conflictsWith(database, (client) => client.rpc("webhook_in_the_way", { url: body.url ?? "" })));
    return { data: present(WebhookSubscription, row) };
  }),

  keyed({
    method: "delete",
    path: "/webhooks/subscriptions/:id",
    summary: "Delete a webhook subscription",
    description: "Its deliveries go with it, those still waiting too.",
    scope: "webhooks:write",
    params: ById,
    status: 204,
  }, async ({ params, database }) => {
    await database.row((client) => client.from("webhook_subscriptions").delete().eq("id", params.id).select("id"));
    return {};
  }),

  keyed({
    method: "post",
    path: "/webhooks/subscriptions/:id/rotate-secret",
    summary: "Give a subscription a new secret",
    description: "The receiver's own, or one that is made. Answers it, once. For 24 hours the one before signs too.",
    scope: "webhooks:write",
    params: ById,
    body: NewSecret,
    bodyIsOptional: true,
    answer: WebhookSubscriptionWithSecret,
  }, async ({ params, body, database }) => ({
    data: await database.found(
      withSecret,
      (client) => client.rpc("rotate_webhook_secret", { subscription_id: params.id, ...body }),
    ),
  })),

  keyed({
    method: "post",
    path: "/webhooks/subscriptions/:id/test",
    summary: "Send a subscription a test event",
    description:
      "Answers the delivery of a `webhook_test` event, which is sent at once: read the logs for its outcome.",
    scope: "webhooks:write",
    params: ById,
    answer: WebhookDelivery,
    refusals: ["CONFLICT"],
  }, async ({ params, database }) => ({
    data: await database.found(delivery, (client) => client.rpc("test_webhook", { subscription_id: params.id })),
  })),

  keyed(
    {
      method: "get",
      path: "/webhooks/subscriptions/:id/logs",
      summary: "List a subscription's deliveries",
      description: "Deliveries are kept for 30 days.",
      scope: "webhooks:read",
      params: ById,
      query: listQuery(deliveryResource),
      list: WebhookDelivery,
    },
    ({ params, query, database }) =>
      readPageBelow(database, "webhook_subscriptions", params.id, deliveryResource, query),
  ),

  keyed({
    method: "post",
    path: "/webhooks/deliveries/:id/replay",
    summary: "Send a delivery again",
    description:
      "Delivered or not, under the same webhook-id, with all tries anew. One that is being sent is left at that.",
    scope: "webhooks:write",
    params: ById,
    answer: WebhookDelivery,
    refusals: ["CONFLICT"],
  }, async ({ params, database }) => ({
    data: await database.found(delivery, (client) => client.rpc("replay_webhook_delivery", { delivery_id: params.id })),
  })),
];

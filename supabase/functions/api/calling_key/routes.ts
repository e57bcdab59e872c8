import { type Endpoint, keyed } from "../http/endpoint.ts";
import { CallingKey, CallingKeyCard } from "./schema.ts";

export const callingKeyEndpoints: Endpoint[] = [
  keyed({
    method: "get",
    path: "/me",
    summary: "Read the key that asks",
    description: "What it may do, how much, and in which workspace.",
    scope: null,
    answer: CallingKey,
  }, async ({ database }) => ({
    data: await database.value(CallingKeyCard, (client) => client.rpc("calling_key_card")),
  })),
];

// A data API that answers at once and always the same, in a process of its own: what is left is the function's own cost.
// Its first line says where it listens.
const row = (i: number) => ({
  id: `00000000-0000-4000-8000-${String(i).padStart(12, "0")}`,
  company_id: "00000000-0000-4000-8000-000000000001",
  referrer_contact_id: "00000000-0000-4000-8000-000000000101",
  referred_contact_id: "00000000-0000-4000-8000-000000000104",
  referred_deal_id: "00000000-0000-4000-8000-000000000502",
  source: "manual",
  status: "converted",
  category: "MRI",
  notes: "Met at the open day",
  converted_at: "2026-11-22T09:30:00.123+00:00",
  created_by: "7b8f1a52-31f1-4b52-8d0c-5f6a0f3c9e10",
  created_at: "2026-11-22T09:30:00.123+00:00",
  updated_at: "2026-11-22T09:30:00+00:00",
});
const page = JSON.stringify(Array.from({ length: 20 }, (_, i) => row(i)));
const created = JSON.stringify([row(1)]);
const allowance = {
  limits: { minute: 600, day: 100_000 },
  remaining: { minute: 590, day: 99_990 },
  next_in: { minute: 0.05, day: 0.8 },
  credits_remaining: null,
  charge: null,
};
const json = { "content-type": "application/json; charset=utf-8" };

const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
  if (request.url.endsWith("/rpc/take_requests")) {
    const { count } = await request.json();
    return new Response(JSON.stringify({ ...allowance, taken: count }), { headers: json });
  }
  if (request.body) await request.body.cancel();
  if (request.url.includes("/rpc/")) return new Response(null, { status: 204 });
  if (request.method === "POST") return new Response(created, { status: 201, headers: json });
  return new Response(page, { headers: { ...json, "content-range": "0-19/20" } });
});
console.log(`http://127.0.0.1:${server.addr.port}`);
for await (const _closed of Deno.stdin.readable);
await server.shutdown();

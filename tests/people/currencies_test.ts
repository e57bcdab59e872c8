import { assertEquals } from "@std/assert";
import { currencyDecimals } from "../../supabase/functions/api/opportunities/currencies.ts";
import { sql, world } from "../world/world.ts";

const printed = (currency: string) =>
  new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits!;

// Units of account and metals: ISO 4217 gives them no decimals, and nobody is paid in them.
const noMoney = ["XDR", "XSU"];

Deno.test("every currency that the runtime knows has its decimals of ISO 4217, and SQL says the same of each", async () => {
  const known = Intl.supportedValuesOf("currency").filter((code) => !noMoney.includes(code));
  assertEquals(known.filter((code) => !currencyDecimals.has(code)), []);
  const fewer = [...currencyDecimals].filter(([code, decimals]) => known.includes(code) && decimals < printed(code));
  assertEquals(fewer, [], "nobody prints more decimals than there are");
  assertEquals(
    ["AUD", "JPY", "KRW", "VND", "KWD", "BHD", "TND", "IQD", "CLF", "UYW", "CLP", "ISK"].map((code) =>
      currencyDecimals.get(code)
    ),
    [2, 0, 0, 0, 3, 3, 3, 3, 4, 4, 0, 0],
  );

  const codes = [...currencyDecimals.keys(), "XXX", "XAU", "XTS", "DEM", "aud", "AU", ""];
  const rows =
    await sql`select code, private.currency_decimals(code) as decimals from unnest(${codes}::text[]) as code`;
  assertEquals(rows.map(({ decimals }) => decimals ?? undefined), codes.map((code) => currencyDecimals.get(code)));
});

Deno.test("a value has as many decimals as its currency, and neither is changed to what the other does not fit", async () => {
  const { alice } = await world();
  const fine: [string | null, number][] = [
    ["AUD", 120.5],
    ["USD", 999_999_999_999.99],
    ["EUR", 0.1],
    ["KWD", 1.234],
    ["BHD", 10.005],
    ["TND", 0.001],
    ["JPY", 98_000],
    ["KRW", 1],
    ["CLF", 1.2345],
    ["CLP", 990],
    [null, 19.99],
  ];
  for (const [currency, value] of fine) {
    const made = await alice.creates("/opportunities", { name: "Knee", currency, value });
    assertEquals([made.currency, made.value], [currency, value]);
  }
  const wrong: [string | null, number][] = [["AUD", 1.234], ["JPY", 0.5], ["KWD", 1.2345], ["CLF", 0.12345], [
    null,
    0.001,
  ]];
  for (const [currency, value] of wrong) {
    const refused = await alice.post("/opportunities", { name: "Knee", currency, value });
    assertEquals([refused.status, refused.error.details.fields[0].path], [400, "value"], `${currency} ${value}`);
  }
  const { id } = await alice.creates("/opportunities", { name: "Fred", currency: "KWD", value: 1.234 });
  const both = await alice.patch(`/opportunities/${id}`, { currency: "KRONA", value: -1 });
  assertEquals(both.error.details.fields.map(({ path }: { path: string }) => path).sort(), ["currency", "value"]);
  for (const change of [{ currency: "JPY" }, { currency: null }, { value: 1.2345 }]) {
    const refused = await alice.patch(`/opportunities/${id}`, change);
    assertEquals([refused.status, refused.error.code, refused.error.details.fields[0].path], [
      400,
      "VALIDATION_ERROR",
      "value",
    ]);
  }
  const direct = await alice.rest("PATCH", `/crm_deals?id=eq.${id}`, { currency: "JPY" });
  assertEquals([direct.status, direct.body.code], [400, "23514"]);
  const { currency, value } = await alice.gets(`/opportunities/${id}`);
  assertEquals([currency, value], ["KWD", 1.234]);
});

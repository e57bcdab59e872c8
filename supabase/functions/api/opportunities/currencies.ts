const two = `
  AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF
  CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK
  HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR
  MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP
  SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER
  ZAR ZMW ZWG ZWL
`;
const none = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
const three = "BHD IQD JOD KWD LYD OMR TND";
const four = "CLF UYW";

/**
 * The decimals that ISO 4217 gives each currency; `private.currency_decimals` says the same. Not those of `Intl`, which are
 * what people print: it gives the Iraqi dinar none of its three, and the Albanian lek none of its two.
 */
export const currencyDecimals: ReadonlyMap<string, number> = new Map(
  [none, "", two, three, four].flatMap((codes, decimals) =>
    codes.trim().split(/\s+/).filter(Boolean).map((code) => [code, decimals] as const)
  ),
);

/** How many decimals an amount has. */
export function decimalsOf(amount: number): number {
  for (let decimals = 0; decimals < 5; decimals++) {
    if (Number(amount.toFixed(decimals)) === amount) return decimals;
  }
  return Infinity;
}

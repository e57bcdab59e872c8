/** Stands for all callers whose address is not known. */
export const unknownAddress = "unknown";

/** What a caller's address counts as: itself, or of IPv6, in any spelling, its /64, which one subscriber has whole. */
export async function addressGroup(text: string): Promise<string> {
  const { default: ipaddr } = await import("ipaddr.js");
  // Some proxies append the port, some systems the interface.
  const address = text.replace(/^\[(.*)\](:\d+)?$/, "$1").replace(/^([\d.]+):\d+$/, "$1").replace(/%.*$/, "");
  if (ipaddr.IPv4.isValidFourPartDecimal(address)) return address;
  if (!ipaddr.IPv6.isValid(address)) return unknownAddress;
  const parsed = ipaddr.IPv6.parse(address);
  if (parsed.isIPv4MappedAddress()) return parsed.toIPv4Address().toString();
  return `${parsed.parts.slice(0, 4).map((part) => part.toString(16)).join(":")}::/64`;
}

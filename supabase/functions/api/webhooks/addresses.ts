import ipaddr from "ipaddr.js";
import { before } from "./deadline.ts";

export type AddressOptions = {
  /** Lets loopback in, by http too: for development. */
  allowLoopback: boolean;
  /** URLs of this project: no webhook goes to any port of their hosts (on loopback: to their ports). */
  own?: string[];
  /** Milliseconds for it; 5 seconds without. */
  deadline?: number;
  /** The IP addresses of a name, when not the system's resolver shall say them. */
  resolve?: (name: string, signal: AbortSignal) => Promise<string[]>;
};

/** The addresses to connect to, best first, each of them checked; or one sentence for the user why there is none. */
type Found = { addresses: string[] } | { refused: string };

// At least two labels of letters, digits, hyphens and underscores: TLS knows no others.
const dottedName = /^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.|$)){2,}$/;
const specialNames =
  /(^|\.)(localhost|local|localdomain|internal|intranet|lan|home|home\.arpa|corp|private|test|invalid|onion)$/;

// Shells, mail, names, files, databases and the like: never a customer's web server.
// deno-fmt-ignore
const refusedPorts = [
  0, 20, 21, 22, 23, 25, 53, 69, 110, 111, 119, 123, 135, 137, 138, 139, 143, 161, 389, 445, 465, 514, 587, 636, 873,
  993, 995, 1433, 1521, 2049, 2375, 2376, 2379, 2380, 3306, 3389, 5432, 5900, 6379, 6543, 6667, 6697, 9200, 10250,
  11211, 27017,
];

/** Null when a webhook may go to `url` now, else one sentence for the user why not. */
export async function refusedAddress(url: string, options: AddressOptions): Promise<string | null> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), options.deadline ?? 5_000);
  try {
    const found = await lookUp(url, options, late.signal);
    return "refused" in found ? found.refused : null;
  } catch {
    return "The URL's host name could not be looked up in time.";
  } finally {
    clearTimeout(timer);
  }
}

/** Judges `url` and every address that its name has at this moment. Rejects only when `signal` aborts. */
export async function lookUp(url: string, options: AddressOptions, signal: AbortSignal): Promise<Found> {
  const target = URL.parse(url);
  if (!target) return { refused: "The URL is not valid." };
  const host = hostOf(target);
  const literal = literalOf(host);
  const isLoopback = options.allowLoopback && isLoopbackHost(host, literal);
  if (target.protocol !== "https:" && !(isLoopback && target.protocol === "http:")) {
    return { refused: "The URL must start with https://." };
  }
  if (target.username || target.password) return { refused: "The URL must not hold a user name or password." };
  if (refusedPorts.includes(portOf(target))) return { refused: `No webhook can go to port ${portOf(target)}.` };
  if (options.own?.some((own) => isSamePlace(new URL(own), target))) {
    return { refused: "The URL must not lead back to this API." };
  }
  if (literal) {
    const isFine = isLoopback || isPublic(literal);
    return isFine ? { addresses: [host] } : { refused: "The URL must lead to a public address." };
  }
  if (!isLoopback && (!dottedName.test(host) || specialNames.test(host))) {
    return { refused: "The URL must have a public host name." };
  }
  const answers = await before(signal, (options.resolve ?? resolve)(host, signal));
  if (answers.length === 0) return { refused: `There is no address for the name ${host}.` };
  const addresses = answers.map((answer) => ipaddr.process(answer));
  if (!addresses.every((address) => isLoopback ? address.range() === "loopback" : isPublic(unwrapped(address)))) {
    return { refused: `The name ${host} must lead to public addresses only.` };
  }
  // Not every network has IPv6.
  const [v4, v6] = [addresses.filter(isV4), addresses.filter((address) => !isV4(address))];
  return { addresses: [...v4, ...v6].map(String) };
}

/** The host of a URL, without the brackets of IPv6 and the dot that ends an absolute name. */
export const hostOf = (url: URL) => url.hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.+$/, "");

export const portOf = (url: URL) => Number(url.port || (url.protocol === "https:" ? 443 : 80));

type Address = ipaddr.IPv4 | ipaddr.IPv6;

const globalUnicast = ipaddr.IPv6.parseCIDR("2000::/3");
const nat64 = ipaddr.IPv6.parseCIDR("64:ff9b::/96");

const isV4 = (address: Address): address is ipaddr.IPv4 => address.kind() === "ipv4";

/** Beside the special ranges: outside 2000::/3 nothing of IPv6 is assigned to the public. */
const isPublic = (address: Address) => address.range() === "unicast" && (isV4(address) || address.match(globalUnicast));

/** The IPv4 address that a DNS64 made this one of: on a network with IPv6 only, every IPv4 server has such a one. */
const unwrapped = (address: Address): Address =>
  isV4(address) || !address.match(nat64) ? address : new ipaddr.IPv4(address.toByteArray().slice(-4));

/** The address that a host is, if it is one; the URL parser has brought every spelling of IPv4 into this form. */
const literalOf = (host: string): Address | null =>
  host.includes(":") || /^\d+(\.\d+){3}$/.test(host) ? ipaddr.parse(host) : null;

const isLoopbackHost = (host: string, literal = literalOf(host)) =>
  host === "localhost" || literal?.range() === "loopback";

const platform = /\.supabase\.[a-z]+$/;

/** Whether a host is another name that the platform gives the project: of its functions, its storage, its database. */
function isOfProject(own: string, host: string): boolean {
  const [reference, ...rest] = own.split(".");
  return platform.test(own) && rest.length === 2 && platform.test(host) && host.split(".").includes(reference);
}

function isSamePlace(own: URL, target: URL): boolean {
  const hosts = [hostOf(own), hostOf(target)];
  if (isOfProject(hosts[0], hosts[1])) return true;
  const [isSameHost, isSamePort] = [hosts[0] === hosts[1], portOf(own) === portOf(target)];
  if (!isSameHost && !isSamePort) return false;
  return hosts.every((host) => isLoopbackHost(host)) ? isSamePort : isSameHost;
}

async function resolve(name: string, signal: AbortSignal): Promise<string[]> {
  if (name === "localhost") return ["127.0.0.1", "::1"];
  const answers = await Promise.allSettled([
    // The dot makes the name absolute: no search domain of this machine is tried.
    Deno.resolveDns(`${name}.`, "A", { signal }),
    Deno.resolveDns(`${name}.`, "AAAA", { signal }),
  ]);
  return answers.flatMap((answer) => answer.status === "fulfilled" ? answer.value : []);
}

import { brotliCompressSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { hostileBodies, hostileText } from "./values.ts";
import type { Wire } from "../../world/raw_client.ts";

/** Something done to a whole request, beside the values in it. */
export type Twist = (wire: Wire) => Wire;

const set = (wire: Wire, name: string, value: string): Wire => ({
  ...wire,
  headers: [...wire.headers.filter(([other]) => other.toLowerCase() !== name), [name, value]],
});
const add = (wire: Wire, name: string, value: string): Wire => ({ ...wire, headers: [...wire.headers, [name, value]] });
const drop = (wire: Wire, name: string): Wire => ({
  ...wire,
  headers: wire.headers.filter(([other]) => other.toLowerCase() !== name),
});
const path = (wire: Wire, change: (path: string) => string): Wire => {
  const [before, query] = wire.target.split(/\?(.*)/s);
  return { ...wire, target: change(before) + (query === undefined ? "" : `?${query}`) };
};
const query = (wire: Wire, more: string): Wire => ({
  ...wire,
  target: wire.target + (wire.target.includes("?") ? "&" : "?") + more,
});
const latin = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0) & 0xff);
const keyOf = ({ headers }: Wire) =>
  headers.find(([name]) => name === "authorization")?.[1].slice("Bearer ".length) ?? "x";

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "get"];

const paths: ((path: string) => string)[] = [
  (path) => `${path}/`,
  (path) => `${path}//`,
  (path) => path.replace("/api/v1/", "/api//v1//"),
  (path) => path.replace(/\/([^/]*)$/, "//$1"),
  (path) => `${path}/%2e%2e`,
  (path) => path.replace(/\/([^/]*)$/, "/x/%2e%2e/$1"),
  (path) => `${path}/../x`,
  (path) => `${path}%2f..%2f..`,
  (path) => `${path}/%2e`,
  (path) => path.replace(/\/([^/]*)$/, "%2f$1"),
  (path) => path.replace(/[^/]+$/, (last) => [...last].map((one) => `%${one.charCodeAt(0).toString(16)}`).join("")),
  (path) => path.replace(/[^/]+$/, (last) => `%25${last.charCodeAt(0).toString(16)}${last.slice(1)}`),
  (path) => path.replace(/[^/]+$/, (last) => last.toUpperCase()),
  (path) => path.replace(/[^/]+$/, "%00"),
  (path) => path.replace(/[^/]+$/, "%"),
  (path) => path.replace(/[^/]+$/, "%zz"),
  (path) => path.replace(/[^/]+$/, "%ff%fe"),
  (path) => path.replace(/[^/]+$/, "%ed%a0%80"),
  (path) => path.replace(/[^/]+$/, "%c0%ae%c0%ae"),
  (path) => path.replace(/[^/]+$/, "*"),
  (path) => path.replace(/[^/]+$/, ":id"),
  (path) => path.replace(/[^/]+$/, "__proto__"),
  (path) => path.replace(/[^/]+$/, "x".repeat(8_000)),
  (path) => path.replace(/[^/]+$/, ""),
  (path) => `${path};a=b`,
  (path) => `${path}.json`,
  (path) => `${path}%20`,
  (path) => `${path}%0d%0aX-Own:%201`,
  (path) => `${path}/x/y/z`,
  (path) => path.replace("/api/v1/", "/api/v2/"),
  (path) => path.replace("/api/v1/", "/api/V1/"),
];

const queries = [
  "limit=-1",
  "limit=0",
  "limit=1e9",
  "limit=1000000000",
  "limit=1&limit=2",
  "after=&before=",
  "after=x",
  "after=WyJ4Il0",
  "before=%00",
  "before=eyJhIjoxfQ%3D%3D",
  "order=asc&order=desc",
  "select=*",
  "select=*,referrals(*)",
  "or=(id.eq.1)",
  "id=eq.1",
  "id=not.is.null&limit=1",
  "offset=1",
  "limit[]=1",
  "limit[gt]=1",
  "__proto__=1",
  "__proto__[a]=1",
  "constructor.prototype.a=1",
  "a=%",
  "a=%zz",
  "a=%ff",
  "a=%00",
  "%00=1",
  "%=1",
  "=",
  "&&&",
  "a&a&a",
  "?",
  "+=+",
  `fields=${"id,".repeat(500)}id`,
  `expand=${"x,".repeat(500)}x`,
  `a=${"x".repeat(16_000)}`,
  Array.from({ length: 500 }, (_, at) => `k${at}=0`).join("&"),
];

const types = [
  "",
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data",
  "multipart/form-data; boundary=x",
  "application/xml",
  "application/json-patch+json",
  "application/json, text/plain",
  "application/json; charset=utf-16",
  "application/json;charset",
  "APPLICATION/JSON",
  "application/*",
  "\u00ff",
];

const headers: [string, string][] = [
  ["accept", "text/html"],
  ["accept", "application/vnd.pgrst.object+json"],
  ["accept-encoding", "gzip, br"],
  ["accept-profile", "private"],
  ["content-profile", "private"],
  ["prefer", "return=representation,count=exact,tx=rollback"],
  ["prefer", "handling=strict, timezone=x"],
  ["range", "bytes=0-0"],
  ["range-unit", "items"],
  ["if-none-match", "*"],
  ["if-match", '"x"'],
  ["if-modified-since", "never"],
  ["x-http-method-override", "DELETE"],
  ["x-request-id", "x".repeat(300)],
  ["x-request-id", '"><script>'],
  ["x-request-id", "a\tb"],
  ["x-forwarded-for", "' or 1=1, ::1, ,,,"],
  ["x-forwarded-for", "1.2.3.4,".repeat(500)],
  ["x-forwarded-host", "evil.example"],
  ["x-forwarded-proto", "gopher"],
  ["forwarded", "for=x;host=evil.example"],
  ["x-original-url", "/api/v1/company"],
  ["apikey", "x"],
  ["x-client-info", "\u00ff"],
  ["cookie", "a=b; __proto__=x; ".repeat(100)],
  ["origin", "null"],
  ["origin", "https://evil.example"],
  ["access-control-request-method", "x y"],
  ["sec-fetch-site", "cross-site"],
  ["user-agent", ""],
  ["content-language", "x"],
  ["idempotency-key", "\u00fe"],
  ["x-large", "x".repeat(6_000)],
  ["x-large", "x".repeat(60_000)],
];

const credentials: ((wire: Wire) => Wire)[] = [
  (wire) => drop(wire, "authorization"),
  (wire) => set(wire, "authorization", ""),
  (wire) => set(wire, "authorization", "Bearer"),
  (wire) => set(wire, "authorization", "Bearer x"),
  (wire) => set(wire, "authorization", "Bearer a.b.c"),
  (wire) => set(wire, "authorization", "Bearer .."),
  (wire) => set(wire, "authorization", "Bearer eyJhbGciOiJub25lIn0.eyJyb2xlIjoicG9zdGdyZXMifQ."),
  (wire) => set(wire, "authorization", `Bearer ${"x.".repeat(3_000)}x`),
  (wire) => set(wire, "authorization", "Basic cG9zdGdyZXM6cG9zdGdyZXM="),
  (wire) => set(wire, "authorization", "Bearer \u00ff.\u00fe.\u00fd"),
  (wire) => set(wire, "authorization", `Bearer ${keyOf(wire)}x`),
  (wire) => set(wire, "authorization", `Bearer ${keyOf(wire).slice(0, -5)}`),
  (wire) => set(wire, "authorization", keyOf(wire)),
  (wire) => add(wire, "authorization", "Bearer x"),
  (wire) => drop(query(wire, `apikey=${keyOf(wire)}`), "authorization"),
  (wire) => drop(query(wire, `access_token=${keyOf(wire)}`), "authorization"),
  (wire) => drop(add(wire, "apikey", keyOf(wire)), "authorization"),
  (wire) => drop(add(wire, "cookie", `sb-access-token=${keyOf(wire)}`), "authorization"),
];

const bomb = gzipSync(new Uint8Array(5_000_000));
const encodings: ((wire: Wire) => Wire)[] = [
  (wire) => set({ ...wire, body: gzipSync(wire.body ?? "{}") }, "content-encoding", "gzip"),
  (wire) => set({ ...wire, body: brotliCompressSync(wire.body ?? "{}") }, "content-encoding", "br"),
  (wire) => set(wire, "content-encoding", "gzip"),
  (wire) => set(wire, "content-encoding", "identity"),
  (wire) => set(wire, "content-encoding", "x, y"),
  (wire) => ({ ...wire, body: bomb }),
  (wire) => ({ ...wire, chunked: true }),
  (wire) => ({ ...wire, body: new Uint8Array() }),
  (wire) => ({ ...wire, body: null }),
  (wire) => ({
    ...wire,
    body: latin(`\xff\xfe${[...new TextDecoder().decode(wire.body ?? latin("{}"))].join("\0")}\0`),
  }),
];

const megabyte: Twist[] = [
  (wire) => ({ ...wire, body: latin(`{"name":"${"x".repeat(1_000_000)}"}`) }),
  (wire) => ({ ...wire, body: latin(`{"name":"${"x".repeat(1_000_000)}"}`), chunked: true }),
];

const among = (twists: readonly Twist[]) => fc.constantFrom(...twists);

/** A twist that no client of good will would give a request. */
export const twist: fc.Arbitrary<Twist> = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom(...methods).map((method): Twist => (wire) => ({ ...wire, method })) },
  { weight: 40, arbitrary: fc.constantFrom(...paths).map((change): Twist => (wire) => path(wire, change)) },
  { weight: 40, arbitrary: fc.constantFrom(...queries).map((more): Twist => (wire) => query(wire, more)) },
  {
    weight: 10,
    arbitrary: fc.tuple(hostileText, hostileText).map(([name, value]): Twist => (wire) =>
      query(wire, `${encode(name)}=${encode(value)}`)
    ),
  },
  {
    weight: 20,
    arbitrary: fc.constantFrom(...types, null).map((type): Twist => (wire) =>
      type === null ? drop(wire, "content-type") : set(wire, "content-type", type)
    ),
  },
  {
    weight: 30,
    arbitrary: fc.constantFrom(...headers).map(([name, value]): Twist => (wire) => add(wire, name, value)),
  },
  { weight: 30, arbitrary: among(credentials) },
  { weight: 25, arbitrary: among(encodings) },
  {
    weight: 30,
    arbitrary: fc.constantFrom(...hostileBodies).map((body): Twist => (wire) => ({ ...wire, body: latin(body) })),
  },
  { weight: 1, arbitrary: among(megabyte) },
);

/** For a place in a URL: what cannot be encoded becomes U+FFFD. */
export const encode = (text: string) => encodeURIComponent(text.toWellFormed());

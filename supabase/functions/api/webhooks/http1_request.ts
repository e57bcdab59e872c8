const encoder = new TextEncoder();
const userAgent = "Referrals-Webhooks/1.0";

/**
 * The bytes of a POST of JSON. `headers` replace ours, but none that frames the request or its answer.
 * Throws a TypeError when one of them holds a line break.
 */
export function http1Request(
  target: URL,
  body: string,
  headers: Record<string, string>,
  connection: "keep-alive" | "close",
): Uint8Array {
  const fields: Record<string, string> = { "content-type": "application/json", "user-agent": userAgent };
  for (const [name, value] of Object.entries(headers)) fields[name.toLowerCase()] = value;
  fields["host"] = target.host;
  fields["content-length"] = String(encoder.encode(body).length);
  fields["accept-encoding"] = "identity";
  fields["connection"] = connection;
  let head = `POST ${target.pathname}${target.search} HTTP/1.1\r\n`;
  for (const [name, value] of Object.entries(fields)) {
    if (/[\r\n]/.test(name + value)) throw new TypeError("A header holds a line break.");
    head += `${name}: ${value}\r\n`;
  }
  return encoder.encode(`${head}\r\n${body}`);
}

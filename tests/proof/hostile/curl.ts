import type { Wire } from "../../world/raw_client.ts";

/** A request much as a shell would send it: keys left out, long runs cut short, control characters shown. */
export function curl(origin: string, { method, target, headers, body, chunked }: Wire): string {
  const parts = [
    `curl -i --path-as-is -X ${method}`,
    ...headers.map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    quoted(origin + target),
    ...(body ? [`--data-binary ${quoted(new TextDecoder().decode(body))} # ${body.length} bytes`] : []),
  ];
  return parts.join(" ") + (chunked ? ", chunked" : "");
}

function quoted(text: string): string {
  const shown = text
    .replace(/eyJ[\w-]{20,}\.[\w-]+\.[\w-]+/g, "$KEY")
    .replace(/(.{1,12}?)\1{30,}/gs, "$1…")
    // deno-lint-ignore no-control-regex
    .replace(/[\u0000-\u001f\u007f]/g, (letter) => `\\x${letter.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return `'${shown.replaceAll("'", `'\\''`)}'`;
}

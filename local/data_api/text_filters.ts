/** It takes `true`, `null`, `1e3` and the like for what they spell, unless they are quoted; PostgREST asks the column's type. */
export function quoteTexts(request: Request, texts: Set<string>): Request {
  const url = new URL(request.url);
  const table = url.pathname.split("/").at(-1);
  const asked = [...url.searchParams];
  const quoted = asked.map(([name, condition]) => [
    name,
    texts.has(`${table}.${name}`) ? condition.replace(/^((?:not\.)?n?eq\.)(.*)$/s, '$1"$2"') : condition,
  ]);
  if (quoted.every(([, condition], at) => condition === asked[at][1])) return request;
  url.search = String(new URLSearchParams(quoted));
  return new Request(url, request);
}

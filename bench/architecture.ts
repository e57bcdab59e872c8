type Box = { x: number; y: number; width: number; height: number; title: string; lines?: string[]; kind: Kind };
type Kind = "outside" | "function" | "database" | "platform";
type Arrow = { points: [number, number][]; label?: string; at?: [number, number]; dashed?: boolean };

const colors: Record<Kind, [fill: string, line: string]> = {
  outside: ["#f3f5f8", "#8a94a6"],
  function: ["#e8f4f2", "#0f766e"],
  database: ["#eef0fb", "#4f5bd5"],
  platform: ["#fdf5e6", "#b7791f"],
};

const boxes: Box[] = [
  {
    x: 20,
    y: 40,
    width: 190,
    height: 64,
    title: "Integrators, agents",
    lines: ["an API key with scopes"],
    kind: "outside",
  },
  {
    x: 20,
    y: 150,
    width: 190,
    height: 64,
    title: "A friend on a phone",
    lines: ["a link with a token"],
    kind: "outside",
  },
  { x: 20, y: 300, width: 190, height: 64, title: "Resend", lines: ["takes our mails"], kind: "outside" },
  {
    x: 20,
    y: 410,
    width: 190,
    height: 64,
    title: "Customer endpoints",
    lines: ["Standard Webhooks"],
    kind: "outside",
  },
  {
    x: 330,
    y: 40,
    width: 250,
    height: 174,
    title: "Edge function api",
    lines: [
      "one Hono router",
      "key: signature, scope",
      "input: zod, one 400 for all of it",
      "public form, by token",
      "/docs, OpenAPI: same schemas",
    ],
    kind: "function",
  },
  {
    x: 330,
    y: 300,
    width: 250,
    height: 174,
    title: "Dispatcher route",
    lines: [
      "claims under a lease",
      "runs automations",
      "signs and sends deliveries",
      "checked, pinned addresses",
      "records every outcome",
    ],
    kind: "function",
  },
  {
    x: 700,
    y: 40,
    width: 170,
    height: 174,
    title: "Data API",
    lines: ["PostgREST", "role api_key or anon,", "service_role for the", "dispatcher alone"],
    kind: "platform",
  },
  {
    x: 990,
    y: 40,
    width: 270,
    height: 246,
    title: "Postgres",
    lines: [
      "row level security: the key's row",
      "  is the truth, its workspace the limit",
      "grants by column, composite keys",
      "categories, self-referral, duplicates",
      "deal cache and counters by triggers",
      "outbox: events, deliveries, runs,",
      "  in the writer's transaction",
      "Vault: webhook secrets",
    ],
    kind: "database",
  },
  {
    x: 700,
    y: 392,
    width: 170,
    height: 82,
    title: "pg_net",
    lines: ["one wake-up,", "after commit"],
    kind: "platform",
  },
  {
    x: 990,
    y: 392,
    width: 270,
    height: 82,
    title: "pg_cron",
    lines: ["sweeps every 5 s for what a", "lost wake-up left; cleans up"],
    kind: "platform",
  },
];

const arrows: Arrow[] = [
  { points: [[210, 72], [330, 72]], label: "HTTPS", at: [270, 64] },
  { points: [[210, 182], [330, 182]], label: "form", at: [270, 174] },
  { points: [[580, 110], [700, 110]], label: "the caller's", at: [640, 102] },
  { points: [[870, 110], [990, 110]], label: "SQL", at: [930, 102] },
  { points: [[455, 214], [455, 257], [115, 257], [115, 300]], label: "mails", at: [270, 249] },
  { points: [[330, 332], [210, 332]], label: "mails", at: [270, 324] },
  { points: [[330, 442], [210, 442]], label: "signed", at: [270, 434] },
  { points: [[580, 350], [640, 350], [640, 190], [700, 190]], label: "claim, record", at: [640, 282] },
  { points: [[1060, 286], [1060, 350], [785, 350], [785, 392]], label: "a write wakes", at: [925, 342], dashed: true },
  { points: [[700, 442], [580, 442]], label: "POST", at: [640, 434], dashed: true },
  { points: [[990, 442], [870, 442]], label: "if due", at: [930, 434], dashed: true },
];

const escape = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");

/** How the parts fit, as SVG. */
export function architecture(): string {
  const shapes = boxes.map(({ x, y, width, height, title, lines = [], kind }) => {
    const [fill, line] = colors[kind];
    const text = lines.map((words, i) =>
      `<text x="${x + 16}" y="${y + 48 + i * 21}" font-size="13" fill="#3d4657" xml:space="preserve">${
        escape(words)
      }</text>`
    );
    return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="10" fill="${fill}" stroke="${line}"/>
<text x="${x + 16}" y="${y + 26}" font-size="15" font-weight="700" fill="#151a23">${escape(title)}</text>
${text.join("\n")}`;
  });
  const ways = arrows.map(({ points, label, at, dashed }) =>
    `<polyline points="${
      points.map((point) => point.join(",")).join(" ")
    }" fill="none" stroke="#556070" stroke-width="1.5"${
      dashed ? ' stroke-dasharray="5 4"' : ""
    } marker-end="url(#head)"/>${
      label && at
        ? `<text x="${at[0]}" y="${
          at[1]
        }" font-size="12" fill="#556070" text-anchor="middle" paint-order="stroke" stroke="#fff" stroke-width="4">${
          escape(label)
        }</text>`
        : ""
    }`
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1280 514" font-family="system-ui, sans-serif" role="img" aria-label="How the parts fit">
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="#556070"/></marker></defs>
<rect width="1280" height="514" fill="#fff"/>
${ways.join("\n")}
${shapes.join("\n")}
</svg>
`;
}

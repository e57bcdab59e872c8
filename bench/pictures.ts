import { architecture } from "./architecture.ts";
import type { Measured, Results } from "./growth.ts";

// `deno task pictures`: draws docs/architecture.svg, and docs/growth.svg of what `deno task bench growth --json` measured.
const folder = new URL("../docs/", import.meta.url);
await Deno.writeTextFile(new URL("architecture.svg", folder), architecture());
const measured = await Deno.readTextFile(new URL("growth.json", folder)).catch(() => undefined);
if (measured) await Deno.writeTextFile(new URL("growth.svg", folder), growthCurves(JSON.parse(measured)));

/** A curve a statement, the median over the rows, both axes logarithmic; what grows stands out and is named. */
function growthCurves({ sizes, statements }: Results): string {
  const [width, height, left, bottom] = [900, 460, 60, 60];
  const times = statements.flatMap(({ median }) => median);
  const [least, most] = [Math.floor(Math.log10(Math.min(...times))), Math.ceil(Math.log10(Math.max(...times)))];
  const x = (size: number) => left + (Math.log10(size) - 3) / 3 * (width - left - 220);
  const y = (time: number) => 20 + (most - Math.log10(time)) / (most - least) * (height - 20 - bottom);
  const grid = Array.from({ length: most - least + 1 }, (_, i) => 10 ** (least + i)).map((time) =>
    `<line x1="${left}" x2="${x(1e6)}" y1="${y(time)}" y2="${y(time)}" stroke="#e3e7ee"/>
<text x="${left - 8}" y="${y(time) + 4}" text-anchor="end">${time >= 1 ? time : time.toString()} ms</text>`
  );
  const axis = sizes.map((size) =>
    `<text x="${x(size)}" y="${height - 30}" text-anchor="middle">${size.toLocaleString("en")}</text>`
  );
  const curve = ({ name, median, grows, judged }: Measured) => {
    const color = !grows ? "#0f766e" : judged ? "#c2410c" : "#b7791f";
    const points = median.map((time, i) => `${x(sizes[i]).toFixed(1)},${y(time).toFixed(1)}`).join(" ");
    const label = grows
      ? `<text x="${x(1e6) + 8}" y="${y(median.at(-1)!) + 4}" fill="${color}">${
        name.replace(/&/g, "&amp;").replace(/</g, "&lt;")
      }</text>`
      : "";
    return `<polyline points="${points}" fill="none" stroke="${color}" stroke-width="${grows ? 2 : 1}" opacity="${
      grows ? 1 : 0.5
    }"/>${label}`;
  };
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#3d4657" role="img" aria-label="Time of each statement by the number of referrals">
<rect width="${width}" height="${height}" fill="#fff"/>
${grid.join("\n")}
${axis.join("\n")}
<text x="${(left + x(1e6)) / 2}" y="${
    height - 10
  }" text-anchor="middle">referrals in the database; green stays, orange grows</text>
${statements.toSorted((a, b) => Number(a.grows) - Number(b.grows)).map(curve).join("\n")}
</svg>
`;
}

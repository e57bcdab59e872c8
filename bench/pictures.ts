import { runProgram } from "../local/refusal.ts";
import type { Measured, Results } from "./growth.ts";

const usage = `Usage: deno task pictures
Draws docs/growth.svg of what deno task bench growth --json bench/results/growth.json measured.`;

await runProgram(usage, async () => {
  const measured = await Deno.readTextFile(new URL("results/growth.json", import.meta.url));
  await Deno.writeTextFile(new URL("../docs/growth.svg", import.meta.url), growthCurves(JSON.parse(measured)));
});

/** A curve a statement, the median over the rows, both axes logarithmic; what grows stands out and is named. */
function growthCurves({ sizes, statements }: Results): string {
  const [width, height, left, right, bottom] = [1000, 520, 60, 400, 60];
  // A count grows until it has met the thousand and one rows that it counts at most.
  const drawn = statements.filter(({ name }) => !name.includes(", count"));
  const times = drawn.flatMap(({ median }) => median);
  const [least, most] = [Math.floor(Math.log10(Math.min(...times))), Math.ceil(Math.log10(Math.max(...times)))];
  const [first, last] = [Math.log10(sizes[0]), Math.log10(sizes.at(-1)!)];
  const x = (size: number) => left + (Math.log10(size) - first) / (last - first) * (width - left - right);
  const y = (time: number) => 20 + (most - Math.log10(time)) / (most - least) * (height - 20 - bottom);
  const edge = x(sizes.at(-1)!);
  const grid = Array.from({ length: most - least + 1 }, (_, i) => 10 ** (least + i)).map((time) =>
    `<line x1="${left}" x2="${edge}" y1="${y(time)}" y2="${y(time)}" stroke="#e3e7ee"/>
<text x="${left - 8}" y="${y(time) + 4}" text-anchor="end">${time} ms</text>`
  );
  const axis = sizes.map((size) =>
    `<text x="${x(size)}" y="${height - 30}" text-anchor="middle">${size.toLocaleString("en")}</text>`
  );
  const color = ({ grows, judged }: Measured) => !grows ? "#0f766e" : judged ? "#c2410c" : "#b7791f";
  const curve = (measured: Measured) => {
    const points = measured.median.map((time, i) => `${x(sizes[i]).toFixed(1)},${y(time).toFixed(1)}`).join(" ");
    const { grows } = measured;
    return `<polyline points="${points}" fill="none" stroke="${color(measured)}" stroke-width="${
      grows ? 2 : 1
    }" opacity="${grows ? 1 : 0.5}"/>`;
  };
  let lowest = 0;
  const labels = drawn.filter(({ grows }) => grows)
    .toSorted((a, b) => b.median.at(-1)! - a.median.at(-1)!)
    .map((measured) => {
      lowest = Math.max(lowest + 13, y(measured.median.at(-1)!) + 4);
      return `<text x="${edge + 8}" y="${lowest.toFixed(1)}" fill="${color(measured)}">${
        measured.name.replace(/&/g, "&amp;").replace(/</g, "&lt;")
      }</text>`;
    });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#3d4657" role="img" aria-label="Time of each statement by the number of referrals">
<rect width="${width}" height="${height}" fill="#fff"/>
${grid.join("\n")}
${axis.join("\n")}
<text x="${(left + edge) / 2}" y="${height - 10}" text-anchor="middle">referrals in the database</text>
${drawn.toSorted((a, b) => Number(a.grows) - Number(b.grows)).map(curve).join("\n")}
${labels.join("\n")}
</svg>
`;
}

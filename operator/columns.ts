/** A table as text: heads and cells in columns as wide as their widest cell, two spaces apart. */
export function columns(heads: string[], rows: string[][]): string {
  const widths = heads.map((head, i) => Math.max(...[head, ...rows.map((row) => row[i])].map((cell) => cell.length)));
  return [heads, ...rows]
    .map((row) => row.map((cell, i) => cell.padEnd(widths[i])).join("  ").trimEnd())
    .join("\n");
}

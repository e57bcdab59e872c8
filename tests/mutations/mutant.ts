import { type Cell, run, type Send, title } from "../isolation/cells.ts";
import { superuser } from "../isolation/snapshot.ts";
import type { Walls } from "../isolation/walls.ts";

/** One layer of the defence made weaker, and the cells that should notice. */
export type Mutant = {
  name: string;
  /** What kind of layer it is: a sample takes one of each. */
  family: string;
  up: string;
  down: string;
  /** Takes away what would hide this layer: whatever is still right then, this layer alone keeps right. */
  bare?: { up: string; down: string };
  concerns: (cell: Cell) => boolean;
  /** What else is right in such a cell once that is away. */
  relaxed?: (cell: Cell) => Cell;
};

/** What went red, and how many cells were asked; `by` is null for a survivor. */
export type Fate = { by: string | null; cells: number };

/** Where mutants of the database are tried, one after another. */
export class Trial {
  readonly #sound = new Set<Cell>();

  constructor(readonly walls: Walls, readonly cells: Cell[]) {}

  async fateOf({ up, down, bare, concerns, relaxed = (cell) => cell }: Mutant): Promise<Fate> {
    const chosen = this.cells.filter((cell) => concerns(cell)).map(relaxed);
    try {
      if (bare) await superuser.unsafe(bare.up);
      const sound = bare ? await this.#soundOf(chosen) : await this.#soundAtAll(chosen);
      await superuser.unsafe(up);
      return { by: await this.#red(sound), cells: sound.length };
    } finally {
      // Rows first: what was let in must not be there when the layer is back.
      await this.walls.comeBack();
      await superuser.unsafe(down);
      if (bare) await superuser.unsafe(bare.down);
    }
  }

  /** The first sign that something is wrong. */
  async #red(cells: Cell[]): Promise<string | null> {
    const quiet = cells.filter(({ changes }) => !changes);
    const loud = cells.filter(({ changes }) => changes);
    const before = JSON.stringify(await this.walls.sums([]));
    const [wrong] = await run(quiet, fetch, true);
    if (wrong) return `${title(wrong.cell)} ${wrong.wrong}`;
    if (JSON.stringify(await this.walls.sums([])) !== before) return "rows changed";
    for (const cell of loud) {
      const before = JSON.stringify(await this.walls.sums(["admin"]));
      const [wrong] = await run([cell]);
      if (wrong) return `${title(wrong.cell)} ${wrong.wrong}`;
      if (JSON.stringify(await this.walls.sums(["admin"])) !== before) return `rows changed by ${title(cell)}`;
      await this.walls.comeBack();
    }
    return null;
  }

  /** Those that are right while what hides the layer is away. */
  async #soundOf(cells: Cell[]): Promise<Cell[]> {
    const before = JSON.stringify(await this.walls.sums([]));
    const sound = await green(cells);
    if (JSON.stringify(await this.walls.sums([])) !== before) await this.walls.comeBack();
    return sound;
  }

  async #soundAtAll(cells: Cell[]): Promise<Cell[]> {
    const unknown = cells.filter((cell) => !this.#sound.has(cell) && !cell.changes);
    const sound = new Set(await green(unknown));
    const bad = unknown.find((cell) => !sound.has(cell));
    if (bad) throw new Error(`Red without any mutant: ${title(bad)}`);
    sound.forEach((cell) => this.#sound.add(cell));
    return cells;
  }
}

/** The cells that are right as things stand. */
export async function green(cells: Cell[], send: Send = fetch): Promise<Cell[]> {
  const wrong = new Set((await run(cells, send)).map(({ cell }) => cell));
  return cells.filter((cell) => !wrong.has(cell));
}

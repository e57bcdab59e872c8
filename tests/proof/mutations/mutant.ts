import { type Cell, run, type Send, title, type Verdict } from "../isolation/cells.ts";
import { superuser } from "../isolation/snapshot.ts";
import type { MatrixRunner } from "../isolation/matrix_runner.ts";

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

/** What went wrong, and in which cell where one is known to be it. */
type Alarm = { cell?: Cell; text: string };

/** Where mutants of the database are tried, one after another. */
export class Trial {
  constructor(readonly runner: MatrixRunner, readonly cells: Cell[]) {}

  async fateOf({ up, down, bare, concerns, relaxed = (cell) => cell }: Mutant): Promise<Fate> {
    const chosen = this.cells.filter((cell) => concerns(cell)).map(relaxed);
    let sound = chosen;
    let alarm: Alarm | null;
    try {
      if (bare) {
        await superuser.unsafe(bare.up);
        sound = await this.#soundOf(chosen);
      }
      await superuser.unsafe(up);
      alarm = await this.#red(sound);
    } finally {
      // Rows first: what was let in must not be there when the layer is back.
      await this.runner.putBack();
      await this.#removeStrangers();
      await superuser.unsafe(down);
      if (bare) await superuser.unsafe(bare.down);
    }
    if (!bare && alarm?.cell) await this.#confirm(alarm.cell);
    return { by: alarm?.text ?? null, cells: sound.length };
  }

  /** A weaker layer lets workspaces be made, and the next query without a workspace would meet one of them first. */
  async #removeStrangers(): Promise<void> {
    const ours = [this.runner.mine, this.runner.theirs].map(({ person }) => person.companyId);
    await superuser`delete from companies where id not in ${superuser(ours)}`;
  }

  /** The first sign that something is wrong. */
  async #red(cells: Cell[]): Promise<Alarm | null> {
    const quiet = cells.filter(({ changes }) => !changes);
    const loud = cells.filter(({ changes }) => changes);
    const before = JSON.stringify(await this.runner.sums([]));
    const [wrong] = await run(quiet, fetch, true);
    if (wrong) return alarmOf(wrong);
    if (JSON.stringify(await this.runner.sums([])) !== before) return { text: "rows changed" };
    for (const cell of loud) {
      const before = JSON.stringify(await this.runner.sums(["admin"]));
      const [wrong] = await run([cell]);
      if (wrong) return alarmOf(wrong);
      if (JSON.stringify(await this.runner.sums(["admin"])) !== before) {
        return { cell, text: `rows changed by ${title(cell)}` };
      }
      await this.runner.putBack();
    }
    return null;
  }

  /** What went red must be right when no layer is weaker. */
  async #confirm(cell: Cell): Promise<void> {
    const [wrong] = await run([cell]);
    if (wrong) throw new Error(`Red without any mutant: ${title(cell)} ${wrong.wrong}`);
    if (cell.changes) await this.runner.putBack();
  }

  /** Those that are right while what hides the layer is away. */
  async #soundOf(cells: Cell[]): Promise<Cell[]> {
    const before = JSON.stringify(await this.runner.sums([]));
    const sound = await green(cells);
    if (JSON.stringify(await this.runner.sums([])) !== before) await this.runner.putBack();
    return sound;
  }
}

const alarmOf = ({ cell, wrong }: Verdict): Alarm => ({ cell, text: `${title(cell)} ${wrong}` });

/** The cells that are right as things stand. */
export async function green(cells: Cell[], send: Send = fetch): Promise<Cell[]> {
  const wrong = new Set((await run(cells, send)).map(({ cell }) => cell));
  return cells.filter((cell) => !wrong.has(cell));
}

import { assertEquals } from "@std/assert";
import type { Scope } from "../../../supabase/functions/api/contract/scopes.ts";
import { type Cell, run, title } from "./cells.ts";
import { mayChange } from "./rules.ts";
import { checksums, restore, type Rows, rowsIn } from "./snapshot.ts";
import type { Workspace } from "./workspaces.ts";

// What the machinery changes by itself, whoever asks for what.
const isMachinery = (table: string) =>
  /^private\.(action_results|events|request_budgets)$|^public\.(audit_log|automation_runs|webhook_deliveries)$/.test(
    table,
  );

/** Two workspaces with rows to come back to, and the cells that ran between them. */
export class MatrixRunner {
  cells = 0;
  /** How many answers showed what they must not. */
  leaks = 0;
  readonly #before: Map<string, Rows>;

  private constructor(readonly mine: Workspace, readonly theirs: Workspace, before: Map<string, Rows>) {
    this.#before = before;
  }

  /** With the rows as they are now to come back to. */
  static async between(mine: Workspace, theirs: Workspace): Promise<MatrixRunner> {
    // Bob's first: what looks at one row only should meet his.
    const ids = [theirs, mine].map(({ person }) => person.companyId);
    return new MatrixRunner(
      mine,
      theirs,
      new Map(await Promise.all(ids.map(async (id) => [id, await rowsIn(id)] as const))),
    );
  }

  /** Every answer as it should be, bob's rows as they were, and so are alice's wherever the caller may change nothing. */
  async prove(cells: Cell[]): Promise<void> {
    await this.#proveTogether(cells.filter(({ changes }) => !changes), []);
    const changing = cells.filter(({ changes }) => changes);
    const isAlone = ({ who, method }: Cell) => method === "DELETE" || who.standing !== "living";
    for (const [{ scopes }, some] of Map.groupBy(changing.filter((cell) => !isAlone(cell)), ({ who }) => who)) {
      await this.#proveTogether(some, scopes);
      await this.putBack();
    }
    for (const cell of changing.filter(isAlone)) {
      await this.#proveTogether([cell], ["admin"]);
      await this.putBack();
    }
  }

  async #proveTogether(cells: Cell[], writing: readonly Scope[]): Promise<void> {
    if (cells.length === 0) return;
    const before = await this.sums(writing);
    const wrong = await run(cells);
    this.cells += cells.length;
    this.leaks += wrong.filter(({ wrong }) => wrong.startsWith("shows ")).length;
    assertEquals(wrong.map(({ cell, wrong }) => `${title(cell)} ${wrong}`), []);
    assertEquals(await this.sums(writing), before, `after ${title(cells[0])} and ${cells.length - 1} more`);
  }

  /** Puts back the rows of both. */
  async putBack(): Promise<void> {
    await restore(this.#before);
  }

  /** What must stay the same while somebody acts who may change what `writing` says. */
  async sums(writing: readonly Scope[]): Promise<Record<string, Record<string, string>>> {
    const [own, foreign] = await Promise.all([
      // Keys of alice's are used here, none of bob's.
      checksums(this.mine.person.companyId, ["last_used_at"]),
      checksums(this.theirs.person.companyId),
    ]);
    const fixed = Object.entries(own).filter(([table]) => !isMachinery(table) && !mayChange(writing, table));
    return { own: Object.fromEntries(fixed), foreign };
  }
}

import { privateFunctionCells } from "./private_functions.ts";
import type { Cell } from "./cells.ts";
import { deputyCells, deputyKeys } from "./deputies.ts";
import { computedFields, crossReferences, uncalled, untouched, workspaceOf } from "./database.ts";
import { endingCell, endpointCells, foreignCells, listCells, ownCells } from "./endpoints.ts";
import { callsOfOthers, foreignCalls, linkCalls, ownCalls } from "./functions.ts";
import { openCells } from "./open_routes.ts";
import { living, otherAudience, type Principal, principals, serviceRole } from "./principals.ts";
import { rowCells } from "./rest_rows.ts";
import { tableCells } from "./rest_scopes.ts";
import { lookalikeCells } from "./lookalikes.ts";
import { MatrixRunner } from "./matrix_runner.ts";
import { workspaces } from "./workspaces.ts";

type Matrix = { runner: MatrixRunner; everybody: Principal[]; parts: Record<string, Cell[]> };

/** Two workspaces, everybody, and all that anybody might ask for. */
export async function matrix(): Promise<Matrix> {
  const { mine, theirs } = await workspaces();
  const everybody = await principals(mine.person, theirs.person);
  const admin = await living(mine.person, "a key with admin", ["admin"]);
  const service = await serviceRole(mine.person);
  const callers = [...everybody, service, await otherAudience(mine.person)];
  const stranger = everybody.find(({ name }) => name === "the publishable key")!;
  const lists = await listCells(admin, theirs.person, theirs);
  const deputies = await deputyKeys(mine.person);
  const runner = await MatrixRunner.between(mine, theirs);
  const parts = {
    "everybody at every table, by every verb": tableCells(everybody, mine, theirs),
    "bob's rows by id, reference, filter, embed, sort and count": rowCells(admin, mine, theirs),
    "everybody at every function of the database": [
      ...everybody.flatMap((who) => ownCalls(who, mine, theirs)),
      ...callsOfOthers(service, mine, theirs),
    ],
    "bob's rows at every function of the database, and alice's links": [
      ...foreignCalls(admin, mine, theirs),
      ...linkCalls(stranger, mine, theirs),
    ],
    "the database by itself: forged rows, references, what was not granted": [
      ...uncalled(),
      ...untouched(),
      ...crossReferences(mine, theirs),
      ...workspaceOf(everybody),
      ...privateFunctionCells(mine, theirs),
      ...computedFields(everybody, mine, theirs),
    ],
    "alice at every function and table, whatever bob's rows say": lookalikeCells(admin, mine, theirs),
    "what acts later, by each scope alone": deputyCells(deputies, mine),
    "everybody at every endpoint": callers.flatMap((who) => endpointCells(who, mine, theirs)),
    "bob's rows at every endpoint": [...foreignCells(admin, mine, theirs), ...lists, endingCell(mine.person)],
    "alice at every endpoint with rows of her own": ownCells(admin, mine, theirs),
    "anybody at every route that takes no key": openCells([stranger, admin], theirs),
  };
  return { runner, everybody: callers, parts };
}

import type postgres from "postgres";
import { references, type Table, tables } from "./catalogue.ts";
import { withoutTriggers } from "./snapshot.ts";

const storable = tables.filter(({ kind, owned }) => kind !== "v" && owned !== null);
const word = "'zq' || substr(md5(random()::text), 1, 14)";

/**
 * Makes a row of each table that has none in the workspace, and lets every reference that may be empty name something. What
 * nobody but the machinery touches, such as a mail under way, is made only where `withHidden`.
 */
export async function complete(companyId: string, { withHidden }: { withHidden: boolean }): Promise<void> {
  await withoutTriggers(async (tx) => {
    for (const table of inOrder().filter(({ schema }) => withHidden || schema === "public")) {
      const [{ count }] = await tx.unsafe(`select count(*)::int from ${table.full} as t where ${table.owned}`, [
        companyId,
      ]);
      if (count === 0) await makeRow(tx, table, companyId);
    }
    for (const reference of references) await fill(tx, reference, companyId);
  });
}

/** Tables after those that they refer to. */
function inOrder(): Table[] {
  const ordered: Table[] = [];
  const add = (table: Table) => {
    if (ordered.includes(table)) return;
    const above = references.filter(({ table: full, target }) => full === table.full && target !== full);
    const required = above.filter(({ columns }) =>
      table.columns.some(({ name, required }) => required && columns.includes(name))
    );
    for (const { target } of required) storable.filter(({ full }) => full === target).forEach(add);
    ordered.push(table);
  };
  storable.forEach(add);
  return ordered;
}

async function makeRow(tx: postgres.TransactionSql, table: Table, companyId: string): Promise<void> {
  const values: Record<string, string> = { company_id: "$1::uuid" };
  for (const { table: full, columns, target, targetColumns } of references) {
    if (full !== table.full) continue;
    const owned = tables.find(({ full }) => full === target)?.owned;
    columns.forEach((column, place) => {
      values[column] ??= `(select t.${targetColumns[place]} from ${target} as t where ${owned} order by t.${
        targetColumns[0]
      } limit 1)`;
    });
  }
  const given = table.columns.filter(({ name, required, generated }) =>
    !generated && (required || name === "company_id" || (name in values && required))
  );
  const list = given.map(({ name, type, words }) => values[name] ?? (words.length > 0 ? `'${words[0]}'` : anyOf(type)));
  await tx.unsafe(
    `insert into ${table.full} (${given.map(({ name }) => name).join(", ")}) select ${
      list.join(", ")
    } where $1::uuid is not null`,
    [companyId],
  ).catch((error) => {
    throw new Error(
      `Nothing makes a row of ${table.full} (${error.message}): let rowsOf in every_endpoint.ts make one.`,
    );
  });
}

function anyOf(type: string): string {
  if (type === "uuid") return "gen_random_uuid()";
  if (type.startsWith("timestamp")) return "now()";
  if (type === "date") return "current_date";
  if (/^(smallint|integer|bigint|numeric)/.test(type)) return "1";
  if (type === "boolean") return "false";
  if (type === "bytea") return "sha256(random()::text::bytea)";
  if (type === "jsonb") return "'{}'";
  if (type.endsWith("[]")) return "'{}'";
  return word;
}

/** Of the workspace's rows, the first that the checks accept. */
async function fill(
  tx: postgres.TransactionSql,
  reference: typeof references[number],
  companyId: string,
): Promise<void> {
  const { table, columns, target, targetColumns } = reference;
  const [source, aim] = [table, target].map((name) => tables.find(({ full }) => full === name)!);
  const empty = columns.filter((column) => column !== "company_id");
  if (!source.owned || !aim.owned || source.columns.every(({ name, required }) => required || !empty.includes(name))) {
    return;
  }
  for (const place of [0, 1, 2]) {
    await tx.savepoint((point) =>
      point.unsafe(
        `update ${table} as t set (${empty.join(", ")}) = row (${
          empty.map((column) => `found.${targetColumns[columns.indexOf(column)]}`).join(", ")
        })
        from (select * from ${target} as t where ${aim.owned} order by t.${
          targetColumns[0]
        } offset ${place} limit 1) as found
        where ${source.owned} and (${empty.map((column) => `t.${column} is null`).join(" or ")})`,
        [companyId],
      )
    ).catch(() => {});
  }
}

/**
 * Writes a word of its own into every text of the workspace's rows that may be any text, and gives those words: none of them
 * is anywhere else.
 */
export async function mark(companyId: string): Promise<string[]> {
  const words: string[] = [];
  await withoutTriggers(async (tx) => {
    for (const { full, schema, columns, owned } of storable) {
      if (schema !== "public") continue;
      for (const { name, type, generated } of columns) {
        if (generated || !/^(text|text\[\])$/.test(type)) continue;
        for (const text of candidates(name)) {
          const value = type === "text" ? text : `array[${text}]`;
          const marked = await tx.savepoint((point) =>
            point.unsafe<{ given: string }[]>(
              `update ${full} as t set ${name} = ${value} where ${owned}
               returning ${type === "text" ? `t.${name}` : `t.${name}[1]`} as given`,
              [companyId],
            )
          ).catch(() => null);
          if (!marked) continue;
          words.push(...marked.map(({ given }) => given));
          break;
        }
      }
    }
  });
  return words;
}

/** What a text column might take, the likeliest first; each is another at every call. */
function candidates(column: string): string[] {
  const email = `${word} || '@example.com'`;
  const url = `'https://' || ${word} || '.example/'`;
  const phone = `'+61' || (100000000 + random() * 899999999)::bigint`;
  const colour = "'#' || substr(md5(random()::text), 1, 6)";
  const fitting = column.includes("email") ? [email] : column.includes("url") ? [url] : [];
  return [...fitting, word, url, phone, colour];
}

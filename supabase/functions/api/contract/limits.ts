/** The most characters of what several schemas hold. The database's checks say the same: `tests/access/limits_in_sql_test.ts`. */
export const longest = {
  category: 80,
  notes: 10_000,
  mailSubject: 200,
  mailHtml: 20_000,
} as const;

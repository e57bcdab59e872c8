/** The most characters of what several schemas hold. The database's checks say the same: `tests/access/limits_in_sql_test.ts`. */
export const longest = {
  category: 80,
  notes: 10_000,
  mailSubject: 200,
  mailHtml: 20_000,
} as const;

/** The most bytes that foreign HTML may come to in a mail, its tokens filled. */
export const mostFilledHtml = 100_000;

/** The most bytes that a token of a request's HTML may bring, escaped: 320 characters of an address, 300 of a name. */
export const mostOfToken = 1_800;

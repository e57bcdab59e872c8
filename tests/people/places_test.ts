import { assertEquals } from "@std/assert";
import { getCountries } from "libphonenumber-js/max";
import { countries } from "../../supabase/functions/api/company/countries.ts";
import { isTimeZone } from "../../supabase/functions/api/company/time_zone.ts";
import { sql, world } from "../world/world.ts";

Deno.test("every zone and link of the tz database that Postgres knows is taken, and what is none is refused", async () => {
  const zones = (await sql`select name from pg_timezone_names where name !~ '^(posix|right)' order by name`)
    .map(({ name }) => name);
  assertEquals(zones.length > 590, true);
  assertEquals(zones.filter((zone) => !isTimeZone(zone)), []);

  const { alice } = await world();
  const people = [
    ...[
      "Asia/Kolkata",
      "Asia/Calcutta",
      "Europe/Kyiv",
      "America/Nuuk",
      "Asia/Ho_Chi_Minh",
      "Asia/Yangon",
      "UTC",
      "GMT",
    ],
    ...["Pacific/Kanton", "America/Argentina/Buenos_Aires", "US/Pacific", "Etc/GMT+5", "EST5EDT", "Asia/Kathmandu"],
  ];
  for (const timezone of people) {
    assertEquals((await alice.changes("/company", { timezone })).timezone, timezone);
  }
  const nowhere = [
    "+05:30",
    "AEST",
    "GMT+5",
    "Etc/Unknown",
    "Mars/Olympus",
    "Europe",
    "",
    " ",
    "posix/UTC",
    "localtime",
  ];
  for (const timezone of nowhere) {
    const refused = await alice.patch("/company", { timezone });
    assertEquals([refused.status, refused.error.details.fields[0].path], [400, "timezone"], timezone);
  }
  assertEquals((await alice.gets("/company")).timezone, people.at(-1));
});

Deno.test("by the data API too, a time zone is one of the tz database", async () => {
  const { alice } = await world();
  const change = (timezone: string) => alice.rest("PATCH", "/companies?updated_at=not.is.null", { timezone });

  assertEquals((await change("Asia/Kolkata")).status, 204);
  for (const timezone of ["AEST", "FOO+5", "Foo/Bar+5", "<x>-3", "+05:30", "GMT+5"]) {
    const refused = await change(timezone);
    assertEquals([refused.status, refused.body.code], [400, "23514"], timezone);
  }
  assertEquals((await alice.gets("/company")).timezone, "Asia/Kolkata");
});

Deno.test("a country is one that has phone numbers, and who means one is told its code", async () => {
  assertEquals([...countries], getCountries().sort());
  const { alice } = await world();
  for (const country of ["GB", "US", "IN", "XK", "GG", "AX", "TA", "SJ", "BQ", "AC", "NZ"]) {
    assertEquals((await alice.changes("/company", { country })).country, country);
  }

  const meant: [string, string | undefined][] = [
    ["UK", "GB"],
    ["uk", "GB"],
    ["gb", "GB"],
    ["Germany", "DE"],
    ["276", "DE"],
    ["SU", "RU"],
    ["TP", "TL"],
    ["au", "AU"],
    ["AQ", undefined],
    ["ZZ", undefined],
    ["", undefined],
    ["Atlantis", undefined],
  ];
  for (const [country, code] of meant) {
    const { status, error } = await alice.patch("/company", { country });
    assertEquals([status, error.details.fields[0].path], [400, "country"], country);
    assertEquals(error.hint, code && `Accepted: ${code}`, country);
  }
  assertEquals((await alice.gets("/company")).country, "NZ");
});

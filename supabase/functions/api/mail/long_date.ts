/** The day of an instant in a time zone, such as `22 December 2026`; in UTC where JavaScript does not know the zone. */
export function longDate(instant: string, timeZone: string): string {
  return formatIn(timeZone).format(new Date(instant));
}

function formatIn(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone });
  } catch {
    // Postgres takes zones that Intl does not know, such as `AEST`: no mail may fail for that.
    return new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });
  }
}

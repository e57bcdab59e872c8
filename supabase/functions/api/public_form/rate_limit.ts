import { BoundedMap } from "../platform/bounded_map.ts";
import type { Config } from "../platform/config.ts";
import { unknownAddress } from "./address_group.ts";

const hour = 3_600_000;
/** How many times the tries of one address all unknown ones have together. */
const generosity = 20;

const tries = new BoundedMap<string, { count: number; until: number }>(10_000);

/** How many tries an hour that address has, as `addressGroup` gives it. */
export const triesOf = (address: string, { publicFormTriesPerHour }: Config) =>
  address === unknownAddress ? generosity * publicFormTriesPerHour : publicFormTriesPerHour;

/** Counts one try of an address; gives the seconds to wait when it has none left in this hour, else 0. */
export function countTry(address: string, config: Config): number {
  const now = Date.now();
  let window = tries.get(address);
  if (!window || window.until <= now) {
    window = { count: 0, until: now + hour };
    tries.set(address, window);
  }
  window.count += 1;
  return window.count > triesOf(address, config) ? Math.ceil((window.until - now) / 1_000) : 0;
}

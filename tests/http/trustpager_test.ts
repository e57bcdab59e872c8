import { assert, assertEquals } from "@std/assert";
import { answerOf, isSame, nameOf, replay, requests } from "../world/trustpager.ts";
import { workspace } from "../world/world.ts";

const document = await Deno.readTextFile(new URL("../../docs/trustpager.md", import.meta.url));

/** The differences that the document names: each request with our answer. */
const named = [...document.matchAll(/^\| `([A-Z]+ [^`]*)` +\| ([^|]+?) +\|/gm)].map((
  [, request, answer],
) => [request, answer]);

Deno.test("each of TrustPager's documented requests is answered as documented, or stands with its reason in docs/trustpager.md", async () => {
  const replies = await replay(await workspace("Alice's clinic"));
  const different = replies.filter((it) => !isSame(it));

  assertEquals(
    Object.fromEntries(different.map((it) => [nameOf(it.request), answerOf(it)])),
    Object.fromEntries(named),
  );
  assertEquals(replies.length, 180);
  assert(replies.length - different.length >= 150, `Only ${requests.length - different.length} are the same.`);
});

import { assertEquals } from "@std/assert";
import { folded } from "../../supabase/functions/api/contract/folding.ts";
import { type Person, sql, world } from "../world/world.ts";

const found = async (person: Person, text: string, path = "/contacts") =>
  (await person.gets(`${path}?limit=100&order=asc&search=${encodeURIComponent(text)}`))
    .map((row: { first_name?: string; name?: string }) => row.first_name ?? row.name);

Deno.test("search finds people by what somebody types who knows the name, but not how it is written", async () => {
  const { alice } = await world();
  const people: [string, string, string[]][] = [
    ["Zoë", "Müller", ["zoe muller", "Müller Zoë", "zoë", "MULLER", "Muller, Zoe"]],
    ["Seán", "O’Brien", ["o'brien", "sean o'brien", "O`Brien", "oʼbrien sean", "O´Brien"]],
    ["Łukasz", "Żółć", ["lukasz", "zolc", "Lukasz Zolc"]],
    ["Søren", "Ångström", ["soren", "angstrom", "SØREN"]],
    ["Straßer", "Großmann", ["strasser", "grossmann", "STRASSER"]],
    ["Nguyễn", "Thị Đặng", ["nguyen", "dang thi", "Nguyen Thi Dang"]],
    ["İbrahim", "Işık", ["ibrahim", "isik", "İBRAHİM"]],
    ["Æsa", "Þórsdóttir", ["aesa", "thorsdottir"]],
    ["Anne‑Marie", "D'Arcy–Smith", ["anne-marie", "d’arcy-smith", "Anne–Marie"]],
    ["Алёна", "Йорданова", ["алена", "иорданова"]],
    ["Renée", "François", ["Rene\u0301e", "francois renee"]],
    ["Ξένια", "Παπαδόπουλος", ["ξενια", "ΠΑΠΑΔΟΠΟΥΛΟΣ"]],
    ["田中", "太郎", ["田中", "太郎 田中"]],
  ];
  for (const [first_name, last_name] of people) {
    await alice.creates("/contacts", { first_name, last_name });
    await alice.creates("/opportunities", { name: `${first_name} ${last_name}: knee` });
  }
  for (const [first_name, last_name, typed] of people) {
    for (const text of typed) {
      assertEquals(await found(alice, text), [first_name], text);
      assertEquals(await found(alice, text, "/opportunities"), [`${first_name} ${last_name}: knee`], text);
    }
  }
  for (const text of ["zoe o'brien", "muller lukasz", "brian", "o brien x"]) assertEquals(await found(alice, text), []);
});

Deno.test("search finds a phone as it is dialled where it is, with any spaces, and a part of it", async () => {
  const { alice, bob } = await world();
  const numbers: [string, string, string[]][] = [
    ["Ann", "+61412000101", [
      "0412 000 101",
      "0412000101",
      "+61 412 000 101",
      "61412000101",
      "000 101",
      "0011 61 412 000 101",
    ]],
    ["Ben", "+61288880000;ext=12", ["(02) 8888 0000", "8888-0000", "02 8888"]],
    ["Cay", "+442079460201", ["020 7946 0201", "+44 (0)20 7946 0201", "0044 20 7946 0201"]],
    ["Dan", "+12125550123", ["(212) 555-0123", "1 212 555 0123", "212.555.0123"]],
    ["Eva", "+390612345678", ["06 1234 5678", "+39 06 1234 5678"]],
    ["Fedor", "+79169876543", ["8 (916) 987-65-43", "916 987 65 43"]],
    ["Gábor", "+36201234567", ["06 20 123 4567", "20 123 4567"]],
    ["Hana", "+81312340000", ["03-1234-0000", "０３−１２３４−００００", "010 81 3 1234 0000"]],
  ];
  for (const [first_name, phone] of numbers) {
    await alice.creates("/contacts", { first_name, phone });
    await bob.creates("/contacts", { first_name: "Theirs", phone });
  }
  for (const [first_name, , typed] of numbers) {
    for (const text of typed) {
      assertEquals(await found(alice, text), [first_name], text);
    }
  }
  assertEquals(await found(alice, "0499 999 999"), []);
});

Deno.test("what is searched is folded alike in TypeScript and in SQL, letter by letter", async () => {
  const letters: string[] = [];
  for (let point = 1; point < 0x10000; point++) {
    const letter = String.fromCodePoint(point);
    if (/[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{P}\p{S}\p{Zs}\p{N}\p{M}]/u.test(letter)) {
      letters.push(letter);
    }
  }
  const rows = await sql<{ folded: string }[]>`select private.folded(letter) as folded
    from unnest(${letters}::text[]) with ordinality as letters (letter, place) order by place`;
  const different = letters.filter((letter, at) => rows[at].folded !== folded(letter));
  // Letters of Unicode 16, whose small ones Postgres does not know.
  assertEquals(different.join(" "), "Ᲊ Ɤ Ꟍ Ꟛ Ƛ");
  const words = ["ΟΔΥΣΣΕΥΣ", "İSTANBUL", "ﬁancée", "Ǆ", "ẞ", "Dž", "Å", "ǅ", "Ὀδυσσεύς", "Ĳssel", "ŉ"];
  const [row] = await sql`select array(select private.folded(word) from unnest(${words}::text[]) as word) as folded`;
  assertEquals(row.folded, words.map(folded));
});

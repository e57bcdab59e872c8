import { assertEquals } from "@std/assert";
import { mailLogo } from "../../supabase/functions/api/mail/brand.ts";
import { type Json, world } from "../world/world.ts";

Deno.test("stages stand by their position, and those of one position in the order in which they were sent", async () => {
  const { alice } = await world();
  const names = [
    "Enquiry",
    "Booked",
    "Seen",
    "Invoiced",
    "Paid",
    "Follow-up",
    "Lost",
    "Again",
    "Ärger",
    "ñ",
    "10",
    "9",
  ];
  const orders: [number | undefined, string[]][] = [[undefined, names], [0, names], [7, names], [
    undefined,
    names.toReversed(),
  ]];
  for (const [position, sent] of orders) {
    const stages = sent.map((name) => ({ name, position }));
    const { id, ...made } = await alice.creates("/pipelines", { name: "Patients", stages });
    const read = await alice.gets(`/pipelines/${id}`);
    assertEquals(made.stages.map((stage: Json) => stage.name), sent);
    assertEquals(read.stages, made.stages);
  }
  const mixed = [["c", 2], ["a", 1], ["d", 2], ["b", 1], ["e", 2]] as const;
  const { stages } = await alice.creates("/pipelines", {
    name: "Mixed",
    stages: mixed.map(([name, position]) => ({ name, position })),
  });
  assertEquals(stages.map((stage: Json) => stage.name).join(""), "abcde");
});

Deno.test("a mail shows no SVG, which mail clients leave out; pages show it", () => {
  const brand = { name: "Harbour", mail_name: "Harbour", primary_color: null, contact_email: null };
  const logo = (logo_url: string) => mailLogo({ ...brand, logo_url });
  const drawn = ["logo.svg", "logo.SVG", "logo.svgz", "a/b.svg?v=2", "logo.svg#dark", "logo%2esvg.svg"];
  const photographed = ["logo.png", "logo.jpg", "logo.gif", "svg", "logo.svg.png", "logo?name=x.svg", "svg/logo.webp"];

  assertEquals(drawn.filter((path) => logo(`https://example.com/${path}`) !== null), []);
  assertEquals(photographed.filter((path) => logo(`https://example.com/${path}`) === null), []);
});

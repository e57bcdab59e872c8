import type { Brand } from "./brand.ts";
import { headerText } from "./header_text.ts";
import { Layout, type MailContent, page, plainText } from "./layout.tsx";

export type ThankYou = { brand: Brand; referrer: { first_name: string }; friend: { first_name: string } | null };

/** Thanks a referrer once their referral was won. How the friend fares stays between the friend and the workspace. */
export function thankYouMail(input: ThankYou): MailContent {
  const brand = { ...input.brand, name: headerText(input.brand.name) };
  const firstName = headerText(input.referrer.first_name);
  const friend = headerText(input.friend?.first_name ?? "") || "your friend";
  const subject = headerText(`Thank you for your referral${firstName && `, ${firstName}`}`);
  const paragraphs = [
    firstName ? `Hi ${firstName},` : "Hello,",
    `Thank you for introducing ${friend} to ${brand.name}.`,
    "Being recommended by someone who knows us is the kindest compliment we can get. It meant a lot to the whole team, " +
    "and we will keep doing our best to deserve it.",
    "If anyone else comes to mind, you know where to find us.",
    `With thanks,\n${brand.name}`,
  ];
  const html = page(
    <Layout brand={brand} title={subject} preheader={`A word of thanks from ${brand.name}.`}>
      {paragraphs.map((paragraph) => (
        <p style="margin:0 0 16px">
          {paragraph.split("\n").map((line, index) => <>{index > 0 && <br />}{line}</>)}
        </p>
      ))}
    </Layout>,
  );
  return { subject, html, text: plainText(brand, paragraphs) };
}

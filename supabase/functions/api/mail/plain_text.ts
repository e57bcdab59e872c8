const entities: Record<string, string> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"' };
const decode = (html: string) => html.replace(/&(?:amp|lt|gt|quot);/g, (entity) => entities[entity]);

/** Sanitised HTML as text: paragraphs apart, a list item a line, a link as `text (address)`, a picture as its alt text. */
export function htmlToText(html: string): string {
  let text = "";
  let lines = 0; // line breaks owed before the next word
  let space = false; // or a space
  let preformatted = 0; // how many <pre> are open
  let marker = "";
  const lists: { ordered: boolean; items: number }[] = [];
  const links: { href: string; label: string[] }[] = [];

  const breakLine = (wanted: number) => lines = Math.max(lines, lists.length > 0 ? 1 : wanted);
  const write = (words: string) => {
    if (text) text += lines > 0 ? "\n".repeat(lines) : space && !marker ? " " : "";
    text += marker + words;
    links.at(-1)?.label.push(words);
    [lines, space, marker] = [0, false, ""];
  };

  for (const [, closing, tag, attributes, words] of html.matchAll(/<(\/?)([a-z0-9]+)([^>]*)>|([^<]+)/g)) {
    const attribute = (name: string) => decode(new RegExp(` ${name}="([^"]*)"`).exec(attributes)?.[1] ?? "");
    if (words !== undefined && preformatted > 0) {
      decode(words).split("\n").forEach((line, at) => {
        if (at > 0) lines++;
        if (line.trim()) write(line.trimEnd());
      });
    } else if (words !== undefined) {
      const plain = decode(words).replace(/\s+/g, " ");
      if (plain.startsWith(" ")) space = true;
      if (plain.trim()) write(plain.trim());
      if (plain.endsWith(" ")) space = true;
    } else if (tag === "br") {
      lines++;
    } else if (tag === "img") {
      if (attribute("alt").trim()) write(attribute("alt").trim().replace(/\s+/g, " "));
    } else if (tag === "a" && !closing) {
      links.push({ href: attribute("href").replace(/^(mailto|tel):/i, ""), label: [] });
    } else if (tag === "a") {
      const { href, label } = links.pop() ?? { href: "", label: [] };
      if (href && label.join(" ") !== href) {
        space = true;
        write(label.length > 0 ? `(${href})` : href);
      }
    } else if (tag === "li") {
      const list = lists.at(-1) ?? { ordered: false, items: 0 };
      breakLine(1);
      if (!closing) list.items++;
      marker = closing ? "" : "  ".repeat(Math.max(lists.length - 1, 0)) + (list.ordered ? `${list.items}. ` : "- ");
    } else if (tag === "ul" || tag === "ol") {
      breakLine(2);
      if (closing) lists.pop();
      else lists.push({ ordered: tag === "ol", items: 0 });
      breakLine(2);
    } else if (tag === "div") {
      breakLine(1);
    } else if (/^(p|h\d|blockquote|hr|pre)$/.test(tag)) {
      if (tag === "pre") preformatted += closing ? -1 : 1;
      breakLine(2);
    }
  }
  return text.replace(/\n{3,}/g, "\n\n");
}

/** Breaks lines at spaces where they get longer than `width`; a longer word, such as a URL, stays whole. */
export function wrap(text: string, width = 76): string {
  return text.split("\n").map((line) => {
    const indent = " ".repeat(/^ *(- |\d+\. )?/.exec(line)![0].length);
    const [first, ...words] = line.trimStart().split(" ");
    const lines = [line.slice(0, line.length - line.trimStart().length) + first];
    for (const word of words) {
      const longer = `${lines.at(-1)} ${word}`;
      if (longer.length <= width) lines[lines.length - 1] = longer;
      else lines.push(indent + word);
    }
    return lines.join("\n");
  }).join("\n");
}

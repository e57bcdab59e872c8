import { type DefaultTreeAdapterTypes, parse } from "parse5";

type Found = { tag: string; attributes: Record<string, string>; text: string };

/** Every element of a page as a browser reads it, in order. */
export function elements(html: string): Found[] {
  const found: Found[] = [];
  const walk = (node: DefaultTreeAdapterTypes.ChildNode | DefaultTreeAdapterTypes.Document): string => {
    if (node.nodeName === "#text") return (node as DefaultTreeAdapterTypes.TextNode).value;
    const at = found.length;
    if ("attrs" in node) {
      const attributes = Object.fromEntries(node.attrs.map(({ name, value }) => [name, value]));
      found.push({ tag: node.tagName, attributes, text: "" });
    }
    const text = ("childNodes" in node ? node.childNodes : []).map(walk).join("");
    if ("attrs" in node) found[at].text = text.replace(/\s+/g, " ").trim();
    return text;
  };
  walk(parse(html));
  return found;
}

/** The text of the first such element. */
export const textOf = (html: string, tag: string): string | undefined =>
  elements(html).find((element) => element.tag === tag)?.text;

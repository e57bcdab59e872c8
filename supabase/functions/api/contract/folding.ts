const apostrophes = /[´`‘’‚‛ʹʻʼʽˈ′]/g;
const dashes = /[‐‑‒–—―−]/g;
const marks = /[\u0300-\u036f]/g;
const letters: Record<string, string> = {
  ø: "o",
  ł: "l",
  đ: "d",
  ð: "d",
  ħ: "h",
  ı: "i",
  ŧ: "t",
  ς: "σ",
  ß: "ss",
  æ: "ae",
  œ: "oe",
  þ: "th",
};

/** A text as it is searched: small letters without accents, ligatures apart, one apostrophe and one dash; `private.folded` says the same. */
export const folded = (text: string): string =>
  text.replace(apostrophes, "'").replace(dashes, "-").normalize("NFKD").replace(marks, "").toLowerCase()
    .replace(/[øłđðħıŧςßæœþ]/g, (letter) => letters[letter]);

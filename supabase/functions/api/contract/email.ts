import { domainToASCII } from "node:url";

// The rule of `<input type=email>` in the HTML standard.
const domain = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;
// With what an international address (RFC 6531) adds: any letter, mark, digit or sign beyond ASCII.
const local = /^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~\-\p{L}\p{M}\p{N}\p{S}\p{P}]+$/u;
const foreignToLocal = /["(),:;<>@[\\\]]/;

/** Whether a text is what browsers take for an email address, or an international one in either spelling of its domain. */
export function isEmail(text: string): boolean {
  const at = text.lastIndexOf("@");
  const name = text.slice(0, at);
  return at > 0 && local.test(name) && !foreignToLocal.test(name) && domain.test(asciiDomain(text.slice(at + 1)));
}

/** The same address with its domain as mail servers spell it: `anna@xn--mller-kva.example` for `anna@müller.example`. */
export function mailable(email: string): string {
  const at = email.lastIndexOf("@") + 1;
  return email.slice(0, at) + asciiDomain(email.slice(at));
}

/** An address without what comes along with it when it is pasted, in one spelling of its letters. */
export const cleaned = (text: string): string => text.replace(/\p{Cf}/gu, "").trim().normalize("NFC");

// Only a domain that needs it: the conversion has more rules for the rest than browsers have.
const asciiDomain = (given: string) => /^\p{ASCII}*$/u.test(given) ? given : domainToASCII(given);

/** The form's fields, in its order. */
export const fieldNames = ["first_name", "last_name", "email", "phone", "category", "message", "consent"] as const;
export type FieldName = typeof fieldNames[number];

/** What is wrong with a form, a sentence a field. */
export type Problems = Partial<Record<FieldName, string>>;

type Problem = { path: string; message: string };

const byField: Record<string, string> = {
  first_name: "Enter your friend's first name.",
  last_name: "Check the last name.",
  email: "Enter the whole email address, such as sam@example.com.",
  phone: "Check the phone number.",
  category: "Choose one from the list.",
  message: "Check the message.",
  consent: "Tick the box once your friend has agreed.",
};

function inPlainWords({ path, message }: Problem): string {
  const most = /at most (\d+) characters/.exec(message)?.[1];
  if (most) return `Use at most ${Number(most).toLocaleString("en")} characters.`;
  if (message.includes("cannot be stored")) return "Take out the characters that cannot be read.";
  if (path === "email" && message.startsWith("is required")) return "Enter an email address or a phone number.";
  const example = /that exists, such as (.+)$/.exec(message)?.[1];
  if (example) return `Enter the whole phone number, such as ${example}.`;
  if (/^[A-Z].*\.$/.test(message)) return message;
  return byField[path] ?? "Check this answer.";
}

/** Problems as the API names them, in the words for somebody who fills in the form; the first one of each field. */
export function problemsOf(found: Problem[]): Problems {
  return Object.fromEntries(
    fieldNames.flatMap((name) => {
      const problem = found.find(({ path }) => path === name);
      return problem ? [[name, inPlainWords(problem)]] : [];
    }),
  );
}

/** The heading above a list of that many problems. */
export const checkThese = (count: number) => count === 1 ? "Please check one answer" : `Please check ${count} answers`;

/** What stands above a form that could not be taken, when none of its answers is to blame. */
export function tryLater(status: number, seconds: number): string {
  if (status !== 429) {
    return "Your answers could not be sent just now. They are still here: please try again in a minute.";
  }
  const minutes = Math.max(1, Math.ceil(seconds / 60));
  return `This form was sent too often. Please try again in ${minutes === 1 ? "a minute" : `${minutes} minutes`}.`;
}

import type { Child } from "hono/jsx";
import type { FieldName, Problems } from "./problems.ts";
import type { FormInput } from "./form_input.ts";

type Props = {
  name: FieldName;
  label: string;
  mark?: string;
  hint?: string;
  typed: FormInput;
  problems: Problems;
  children: (attributes: Attributes) => Child;
};

type Attributes = {
  id: string;
  name: string;
  value: string;
  "aria-invalid"?: "true";
  "aria-describedby"?: string;
};

/** A label, what helps, what is wrong, and the control, which gets the attributes that tie it to them. */
export function Field({ name, label, mark, hint, typed, problems, children }: Props) {
  const problem = problems[name];
  return (
    <div class={problem ? "field wrong" : "field"} data-field={name}>
      <label for={name}>
        {label} {mark && <span class="mark">{mark}</span>}
      </label>
      {hint && <p class="hint" id={`${name}-hint`}>{hint}</p>}
      <Wrong name={name} problem={problem} />
      {children(attributesOf(name, typed, problems, hint))}
    </div>
  );
}

/** What is wrong with a field, where the field points to. */
export function Wrong({ name, problem }: { name: FieldName; problem: string | undefined }) {
  return problem ? <p class="error" id={`${name}-error`}>{problem}</p> : null;
}

export function attributesOf(name: FieldName, typed: FormInput, problems: Problems, hint?: string): Attributes {
  const wrong = problems[name] !== undefined;
  const describedBy = [wrong && `${name}-error`, hint && `${name}-hint`].filter(Boolean).join(" ");
  return {
    id: name,
    name,
    value: typed[name] ?? "",
    ...(wrong && { "aria-invalid": "true" }),
    ...(describedBy && { "aria-describedby": describedBy }),
  };
}

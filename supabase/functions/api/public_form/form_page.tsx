import { attributesOf, Field, Wrong } from "./field.tsx";
import { checkThese, type FieldName, type Problems } from "./problems.ts";
import type { FormInput } from "./form_input.ts";

type Props = {
  company: string;
  referrer: string;
  categories: string[];
  typed?: FormInput;
  problems?: Problems;
  /** What stands above the form when none of its answers is to blame. */
  trouble?: string;
};

/** The form for a friend's details. It has no action, so it posts to where it stands. */
export function FormPage({ company, referrer, categories, typed = {}, problems = {}, trouble }: Props) {
  const field = (name: FieldName) => ({ name, typed, problems });
  return (
    <>
      <Summary problems={problems} trouble={trouble} />
      <h1>
        Refer a friend to <Fill with="company">{company}</Fill>
      </h1>
      <p class="lead">
        Hello{" "}
        <Fill with="referrer">{referrer}</Fill>! Who could we help? Tell us how to reach them, and we take it from
        there.
      </p>
      <form method="post" novalidate>
        <fieldset>
          <legend>Who is your friend?</legend>
          <div class="pair">
            <Field {...field("first_name")} label="First name" mark="required">
              {(given) => <input {...given} maxlength={200} autocomplete="section-friend given-name" required />}
            </Field>
            <Field {...field("last_name")} label="Last name" mark="optional">
              {(given) => <input {...given} maxlength={200} autocomplete="section-friend family-name" />}
            </Field>
          </div>
        </fieldset>
        <fieldset>
          <legend>
            How can we reach them? <span class="mark">one required</span>
          </legend>
          <p class="hint">An email address or a phone number, whichever your friend prefers.</p>
          <div class="pair">
            <Field {...field("email")} label="Email">
              {(given) => (
                <input {...given} type="email" inputmode="email" maxlength={320} autocomplete="section-friend email" />
              )}
            </Field>
            <Field {...field("phone")} label="Phone">
              {(given) => (
                <input {...given} type="tel" inputmode="tel" maxlength={40} autocomplete="section-friend tel" />
              )}
            </Field>
          </div>
        </fieldset>
        <Category {...field("category")} categories={categories} />
        <Field
          {...field("message")}
          label="Anything to add?"
          mark="optional"
          hint="Such as what they need, or when to call."
        >
          {({ value, ...given }) => (
            // The parser takes the first line break of a textarea away.
            <textarea {...given} rows={4} maxlength={2000} autocomplete="off">{`\n${value}`}</textarea>
          )}
        </Field>
        <Consent company={company} typed={typed} problems={problems} />
        <button type="submit">Send the referral</button>
      </form>
    </>
  );
}

/** Text that a page hosted elsewhere fills in. */
function Fill({ with: what, children }: { with: string; children: string }) {
  return <bdi data-fill={what}>{children}</bdi>;
}

type Part = { typed: FormInput; problems: Problems };

function Category({ categories, typed, problems }: Part & { categories: string[] }) {
  if (categories.length === 0) return null;
  return (
    <Field name="category" label="What is it about?" mark="optional" typed={typed} problems={problems}>
      {({ value, ...given }) => (
        <select {...given}>
          <option value="">Not sure</option>
          {categories.map((category) => <option value={category} selected={category === value}>{category}</option>)}
        </select>
      )}
    </Field>
  );
}

function Consent({ company, typed, problems }: Part & { company: string }) {
  return (
    <div class={problems.consent ? "field consent wrong" : "field consent"} data-field="consent">
      <Wrong name="consent" problem={problems.consent} />
      <label for="consent">
        <input
          {...attributesOf("consent", typed, problems)}
          type="checkbox"
          value="true"
          checked={typed.consent === "true"}
          required
        />
        <span>
          My friend agrees that <Fill with="company">{company}</Fill> contacts them about this.{" "}
          <span class="mark">required</span>
        </span>
      </label>
    </div>
  );
}

/** What is wrong, first of all on the page, with the way to each field. */
function Summary({ problems, trouble }: { problems: Problems; trouble?: string }) {
  const wrong = Object.entries(problems);
  if (wrong.length === 0 && !trouble) return null;
  return (
    <div class="summary" role="alert" tabindex={-1} autofocus>
      {trouble ? <p>{trouble}</p> : (
        <>
          <h2>{checkThese(wrong.length)}</h2>
          <ul>
            {wrong.map(([name, problem]) => (
              <li>
                <a href={`#${name}`}>{problem}</a>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

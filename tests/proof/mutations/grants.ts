import { callers, type Command, exposed, granted, roles, routines, tables, touching } from "../isolation/catalogue.ts";
import type { Mutant } from "./mutant.ts";
import { atTable } from "./policies.ts";

const commands: Command[] = ["select", "insert", "update", "delete"];
const rowSecured = exposed.filter(({ kind }) => kind !== "v");

const given = (what: string, role: string) => ({ up: `grant ${what} to ${role}`, down: `revoke ${what} from ${role}` });

/** What the policies of a table would hide, or the log's own trigger refuse, stands open: its grants alone are left. */
const withoutPolicies = (full: string) => {
  const own = full === "public.audit_log" ? "trigger audit_log_keep" : null;
  const all = (verb: string) =>
    [`${verb} row level security`, ...(own ? [`${verb} ${own}`] : [])].map((change) => `alter table ${full} ${change}`);
  return { up: all("disable").join("; "), down: all("enable").join("; ") };
};

// `authenticated` stands before the schema's door; the grants behind it are a layer of their own.
const entered = given("usage on schema private", "authenticated");

const rowSecurity: Mutant[] = rowSecured.map(({ full }) => {
  const isRead = granted[full].select.length > 0;
  return {
    name: `${full} without row security`,
    family: "row security",
    ...withoutPolicies(full),
    // Where keys are granted nothing they are now: row security alone is left, and shows nothing.
    bare: isRead ? undefined : given(`select on ${full}`, "api_key"),
    relaxed: (cell) => isRead ? cell : { ...cell, accepted: [...cell.accepted, "200 []"] },
    concerns: (cell) => atTable(full)(cell) && cell.method === "GET",
  };
});

const views: Mutant[] = exposed.filter(({ kind }) => kind === "v").map(({ full }) => ({
  name: `${full} asks as its owner`,
  family: "view",
  up: `alter view ${full} set (security_invoker = false)`,
  down: `alter view ${full} set (security_invoker = true)`,
  concerns: (cell) => atTable(full)(cell) && cell.method === "GET",
}));

const tableGrants: Mutant[] = tables.flatMap(({ schema, full, kind }) =>
  roles.flatMap((role) =>
    (kind === "v" ? commands.slice(0, 1) : commands).filter((command) => !touching[full][role].includes(command)).map((
      command,
    ): Mutant => ({
      name: `${role} granted ${command} on ${full}`,
      family: "table grant",
      ...given(`${command} on ${full}`, role),
      bare: kind === "v"
        ? undefined
        : schema === "public"
        ? withoutPolicies(full)
        : role === "authenticated"
        ? entered
        : undefined,
      concerns: ({ path }) => path === `: ${role} and ${command} on ${full}`,
    }))
  )
);

const columnGrants: Mutant[] = rowSecured.filter(({ full }) => granted[full].select.length > 0).flatMap(
  ({ full, columns }) =>
    (["insert", "update"] as const).flatMap((command) => {
      const method = command === "insert" ? "POST" : "PATCH";
      const shut = columns.filter(({ name, generated }) => !generated && !granted[full][command].includes(name));
      return shut.map(({ name }): Mutant => ({
        name: `keys granted ${command} (${name}) on ${full}`,
        family: "column grant",
        ...given(`${command} (${name}) on ${full}`, "api_key"),
        bare: withoutPolicies(full),
        concerns: ({ to, method: verb, body, accepted, about }) =>
          to === "rest" && verb === method && about.includes(full) && body?.[name] !== undefined &&
          accepted.join() === "403 42501",
      }));
    }),
);

const functionGrants: Mutant[] = routines.flatMap(({ schema, signature }) =>
  roles.filter((role) => !callers[signature].includes(role)).map((role): Mutant => ({
    name: `${role} granted ${signature}`,
    family: "function grant",
    ...given(`execute on function ${signature}`, role),
    bare: role === "authenticated" && schema === "private" ? entered : undefined,
    concerns: ({ path }) => path === `: ${role} calls ${signature}`,
  }))
);

const behindTheDoor = routines.filter(({ schema, signature }) =>
  schema === "private" && !callers[signature].includes("authenticated")
).map(({ signature }) => signature);

const roleMutants: Mutant[] = [
  {
    name: "keys pass row security",
    family: "role",
    up: "alter role api_key bypassrls",
    down: "alter role api_key nobypassrls",
    concerns: atTable("public.referrals"),
  },
  {
    name: "authenticated may enter the schema private",
    family: "role",
    ...entered,
    bare: given(`execute on function ${behindTheDoor}`, "authenticated"),
    concerns: ({ path }) => path.startsWith(": authenticated calls private."),
  },
];

export const grantMutants = [
  ...rowSecurity,
  ...views,
  ...tableGrants,
  ...columnGrants,
  ...functionGrants,
  ...roleMutants,
];

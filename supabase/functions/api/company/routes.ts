import { columnsOf } from "../data/columns.ts";
import { type Endpoint, keyed } from "../http/endpoint.ts";
import { present } from "../data/rows.ts";
import { Company, CompanyChange, CrmSettings, CrmSettingsChange } from "./schema.ts";

const companyColumns = columnsOf(Company);
const settingsColumns = columnsOf(CrmSettings);

// Row level security leaves one row of each table: the caller's. A change names no row, so it needs a filter that all pass.
const everyRow = ["updated_at", "not.is", null] as const;

export const companyEndpoints: Endpoint[] = [
  keyed({
    method: "get",
    path: "/company",
    summary: "Read the workspace",
    scope: "company:read",
    answer: Company,
  }, async ({ database }) => ({
    data: present(Company, await database.row((client) => client.from("companies").select(companyColumns))),
  })),

  keyed({
    method: "patch",
    path: "/company",
    summary: "Change the workspace",
    scope: "company:write",
    body: CompanyChange,
    answer: Company,
  }, async ({ body, database }) => {
    const row = await database.row((client) =>
      client.from("companies").update(body).filter(...everyRow).select(companyColumns)
    );
    return { data: present(Company, row) };
  }),

  // The second is TrustPager's other name for it.
  ...["/company/crm-settings", "/crm-settings"].map((path) =>
    keyed({
      method: "get",
      path,
      summary: "Read the referral settings",
      scope: "company:read",
      answer: CrmSettings,
    }, async ({ database }) => {
      const row = await database.row((client) => client.from("company_settings").select(settingsColumns));
      return { data: present(CrmSettings, row) };
    })
  ),

  keyed({
    method: "patch",
    path: "/company/crm-settings",
    summary: "Change the referral settings",
    description: "A category in use can be taken off the list: rows that carry it keep it.",
    scope: "company:write",
    body: CrmSettingsChange,
    answer: CrmSettings,
    refusals: ["NOT_FOUND"],
  }, async ({ body, database }) => {
    const row = await database.row((client) =>
      client.from("company_settings").update(body).filter(...everyRow).select(settingsColumns)
    );
    return { data: present(CrmSettings, row) };
  }),
];

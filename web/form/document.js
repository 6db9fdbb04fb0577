// From fields as they were typed to application.json. The same fields always give the same bytes, whichever
// window or person sends them: that is how a second sending is recognised as the same.
import { amountOf, clean, monthOf } from "./values.js";

/**
 * @param {Record<string, any>} fields @param {any} round GET /rounds/{id}
 * @returns {{document: any, places: Map<string, string>}} `places` leads from the document's paths to fields'
 */
export function build(fields, { form, programme }) {
  const document = { schema: 1, programme: programme.key, language: languageOf(fields, programme) };
  const places = new Map();
  for (const field of fieldsOf(form)) {
    if (!isAsked(field, fields, programme)) continue;
    const made = (MAKERS[field.kind] ?? simple)({ fields, field, programme, places });
    if (made !== undefined) put(document, field.path, made);
  }
  for (const part of ["contact", "project"]) document[part] ??= {};
  for (const part of ["partners", "budget", "attachments"]) document[part] ??= [];
  return { document, places };
}

export const fieldsOf = (form) => form.sections.flatMap((section) => section.fields);

/** A question may be asked for some types of application only. */
export const isAsked = (field, fields, programme) =>
  !field.types?.length || field.types.includes(typeOf(fields, programme)?.id);

export const bytesOf = (document) => new TextEncoder().encode(JSON.stringify(sorted(document)));

export const languageOf = (fields, programme) =>
  programme.languages.includes(fields.language) ? fields.language : programme.languages[0];

/** The only kind there is, or the chosen one. */
export const kindOf = (fields, programme) =>
  programme.applicant_kinds.find((kind) => kind.id === fields["applicant.kind"]) ??
  (programme.applicant_kinds.length === 1 ? programme.applicant_kinds[0] : undefined);

export const typeOf = (fields, programme) =>
  programme.types.find((type) => type.id === fields["project.type"]) ??
  (programme.types.length === 1 ? programme.types[0] : undefined);

export const yearsOf = (fields, programme) => {
  const years = Number(fields["project.years"]);
  const most = Math.max(...programme.types.map((type) => type.most_years));
  return Number.isInteger(years) && years > 0 ? Math.min(years, most) : 1;
};

/** The rows of partners, by the order in which they were added. */
export const partnerRows = (fields) =>
  [
    ...new Set(
      Object.keys(fields)
        .filter((path) => path.startsWith("partners."))
        .map((path) => path.split(".")[1]),
    ),
  ].sort();

/** Attachments in the programme's order of kinds, then by name. */
export function filesOf(fields, programme) {
  const order = programme.attachments.map((kind) => kind.id);
  return Object.entries(fields)
    .filter(([path]) => path.startsWith("files."))
    .map(([path, file]) => ({ sha256: path.slice(6), ...file }))
    .sort((one, other) => order.indexOf(one.kind) - order.indexOf(other.kind) || (one.name < other.name ? -1 : 1));
}

const prose = (typed) => clean(typed ?? "") || undefined;
const line = (typed) => prose(typed)?.replace(/[\n\r\t]+/g, " ");
/** A number in groups, however somebody's program sets those apart. */
const phone = (typed) => line(typed)?.replace(/\s/g, " ").replace(/\p{Pd}/gu, "-");
const TEXTS = { prose, phone };

function simple({ fields, field }) {
  const value = (TEXTS[field.kind] ?? line)(fields[field.path]);
  if (field.kind === "integer" && field.least === field.most) return field.least;
  if (field.kind === "integer" && /^\d+$/.test(value ?? "")) return Number(value);
  return field.kind === "month" ? monthOf(value) : value;
}

const MAKERS = {
  choice: ({ fields, field }) =>
    fields[field.path] ?? (field.required && field.options.length === 1 ? field.options[0].id : undefined),
  choices: ({ fields, field }) =>
    field.options.map((option) => option.id).filter((id) => fields[`${field.path}.${id}`]),
  applicant({ fields, programme, places }) {
    const kind = kindOf(fields, programme);
    if (!kind) return {};
    if (kind.identified_by === "organisation-number") {
      const [organisation_number, name] = [
        phone(fields["applicant.organisation_number"]),
        line(fields["applicant.name"]),
      ];
      return { kind: kind.id, organisation_number, name };
    }
    places.set("applicant.code", `applicant.code.${kind.id}`);
    return { kind: kind.id, code: fields[`applicant.code.${kind.id}`] };
  },
  partners: ({ fields, places }) =>
    partnerRows(fields).map((row, index) => {
      places.set(`partners.${index}`, `partners.${row}`);
      return { name: line(fields[`partners.${row}.name`]), country: fields[`partners.${row}.country`] };
    }),
  budget({ fields, programme, places }) {
    const lines = [];
    for (let year = 1; year <= yearsOf(fields, programme); year++) {
      for (const { id } of programme.budget_categories) {
        const amount = amountOf(fields[`budget.${year}.${id}`]);
        if (!amount) continue;
        places.set(`budget.${lines.length}`, `budget.${year}.${id}`);
        lines.push({ year, category: id, amount });
      }
    }
    return lines;
  },
  attachments: ({ fields, programme, places }) =>
    filesOf(fields, programme).map(({ kind, name, size, sha256, type }, index) => {
      places.set(`attachments.${index}`, `files.${kind}`);
      return { kind, name, size, sha256, type };
    }),
};

function put(document, path, value) {
  const steps = path.split(".");
  const last = steps.pop();
  let inner = document;
  for (const step of steps) inner = inner[step] ??= {};
  inner[last] = value;
}

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((name) => [name, sorted(value[name])]),
  );
}

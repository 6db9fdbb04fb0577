// What a page can find before sending: the validator's rules that need nothing but the form, in its own sentences.
import { fill, lang } from "../texts.js";
import { build, fieldsOf, filesOf, isAsked, kindOf, partnerRows, typeOf, yearsOf } from "./document.js";
import { amountOf, capOf, numberProblem, sums } from "./values.js";

/** @typedef {{path: string, code: string, text: string}} Finding  `path` is a field's */

/** Findings, in the form's order. */
export function check(fields, round) {
  const { form, programme } = round;
  const { document } = build(fields, round);
  const found = [];
  const tell = (path, code, facts) => {
    found.push({ path, code, text: fill(round.messages[code][lang], facts) });
  };
  for (const field of fieldsOf(form)) {
    if (!isAsked(field, fields, programme)) continue;
    const value = field.path.split(".").reduce((inner, step) => inner?.[step], document);
    (RULES[field.kind] ?? RULES.written)({ field, value, fields, programme, tell });
  }
  return found;
}

/** Which cap applies; undefined while it cannot be told, null where there is none. */
export function applicableCap(fields, programme) {
  const type = typeOf(fields, programme);
  const rows = partnerRows(fields);
  const { limits } = programme;
  const countries = rows.map((row) =>
    programme.countries.find(({ code }) => code === fields[`partners.${row}.country`]),
  );
  if (!type || countries.includes(undefined)) return undefined;
  if (rows.length < limits.least_partners || rows.length > limits.most_partners) return undefined;
  return capOf(type, 1 + rows.length, new Set(countries.map((country) => country.region))) ?? null;
}

function written({ field, value, tell }) {
  if (value === undefined) {
    if (field.required) tell(field.path, "missing");
    return;
  }
  if (field.kind !== "month" && field.most && [...value].length > field.most)
    tell(field.path, "too-long", { most: field.most });
  else if (field.pattern && !new RegExp(field.pattern).test(value))
    tell(field.path, field.kind === "email" ? "bad-email" : "bad-format", { expected: field.expected });
}

const RULES = {
  written,
  integer({ field, value, fields, programme, tell }) {
    const type = field.path === "project.years" ? typeOf(fields, programme) : undefined;
    if (value === undefined) return field.required && tell(field.path, "missing");
    if (typeof value !== "number") tell(field.path, "not-whole-number");
    else if (value < field.least) tell(field.path, "too-small", { least: field.least });
    else if (value > field.most) tell(field.path, "too-great", { most: field.most });
    else if (type && value > type.most_years) tell(field.path, "too-many-years", { most: type.most_years });
  },
  choice: ({ field, value, tell }) => value === undefined && field.required && tell(field.path, "missing"),
  choices({ field, value, tell }) {
    const own = field.path === "project.core_areas" ? "-core-areas" : "";
    if (value.length < (field.least ?? 0)) tell(field.path, `too-few${own}`, { least: field.least });
    if (field.most && value.length > field.most) tell(field.path, `too-many${own}`, { most: field.most });
  },
  applicant({ field, value, fields, programme, tell }) {
    const kind = kindOf(fields, programme);
    if (!kind) return tell("applicant.kind", "missing");
    if (kind.identified_by !== "organisation-number") return value.code || tell(`applicant.code.${kind.id}`, "missing");
    const number = value.organisation_number;
    const wrong = number === undefined ? "missing" : numberProblem(number);
    if (wrong) tell("applicant.organisation_number", wrong);
    written({ field: { ...field.fields.name, required: true }, value: value.name, tell });
  },
  partners({ field, value, fields, programme, tell }) {
    const { least_partners: least, most_partners: most } = programme.limits;
    const rows = partnerRows(fields);
    value.forEach((partner, index) => {
      for (const part of ["name", "country"]) {
        written({
          field: { ...field.fields[part], path: `partners.${rows[index]}.${part}` },
          value: partner[part] || undefined,
          tell,
        });
      }
    });
    if (value.length < least) tell("partners", "too-few-partners", { least });
    if (value.length > most) tell("partners", "too-many-partners", { most });
  },
  budget({ field, value, fields, programme, tell }) {
    const years = yearsOf(fields, programme);
    const categories = programme.budget_categories;
    for (let year = 1; year <= years; year++) {
      for (const { id } of categories) {
        const amount = amountOf(fields[`budget.${year}.${id}`]);
        if (Number.isNaN(amount)) tell(`budget.${year}.${id}`, "not-whole-number");
        else if (amount > field.amount.most) tell(`budget.${year}.${id}`, "too-great", { most: field.amount.most });
      }
    }
    if (!value.length) tell("budget", "budget-empty");
    const cap = applicableCap(fields, programme);
    if (cap === null) tell("project.type", "no-cap");
    if (!cap) return;
    const sum = sums(fields, years, categories);
    const over = (requested, code, facts) =>
      requested > cap.amount &&
      tell("budget", code, { requested, cap: cap.amount, excess: requested - cap.amount, ...facts });
    if (cap.per === "project") over(sum.all, "above-cap");
    else sum.years.forEach((requested, index) => over(requested, "above-cap-in-year", { year: index + 1 }));
  },
  attachments({ fields, programme, tell }) {
    const files = filesOf(fields, programme);
    const needed = typeOf(fields, programme)?.attachments ?? [];
    for (const kind of programme.attachments) {
      const given = files.filter((file) => file.kind === kind.id);
      if (!given.length && needed.includes(kind.id))
        tell(`files.${kind.id}`, "attachment-missing", { name: kind.name });
      if (given.length > kind.most) tell(`files.${kind.id}`, "too-many-of-kind", { most: kind.most, name: kind.name });
    }
  },
};

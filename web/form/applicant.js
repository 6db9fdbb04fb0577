// Who applies: a kind of organisation, then its name in the register or its number and name.
import { call } from "../api.js";
import { el } from "../dom.js";
import { lang, t } from "../texts.js";
import { kindOf } from "./document.js";
import { bound, frame, group, radios, select } from "./fields.js";

/** @param {any} field @param {import("./fields.js").Context} context */
export function applicant(field, { draft, programme, register }) {
  const kinds = programme.applicant_kinds.map(({ id, name }) => ({ id, label: capital(name) }));
  const which = kinds.length > 1 && group("applicant.kind", field.label[lang], { help: field.help?.[lang] }, radios(draft, "applicant.kind", kinds));
  const parts = programme.applicant_kinds.map((kind) => [kind, el("div", {}, IDENTIFIED[kind.identified_by](kind, draft, register))]);
  const draw = () => parts.forEach(([kind, part]) => (part.hidden = kind !== kindOf(draft.fields, programme)));
  draft.addEventListener("change", draw);
  draw();
  // Two kinds that are known by a number share their fields, or ids would stand twice.
  return el("div", {}, which, parts.map(([, part]) => part), byNumber(draft, programme));
}

const capital = (name) => ({ sv: first(name.sv[0]), en: first(name.en[0]) });
const first = (word) => word[0].toUpperCase() + word.slice(1);

const byCode = (list) => (kind, draft, register) => {
  const options = register[list]
    .map(({ code, name }) => ({ id: code, label: name }))
    .sort((one, other) => one.label.localeCompare(other.label, "sv"));
  const path = `applicant.code.${kind.id}`;
  return frame(path, capital(kind.name)[lang], select(draft, path, options));
};

const IDENTIFIED = {
  "municipality-code": byCode("municipalities"),
  "region-code": byCode("regions"),
  "organisation-number": () => null,
};

function byNumber(draft, programme) {
  const part = el(
    "div",
    {},
    frame("applicant.organisation_number", t.organisationNumber, bound(draft, "applicant.organisation_number", el("input", { type: "text", class: "short", inputmode: "numeric" })), { help: t.organisationNumberHelp }),
    frame("applicant.name", t.organisationName, bound(draft, "applicant.name", el("input", { type: "text", autocomplete: "organization" }))),
  );
  const draw = () => (part.hidden = kindOf(draft.fields, programme)?.identified_by !== "organisation-number");
  draft.addEventListener("change", draw);
  draw();
  return part;
}

/** The register, where a programme has applicants that it names. */
export const needsRegister = (programme) => programme.applicant_kinds.some((kind) => kind.identified_by !== "organisation-number");
export const readRegister = () => call("GET", "/register");

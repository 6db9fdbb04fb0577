// Who applies: a kind of organisation, then its name in the register or its number and name.
import { read } from "../api.js";
import { el } from "../dom.js";
import { lang } from "../texts.js";
import { kindOf } from "./document.js";
import { bound, frame, group, radios, select } from "./fields.js";

export function applicant({ kinds, fields }, { draft, programme, register }) {
  const options = kinds.map(({ id, label }) => ({ id, label: capital(label) }));
  const which =
    kinds.length > 1 &&
    group(
      "applicant.kind",
      fields.kind.label[lang],
      { help: fields.kind.help?.[lang] },
      radios(draft, "applicant.kind", options),
    );
  const parts = kinds.map((kind) => [kind.id, el("div", {}, IDENTIFIED[kind.identified_by]?.(kind, draft, register))]);
  const draw = () => parts.forEach(([id, part]) => (part.hidden = id !== kindOf(draft.fields, programme)?.id));
  draft.addEventListener("change", draw);
  draw();
  // Two kinds that are known by a number share their fields, or ids would stand twice.
  return el(
    "div",
    {},
    which,
    parts.map(([, part]) => part),
    byNumber(fields, draft, programme),
  );
}

const capital = (label) => ({ sv: first(label.sv), en: first(label.en) });
const first = (word) => word[0].toUpperCase() + word.slice(1);

/** Names of the register are Swedish, in whatever language the page is. */
const inSwedish = new Intl.Collator("sv");

const byCode = (list) => (kind, draft, register) => {
  const options = register[list]
    .map(({ code, name }) => ({ id: code, label: name }))
    .sort((one, other) => inSwedish.compare(one.label, other.label));
  const path = `applicant.code.${kind.id}`;
  return frame(path, capital(kind.label)[lang], select(draft, path, options));
};

const IDENTIFIED = {
  "municipality-code": byCode("municipalities"),
  "region-code": byCode("regions"),
};

function byNumber({ organisation_number: number, name }, draft, programme) {
  const part = el(
    "div",
    {},
    frame(number.path, number.label[lang], bound(draft, number.path, el("input", { type: "text", class: "short" })), {
      help: number.help?.[lang],
    }),
    frame(
      name.path,
      name.label[lang],
      bound(draft, name.path, el("input", { type: "text", autocomplete: "organization" })),
      { help: name.help?.[lang] },
    ),
  );
  const draw = () => (part.hidden = kindOf(draft.fields, programme)?.identified_by !== "organisation-number");
  draft.addEventListener("change", draw);
  draw();
  return part;
}

/** The register, where a programme has applicants that it names. */
export const needsRegister = (programme) =>
  programme.applicant_kinds.some((kind) => kind.identified_by !== "organisation-number");
export const readRegister = () => read("/register");

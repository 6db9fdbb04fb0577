// Partners: as many rows as one adds, each with a key of its own, so that two people may add one at once.
import { byId, el, idOf, say } from "../dom.js";
import { lang, t } from "../texts.js";
import { partnerRows } from "./document.js";
import { bound, frame, group, select } from "./fields.js";

const alphabetical = new Intl.Collator(lang);
/** The row that is there before anybody has added one; the same in every window. */
const FIRST = "00";

export function partners(field, { draft }) {
  const { least, most } = field;
  const countries = field.countries
    .map(({ id, label }) => ({ id, label: label[lang] }))
    .sort((one, other) => alphabetical.compare(one.label, other.label));
  const rows = () => {
    const there = partnerRows(draft.fields);
    return there.length || !least ? there : [FIRST];
  };
  const list = el("div");
  const drawn = new Map();
  const add = el("button", { type: "button", class: "second", "data-do": "add-partner" }, t.addPartner);
  const draw = () => {
    const now = rows();
    for (const [row, part] of drawn) if (!now.includes(row)) (part.remove(), drawn.delete(row));
    now.forEach((row, index) => {
      if (!drawn.has(row)) drawn.set(row, partner(row, field.fields, draft, countries, remove));
      const part = drawn.get(row);
      if (list.children[index] !== part) list.insertBefore(part, list.children[index] ?? null);
      part.querySelector("legend").textContent = t.partner(index + 1);
      part.querySelector("button").textContent = t.removePartner(index + 1);
      part.querySelector("button").hidden = now.length === 1 && least > 0;
    });
    add.hidden = now.length >= most;
  };
  const remove = (row) => {
    const index = rows().indexOf(row);
    draft.set(Object.fromEntries(draft.under(`partners.${row}`).map((path) => [path, undefined])));
    say(t.removed(t.partner(index + 1)));
    (list.children[Math.max(0, index - 1)]?.querySelector("input") ?? add).focus();
  };
  add.addEventListener("click", () => {
    const taken = rows();
    const row = String(Number((taken.at(-1) ?? "-1").slice(0, 2)) + 1).padStart(2, "0") + random();
    draft.set({
      ...(taken[0] === FIRST && { [`partners.${FIRST}.name`]: draft.get(`partners.${FIRST}.name`) ?? "" }),
      [`partners.${row}.name`]: "",
    });
    byId(idOf(`partners.${row}.name`)).focus();
  });
  draft.addEventListener("change", ({ detail }) => detail.paths.some((path) => path.startsWith("partners.")) && draw());
  draw();
  return group(
    field.path,
    field.label[lang],
    { help: field.help?.[lang] ?? t.howMany(least, most), titled: true },
    list,
    add,
  );
}

const random = () => Math.random().toString(36).slice(2, 5);

function partner(row, words, draft, countries, remove) {
  const name = `partners.${row}.name`;
  const country = `partners.${row}.country`;
  return el(
    "fieldset",
    { class: "row" },
    el("legend"),
    frame(name, words.name.label[lang], bound(draft, name, el("input", { type: "text" }), true)),
    frame(country, words.country.label[lang], select(draft, country, countries, true)),
    el("button", { type: "button", class: "plain", "data-do": "remove", click: () => remove(row) }),
  );
}

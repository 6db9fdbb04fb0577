// Fields as people meet them: label, help, what is wrong, and the control, tied together for every reader.
import { el, idOf } from "../dom.js";
import { grouped, lang, t } from "../texts.js";

/** What a field's function is given beside the field.
 * @typedef {{draft: import("../draft.js").Draft, round: any, programme: any, files: any, register?: any}} Context */

/** More choices than this become a list to choose from. */
const MOST_RADIOS = 7;
const AUTOCOMPLETE = { "contact.name": "name", "contact.email": "email", "contact.phone": "tel" };

/** A field with one control. `control` has the path's id already. */
export function frame(path, label, control, { help, optional } = {}) {
  const id = idOf(path);
  control.setAttribute("aria-describedby", `${help ? `${id}-help ` : ""}${id}-wrong`);
  if (!optional) control.setAttribute("aria-required", "true");
  return el(
    "div",
    { class: "field" },
    el("label", { for: id }, label, optional && optionally()),
    notes(id, help),
    control,
  );
}

/** A field of several controls. Where the section's heading says the same, the legend is only for listeners (`titled`). */
export function group(path, legend, { help, optional, titled } = {}, ...content) {
  const id = idOf(path);
  const described = `${help ? `${id}-help ` : ""}${id}-wrong`;
  return el(
    "fieldset",
    { class: "field", id, "aria-describedby": described },
    el("legend", { class: titled && "unseen" }, legend, optional && optionally()),
    notes(id, help),
    content,
  );
}

const optionally = () => el("span", { class: "quiet" }, ` (${t.optional})`);
const notes = (id, help) => [
  help && el("p", { class: "help", id: `${id}-help` }, help),
  el("div", { class: "wrong", id: `${id}-wrong` }),
];

/** Tie a control to a path of the draft, both ways. `kept` keeps the path also while it is empty. */
export function bound(draft, path, control, kept = false) {
  control.id = idOf(path);
  const draw = () => {
    const value = draft.get(path) ?? "";
    if (control.value !== value) control.value = value;
  };
  control.addEventListener("input", () => draft.set({ [path]: wellFormed(control.value) || (kept ? "" : undefined) }));
  draft.addEventListener("change", ({ detail }) => detail.paths.includes(path) && draw());
  draw();
  return control;
}

/** Half an emoji, cut by a limit or a paste, is no text that JSON can carry. */
const wellFormed = (text) => text.toWellFormed?.() ?? text;

/** Radio buttons for one path; `otherwise` is what counts while nothing is chosen. */
export function radios(draft, path, options, otherwise) {
  const made = options.map(({ id, label }) => {
    const input = el("input", {
      type: "radio",
      name: path,
      id: idOf(`${path}.${id}`),
      value: id,
      change: () => draft.set({ [path]: id }),
    });
    return el("div", { class: "choice" }, input, el("label", { for: input.id }, label[lang]));
  });
  const draw = () =>
    made.forEach(({ firstChild: input }) => (input.checked = input.value === (draft.get(path) ?? otherwise)));
  draft.addEventListener("change", ({ detail }) => detail.paths.includes(path) && draw());
  draw();
  return made;
}

/** A list to choose from. Options have id and label; the first says that nothing is chosen. */
export function select(draft, path, options, kept) {
  const chooser = el(
    "select",
    {},
    el("option", { value: "" }, t.choose),
    options.map(({ id, label }) => el("option", { value: id }, label)),
  );
  return bound(draft, path, chooser, kept);
}

const about = (field) => ({ help: field.help?.[lang], optional: !field.required });

function line(field, { draft }, attributes = {}) {
  const width = field.most && field.most < 40 ? "short" : null;
  const input = bound(
    draft,
    field.path,
    el("input", { type: "text", class: width, autocomplete: AUTOCOMPLETE[field.path], ...attributes }),
  );
  return frame(field.path, field.label[lang], input, about(field));
}

function prose(field, { draft }) {
  const area = bound(draft, field.path, el("textarea", { rows: 8 }));
  const framed = frame(field.path, field.label[lang], area, about(field));
  const count = el("p", { class: "help", id: `${area.id}-count` });
  const draw = () => {
    const used = [...area.value.trim()].length;
    count.textContent = used ? t.used(grouped(used), grouped(field.most)) : t.most(grouped(field.most));
    count.classList.toggle("over", used > field.most);
  };
  area.addEventListener("input", draw);
  draft.addEventListener("change", draw);
  area.setAttribute("aria-describedby", `${area.getAttribute("aria-describedby")} ${count.id}`);
  draw();
  framed.append(count);
  return framed;
}

/** What has only one answer is stated, not asked. */
const stated = (field, answer) => el("p", { class: "field" }, el("strong", {}, field.label[lang]), ": ", answer);

function choice(field, { draft }) {
  if (field.options.length === 1 && field.required) return stated(field, field.options[0].label[lang]);
  if (field.options.length <= MOST_RADIOS)
    return group(field.path, field.label[lang], about(field), radios(draft, field.path, field.options));
  const options = field.options.map(({ id, label }) => ({ id, label: label[lang] }));
  return frame(field.path, field.label[lang], select(draft, field.path, options), about(field));
}

function choices(field, { draft }) {
  const boxes = field.options.map(({ id, label }) => {
    const path = `${field.path}.${id}`;
    const box = el("input", { type: "checkbox", id: idOf(path) });
    const draw = () => (box.checked = Boolean(draft.get(path)));
    box.addEventListener("change", () => draft.set({ [path]: box.checked || undefined }));
    draft.addEventListener("change", draw);
    draw();
    return el("div", { class: "choice" }, box, el("label", { for: box.id }, label[lang]));
  });
  const help = [field.help?.[lang], t.howMany(field.least, field.most)].filter(Boolean).join(" ");
  return group(field.path, field.label[lang], { help, optional: !field.least }, boxes);
}

function integer(field, context) {
  if (field.least === field.most) return stated(field, field.least);
  return line({ ...field, most: 3, help: field.help ?? t.between(field.least, field.most) }, context, {
    inputmode: "numeric",
  });
}

/** How each kind of field is drawn; the kinds that are more than a field are added by their own modules. */
export const KINDS = {
  line,
  prose,
  choice,
  choices,
  integer,
  email: (field, context) => line(field, context, { type: "email", spellcheck: "false" }),
  phone: (field, context) => line({ ...field, most: 30 }, context, { type: "tel" }),
  month: (field, context) => line({ ...field, most: 7 }, context, { placeholder: null }),
};

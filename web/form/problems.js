// What is wrong: a summary that takes the focus and leads to each field, and the sentence at the field.
import { byId, el, idOf } from "../dom.js";
import { t } from "../texts.js";

const FOCUSABLE = "input:not([hidden]), select, textarea, button";

/** The path of the nearest part that the form shows. Example: files.budget.0.size → files.budget */
function shown(path) {
  for (let at = path; at; at = at.slice(0, Math.max(0, at.lastIndexOf(".")))) if (byId(idOf(at))) return at;
  return null;
}

export function focusField(path) {
  const found = byId(idOf(path));
  const control = found?.matches(FOCUSABLE) ? found : found?.querySelector(FOCUSABLE);
  control?.focus();
  (control?.closest(".field") ?? found)?.scrollIntoView({ block: "nearest" });
}

/** The label in words. Example: Partner 1, Land */
export function labelOf(path) {
  const at = shown(path);
  const element = at && byId(idOf(at));
  if (!element) return "";
  const own = element.getAttribute("aria-label") ?? ownLabel(element);
  const row = element.closest("fieldset.row")?.querySelector("legend")?.textContent;
  return row ? `${row}, ${own}` : own;
}

function ownLabel(element) {
  const label = element.matches("fieldset") ? element.querySelector("legend") : element.labels?.[0];
  const words = label?.firstChild?.textContent ?? "";
  const group = element.type === "checkbox" || element.type === "radio" ? element.closest("fieldset") : null;
  return group ? ownLabel(group) : words;
}

/** Show findings at their fields, and a summary of all in `place` under the heading. */
export function showProblems(findings, place, heading, focus = true) {
  clearProblems();
  const items = findings.map(({ path, text, code }) => {
    const at = shown(path);
    const label = at ? labelOf(at) : "";
    if (at) mark(at, text, code);
    const words = label ? `${label}${/[?.!]$/.test(label) ? "" : ":"} ${text}` : text;
    return el(
      "li",
      { "data-code": code },
      at ? el("a", { href: `#${idOf(at)}`, click: (event) => go(event, at) }, words) : words,
    );
  });
  const summary = el(
    "div",
    { class: "summary", role: "group", tabindex: -1, "aria-labelledby": "summary-title" },
    el("h2", { id: "summary-title" }, heading),
    el("ul", {}, items),
  );
  place.replaceChildren(summary);
  document.title = `${t.errorTitle(findings.length)} – ${document.title.replace(/^.*? – /, "")}`;
  if (focus) summary.focus();
}

// The fragment is the private link, so a link inside the page moves the focus instead.
function go(event, path) {
  event.preventDefault();
  focusField(path);
}

function mark(path, text, code) {
  const element = byId(idOf(path));
  const field = element.closest(".field");
  const place = field?.querySelector(":scope > .wrong");
  element.setAttribute("aria-invalid", "true");
  if (element.matches("fieldset")) element.removeAttribute("aria-invalid");
  field?.classList.add("invalid");
  const inside = element.getAttribute("aria-label");
  place?.append(
    el(
      "p",
      { "data-for": path, "data-code": code },
      el("span", { class: "unseen" }, `${t.wrong} `),
      inside ? `${inside}: ${text}` : text,
    ),
  );
}

/** Take away what is said of fields that were changed. */
export function mended(paths) {
  for (const said of document.querySelectorAll(".wrong > [data-for]")) {
    const at = said.dataset.for;
    const touched = (path) => path === at || path.startsWith(`${at}.`) || (at === "budget" && path === "project.years");
    if (!paths.some(touched) && !(at.startsWith("files.") && paths.some((path) => path.startsWith("files.")))) continue;
    const field = said.closest(".field");
    said.remove();
    byId(idOf(at))?.removeAttribute("aria-invalid");
    if (!field.querySelector(":scope > .wrong > *")) field.classList.remove("invalid");
  }
}

export function clearProblems() {
  document.querySelectorAll(".wrong > *").forEach((said) => said.remove());
  document.querySelectorAll(".invalid").forEach((field) => field.classList.remove("invalid"));
  document.querySelectorAll("[aria-invalid]").forEach((control) => control.removeAttribute("aria-invalid"));
}

/** The validator's problems at the form's fields. @param {Map<string, string>} places see document.js */
export function findingsOf(problems, places, lang) {
  return problems.map((problem) => {
    const path = problem.path ?? problem.field ?? "";
    const item = path.split(".").slice(0, 2).join(".");
    const moved = places.get(path) ?? (places.has(item) ? places.get(item) + path.slice(item.length) : path);
    return { path: moved, code: problem.code, text: problem[lang] };
  });
}

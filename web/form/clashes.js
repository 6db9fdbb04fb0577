// Two people changed the same field: both values are shown, and somebody decides.
import { byId, el, idOf, say } from "../dom.js";
import { t } from "../texts.js";
import { focusField, labelOf } from "./problems.js";

/** How long a passing line stays. */
const SHOWN = 15_000;

/** A value in words, as the form shows it. */
function words(path, value) {
  if (value === undefined || value === "") return t.nothing;
  if (value === true) return t.chosen;
  if (typeof value === "object") return value.name;
  const control = byId(idOf(path));
  const radio = byId(idOf(`${path}.${value}`));
  const option = [...(control?.options ?? [])].find((one) => one.value === value);
  return option?.textContent ?? radio?.labels[0].textContent ?? value;
}

/** Keep the questions at the fields in step with the draft. */
export function askAboutClashes(draft) {
  const draw = () => {
    for (const [path] of draft.clashes) if (!byId(`clash-${path}`)) ask(path);
    for (const asked of document.querySelectorAll(".clash")) if (!draft.clashes.has(asked.dataset.path)) asked.remove();
  };
  const ask = (path) => {
    const element = byId(idOf(path));
    const label = labelOf(path);
    const field = element?.closest(".field") ?? byId("main");
    const answer = (mine) => {
      draft.settle(path, mine);
      element?.focus();
    };
    const asked = el(
      "div",
      { class: "clash", id: `clash-${path}`, "data-path": path, role: "group", "aria-label": t.clash(label) },
      el("p", {}, el("strong", {}, t.clash(label))),
      el(
        "dl",
        {},
        el("div", {}, el("dt", {}, t.yours), el("dd", {}, words(path, draft.get(path)))),
        el("div", {}, el("dt", {}, t.theirs), el("dd", {}, words(path, draft.clashes.get(path)))),
      ),
      el("button", { type: "button", class: "second", "data-do": "keep-mine", click: () => answer(true) }, t.keepMine),
      " ",
      el(
        "button",
        { type: "button", class: "second", "data-do": "take-theirs", click: () => answer(false) },
        t.takeTheirs,
      ),
    );
    field.append(asked);
    say(t.clash(label));
  };
  draft.addEventListener("clash", draw);
  draft.addEventListener("change", draw);
  draw();
}

const labelsOf = (paths) => [...new Set(paths.map(labelOf).filter(Boolean))].join(", ");

/** Tell what others changed, at the top, where it stays. */
export function tellOfOthers(draft, place) {
  draft.addEventListener("change", ({ detail }) => {
    if (!detail.foreign) return;
    place.replaceChildren(el("p", { class: "notice" }, t.othersChanged(labelsOf(detail.paths)), " ", t.othersKept));
    say(place.textContent);
  });
}

/** The same in the line that is always in sight: what others changed, for a while; a question, until it is answered. */
export function news(draft) {
  const line = el("p", { class: "news", hidden: true });
  let timer = 0;
  const tell = (...words) => {
    clearTimeout(timer);
    line.replaceChildren(...words);
    line.hidden = !words.length;
  };
  draft.addEventListener("change", ({ detail }) => {
    if (!detail.foreign || draft.clashes.size) return;
    tell(t.othersChanged(labelsOf(detail.paths)));
    timer = setTimeout(tell, SHOWN);
  });
  draft.addEventListener("clash", () => {
    const [path] = draft.clashes.keys();
    if (!path) return tell();
    tell(
      t.clash(labelOf(path)),
      " ",
      el("button", { type: "button", class: "plain", click: () => focusField(path) }, t.showIt),
    );
  });
  return line;
}

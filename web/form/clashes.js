// Two people changed the same field: both values are shown, and somebody decides.
import { byId, el, idOf, say } from "../dom.js";
import { t } from "../texts.js";
import { labelOf } from "./problems.js";

/** A value in words, as the form shows it. */
function words(path, value) {
  if (value === undefined || value === "") return t.nothing;
  if (value === true) return t.chosen;
  if (typeof value === "object") return value.name;
  const control = byId(idOf(path)), radio = byId(idOf(`${path}.${value}`));
  const option = [...(control?.options ?? [])].find((one) => one.value === value);
  return option?.textContent ?? radio?.labels[0].textContent ?? value;
}

/** Keep the questions at the fields in step with the draft. @param {import("../draft.js").Draft} draft */
export function askAboutClashes(draft) {
  const draw = () => {
    for (const [path] of draft.clashes) if (!byId(`clash-${path}`)) ask(path);
    for (const asked of document.querySelectorAll(".clash")) if (!draft.clashes.has(asked.dataset.path)) asked.remove();
  };
  const ask = (path) => {
    const element = byId(idOf(path)), label = labelOf(path), field = element?.closest(".field") ?? byId("main");
    const answer = (mine) => {
      draft.settle(path, mine);
      element?.focus();
    };
    const asked = el(
      "div",
      { class: "clash", id: `clash-${path}`, "data-path": path, role: "group", "aria-label": t.clash(label) },
      el("p", {}, el("strong", {}, t.clash(label))),
      el("dl", {}, el("div", {}, el("dt", {}, t.yours), el("dd", {}, words(path, draft.get(path)))), el("div", {}, el("dt", {}, t.theirs), el("dd", {}, words(path, draft.clashes.get(path))))),
      el("button", { type: "button", class: "second", "data-do": "keep-mine", click: () => answer(true) }, t.keepMine),
      " ",
      el("button", { type: "button", class: "second", "data-do": "take-theirs", click: () => answer(false) }, t.takeTheirs),
    );
    field.append(asked);
    say(t.clash(label));
  };
  draft.addEventListener("clash", draw);
  draft.addEventListener("change", draw);
  draw();
}

/** A line that tells what others changed. */
export function tellOfOthers(draft, place) {
  draft.addEventListener("change", ({ detail }) => {
    if (!detail.foreign) return;
    const labels = [...new Set(detail.paths.map(labelOf).filter(Boolean))].join(", ");
    place.replaceChildren(el("p", { class: "notice" }, t.othersChanged(labels)));
    say(place.textContent);
  });
}

// Elements, and the one place where the page says something to those who listen rather than look.

/**
 * An element. Listeners are given as functions ("click"), what is false or null is left out, true is an empty
 * attribute. Text is text: nothing that comes from outside is ever read as HTML.
 * @param {string} tag @param {Record<string, any>} [attributes] @param {...any} children @returns {any}
 */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value !== false && value != null) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return made;
}

export const byId = (id) => document.getElementById(id);

/** The id of a field's element. Example: project.title → f-project-title */
export const idOf = (path) => `f-${path.replaceAll(".", "-")}`;

/** Tell screen readers, politely. The same words twice are told twice. */
export function say(words) {
  const region = byId("said");
  region.textContent = "";
  setTimeout(() => (region.textContent = words), 50);
}

/** Terms and what is said of them; pairs without a value are left out. */
export const facts = (pairs) =>
  el(
    "dl",
    {},
    pairs.filter(([, value]) => value).map(([term, value]) => el("div", {}, el("dt", {}, term), el("dd", {}, value))),
  );

/** Put content into main, with the state that tests and styles read. */
export function show(state, ...content) {
  document.documentElement.dataset.state = state;
  byId("main").replaceChildren(...content.flat(Infinity).filter(Boolean));
}

/** Save text as a file on the reader's device. */
export function download(name, text, type) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

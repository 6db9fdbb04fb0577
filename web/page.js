// What every page has: a language link that keeps its place, a skip link that keeps the fragment, failures told.
import { Failure } from "./api.js";
import { byId, el, show } from "./dom.js";
import { lang, t } from "./texts.js";

const other = lang === "sv" ? "en" : "sv";
for (const link of document.querySelectorAll("[data-language]")) {
  link.href = `/${other}${location.pathname.slice(3)}${location.search}${location.hash}`;
}
// The fragment is the private link: going to "#main" would lose it.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("main").focus();
});
addEventListener("hashchange", () => location.reload());
// A page that the browser kept from before "back" shows what was, not what is.
addEventListener("pageshow", (event) => event.persisted && location.reload());

/** Run a page, and say what went wrong where it cannot be shown. */
export async function run(page) {
  try {
    await page();
  } catch (failure) {
    const known = failure instanceof Failure;
    if (!known) console.error(failure);
    show(
      "error",
      el("h1", { tabindex: -1 }, t.failed),
      el("p", {}, known ? failure.sentence : t.failedHere),
      known && failure.passing && el("p", {}, t.nothingLost),
      el("p", {}, el("button", { type: "button", click: () => location.reload() }, t.again)),
      el("p", {}, el("a", { href: `/${lang}/` }, t.toRounds)),
    );
    byId("main").querySelector("h1").focus();
  }
}

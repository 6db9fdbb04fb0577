// The accessibility statement is plain HTML; only the funders' addresses come from the programmes.
import { read } from "./api.js";
import { byId, el } from "./dom.js";
import "./page.js";
import { lang } from "./texts.js";

try {
  const { rounds } = await read("/rounds");
  const shown = await Promise.all(
    [...new Map(rounds.map((round) => [round.programme, round.id])).values()].map((id) => read(`/rounds/${id}`)),
  );
  const items = shown.map(({ programme: { funder, contact } }) =>
    el("li", {}, `${funder[lang]}: `, el("a", { href: `mailto:${contact}` }, contact)),
  );
  if (items.length) byId("contacts").replaceChildren(...items);
} catch {
  // The page says by itself where the addresses stand.
}

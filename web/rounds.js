// The front page: what is open, what comes, what has been.
import { read } from "./api.js";
import { countdown, phaseOf } from "./clock.js";
import { el, show } from "./dom.js";
import { run } from "./page.js";
import { lang, t } from "./texts.js";

const GROUPS = { open: ["open"], coming: ["scheduled"], past: ["grace", "closing", "closed", "decided", "announced"] };

run(async () => {
  const { rounds } = await read("/rounds");
  const groups = Object.entries(GROUPS).map(([group, phases]) => [
    group,
    rounds.filter((round) => phases.includes(round.phase)),
  ]);
  show(
    "rounds",
    el("h1", {}, t.roundsTitle),
    el("p", { class: "lead" }, t.roundsLead),
    groups.map(
      ([group, found]) =>
        (found.length || group === "open") &&
        el(
          "section",
          { "aria-labelledby": group },
          el("h2", { id: group }, t.groups[group]),
          found.length ? el("ul", { class: "rounds" }, found.map(item)) : el("p", {}, t.noneOpen),
        ),
    ),
    // The page of results is there from the first announcement on.
    rounds.some((round) => round.phase === "announced") && el("p", {}, el("a", { href: `/${lang}/results` }, t.results)),
    el("p", { class: "quiet" }, t.haveLink),
  );
});

function item(round) {
  const line = el("p", { class: "deadline" });
  const open = round.phase === "open";
  const name = round.name[lang];
  if (open) countdown(round, line);
  else line.textContent = phaseOf(round);
  const address = leadsTo(round);
  return el("li", {}, el("h3", {}, address ? el("a", { href: address }, name) : name), line);
}

/** Where a round's name leads: to its start page, to its result, or nowhere while neither is of use. */
function leadsTo({ id, phase }) {
  if (["open", "scheduled"].includes(phase)) return `/${lang}/form?round=${encodeURIComponent(id)}`;
  return phase === "announced" ? `/${lang}/rounds/${encodeURIComponent(id)}` : null;
}

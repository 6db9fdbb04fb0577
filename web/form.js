// The form page: /sv/form?round=ID begins an application, /sv/form#TOKEN goes on with one. Before it is begun: what
// it is about, what one needs, until when.
import { call, read, roundId, token } from "./api.js";
import { countdown, graceOf, phaseOf } from "./clock.js";
import { el, show } from "./dom.js";
import { namesOf } from "./files.js";
import { fieldsOf } from "./form/document.js";
import { run } from "./page.js";
import { lang, t } from "./texts.js";

run(async () => {
  const round = token ? roundId : new URLSearchParams(location.search).get("round");
  // Both are asked for at once; whoever needs the second awaits it.
  const [shown, status] = await Promise.all([
    read(`/rounds/${encodeURIComponent(round)}`),
    token ? read("/application") : null,
  ]);
  if (token) await (await import("./filling.js")).fillIn({ ...shown, ...status.round, programme: shown.programme }, status);
  else begin(shown);
});

/** @param {any} round GET /rounds/{id} */
function begin(round) {
  const { programme } = round;
  const left = el("p", { class: "deadline" });
  document.title = `${t.applyTo(programme.name[lang])} – ${t.service}`;
  show(
    "start",
    el("p", { class: "kicker" }, `${programme.funder[lang]} · ${round.name[lang]}`),
    el("h1", {}, t.applyTo(programme.name[lang])),
    el("p", { class: "lead" }, programme.about[lang]),
    round.phase === "open"
      ? [left, startButton(round)]
      : el(
          "p",
          { class: "notice" },
          phaseOf(round),
          " ",
          asking(programme),
        ),
    needed(round),
  );
  if (round.phase === "open") countdown(round, left);
}

const asking = ({ contact }) => [t.askUs, " ", el("a", { href: `mailto:${contact}` }, contact), "."];

function startButton(round) {
  const wrong = el("p", { class: "wrong", role: "alert" });
  const button = el("button", { type: "button", "data-do": "start" }, t.start);
  button.addEventListener("click", async () => {
    if (button.disabled) return;
    button.disabled = true;
    try {
      const { token } = await call("POST", `/rounds/${round.id}/applications`, { language: lang });
      location.replace(`/${lang}/form?new#${token}`);
    } catch (failure) {
      wrong.textContent = failure.sentence;
      button.disabled = false;
    }
  });
  return [el("p", {}, button), wrong];
}

const list = (items) =>
  el(
    "ul",
    {},
    items.map((item) => el("li", {}, item)),
  );

function needed(round) {
  const { programme } = round;
  const attachments = fieldsOf(round.form).find(({ kind }) => kind === "attachments")?.kinds ?? [];
  const { types, applicant_kinds: kinds, limits } = programme;
  const asksFor = (kind) => types.filter((type) => type.attachments.includes(kind.id)).map((type) => type.name[lang]);
  return [
    el("h2", {}, t.who),
    list(kinds.map((kind) => kind.name[lang][1])),
    el("h2", {}, t.what),
    list(types.map((type) => t.typeAndYears(type.name[lang], type.most_years))),
    limits.most_partners > 0 && el("p", {}, t.withPartners(limits.least_partners, limits.most_partners)),
    attachments.length > 0 && el("h2", {}, t.papers),
    attachments.length > 0 &&
      list(
        attachments
          .map((kind) => [
            el("strong", {}, kind.label[lang]),
            ` – ${t.fileLimits(namesOf(kind), kind.most_megabytes, kind.most)} `,
            el("span", { class: "quiet" }, t.neededFor(asksFor(kind), types.length)),
          ])
          .map((parts) => el("span", {}, parts)),
      ),
    el("h2", {}, t.howItWorks),
    el(
      "ol",
      {},
      t.steps(round.mails_links).map((step) => el("li", {}, step)),
    ),
    el("p", {}, t.aboutGrace(graceOf(round))),
    el("p", {}, asking(programme)),
  ];
}

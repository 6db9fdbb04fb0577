// The private status page: where the application stands, its receipt, its versions, what comes and when.
import { call, read, roundId, wait } from "./api.js";
import { countdown, dayAfter, graceOf, moment } from "./clock.js";
import { el, say, show } from "./dom.js";
import { findingsOf } from "./form/problems.js";
import { asked, formAddress, privateLink } from "./link.js";
import { run } from "./page.js";
import { placeOf, receipt, signedReceipt } from "./receipt.js";
import { hasArrived, sending } from "./submit.js";
import { lang, t } from "./texts.js";

/** How often the page looks for what is on its way, and when it says that it is slow. */
const LOOK = 700;
const SLOW = 20_000;
const LOST = 25_000;

run(async () => {
  let status = await read("/application"); // First: of a link that is cut off this says so.
  const round = await read(`/rounds/${encodeURIComponent(roundId)}`);
  round.ends = round.closes_at; // For all: the status has this one's.
  if (sending.get()) status = await untilArrived(status, round, sending.get());
  await draw(status, ofThis(status, round));
});

/** The round as it is for this application. */
const ofThis = (status, round) => ({ ...round, ...status.round, programme: round.programme });

/** Wait for what this window sent. What the bucket has confirmed will come; what it has not may be lost. */
async function untilArrived(status, round, sent) {
  const told = el("p", {}, sent.delivered ? t.checking : t.looking);
  const title = sent.delivered ? t.isSent : t.unsure;
  const began = performance.now();
  let slow = false;
  let lost = false;
  if (!hasArrived(status, sent))
    show("sending", heading(round, title), reference(status), told, el("progress", { "aria-label": title }));
  for (let pause = LOOK; !hasArrived(status, sent); pause = Math.min(pause * 1.2, lost ? 15_000 : 4000)) {
    const waited = performance.now() - began;
    if (sent.delivered && !slow && waited > SLOW) {
      slow = true;
      say((told.textContent = t.slow(round.mails_links)));
      // Who wants to correct something need not wait.
      if (ofThis(status, round).phase === "open")
        told.after(paragraph(el("a", { href: formAddress(), click: sending.clear }, t.change)));
    }
    // Perhaps only the bucket's answer is lost: said, and looked for all the same.
    if (!sent.delivered && !lost && waited > LOST) await draw({ ...status, lost: (lost = true) }, ofThis(status, round));
    await wait(pause);
    // What a later version has overtaken is only in the history, which is read first: the status is then no older.
    const recorded =
      waited > SLOW &&
      (await read("/application/history")).submissions.some(({ submission }) => submission === sent.submission);
    status = await read("/application", 30);
    if (recorded) break;
  }
  sending.clear();
  return status;
}

const heading = (round, words) => [
  el("p", { class: "kicker" }, `${round.programme.funder[lang]} · ${round.name[lang]}`),
  el("h1", { tabindex: -1 }, words),
];

const reference = (status) => el("p", { class: "screen" }, `${t.reference} `, el("strong", {}, status.reference));

/** What the page is about: a key of ABOUT. */
function stateOf({ refused, state, lost, withdrawn_at: gone }, open) {
  if (lost) return "lost";
  // S3's clock counts whole seconds: within one the withdrawal is later, as for what was accepted.
  if (refused && !(state === "withdrawn" && Date.parse(gone) >= Date.parse(refused.arrived_at))) {
    if (refused.outcome === "late") return "late";
    if (open) return "refused";
    if (state !== "submitted") return "unmended";
  }
  return { submitted: "receipt", withdrawn: "withdrawn" }[state] ?? "draft";
}

async function draw(status, round) {
  const open = round.phase === "open";
  const state = stateOf(status, open);
  const when = (iso, seconds) => moment(iso, round.time_zone, seconds);
  const { submissions } = await read("/application/history");
  sending.clear();
  document.title = `${t.states[state]} – ${t.service}`;
  const left = el("p", { class: "deadline" });
  show(
    state,
    heading(round, t.states[state]),
    reference(status),
    asked(status, round),
    ABOUT[state](status, round, when),
    status.current && status.state === "submitted" && receipt(status, round),
    open && left,
    actions(status, open, state),
    next(round, status, when),
    versions(submissions, when, status),
    privateLink({ mails: round.mails_links, open: state === "draft" }),
    await certificate(round),
    questions(round, status),
  );
  document.querySelector("h1").focus();
  if (open) countdown(round, left);
}

const paragraph = (...words) => el("p", {}, words);

const ABOUT = {
  receipt: ({ refused, current }, round) =>
    paragraph(refused ? t.stillCounts(current.version) : t.received(round.mails_links)),
  withdrawn: ({ withdrawn_at: at }, round, when) => [
    paragraph(t.isWithdrawn(when(at))),
    round.phase === "open" && paragraph(t.mayReturn),
  ],
  draft: (_, round) => paragraph(round.phase === "open" ? t.isDraft : t.isDraftTooLate),
  lost: ({ current, state }, { phase }) =>
    el(
      "p",
      { class: "notice" },
      phase === "open" ? t.lost : state === "submitted" ? t.stillCounts(current.version) : t.isDraftTooLate,
    ),
  late: ({ refused: { arrived_at: arrived, deadline }, current, state }, round, when) => [
    el("p", { class: "notice" }, t.tooLate(when(arrived, true), deadline && when(deadline, true), graceOf(round))),
    current && state === "submitted" && paragraph(t.stillCounts(current.version)),
  ],
  refused: ({ refused, current, state }, round) => [
    paragraph(round.phase === "open" ? t.refusedIntro : t.unmendedIntro),
    el(
      "ul",
      { class: "problems" },
      findingsOf(refused.problems, new Map(), lang).map(({ path, code, text }) => {
        const where = placeOf(path, round);
        return el("li", { "data-code": code, "data-path": path }, where && el("strong", {}, `${where}: `), text);
      }),
    ),
    current && state === "submitted" && paragraph(t.stillCounts(current.version)),
  ],
};
ABOUT.unmended = ABOUT.refused;

function actions({ current, state }, open, about) {
  if (!open) return null;
  const words = { refused: t.mend, draft: t.goOn, lost: t.goOn, withdrawn: t.applyAgain }[about] ?? t.change;
  return el(
    "p",
    { class: "actions" },
    el("a", { class: "button", href: formAddress(), "data-do": "change" }, words),
    current && state === "submitted" && withdrawal(),
  );
}

/** Withdrawing asks first, in a dialog that the keyboard can leave. */
function withdrawal() {
  const wrong = el("p", { class: "wrong", role: "alert" });
  const yes = el("button", { type: "button", "data-do": "withdraw-yes" }, t.withdrawYes);
  const no = el(
    "button",
    { type: "button", class: "second", "data-do": "withdraw-no", click: () => dialog.close() },
    t.withdrawNo,
  );
  const dialog = el(
    "dialog",
    { "aria-labelledby": "withdraw-title" },
    el("h2", { id: "withdraw-title" }, t.withdrawTitle),
    el("p", {}, t.withdrawAbout),
    wrong,
    el("p", { class: "actions" }, no, yes),
  );
  yes.addEventListener("click", async () => {
    yes.disabled = true;
    try {
      await call("POST", "/application/withdrawal", {});
      location.reload();
    } catch (failure) {
      // The answer may be lost and the withdrawal not.
      if (failure.problems.some(({ code }) => code === "already-withdrawn")) return location.reload();
      wrong.textContent = failure.sentence;
      yes.disabled = false;
    }
  });
  return [
    " ",
    el(
      "button",
      { type: "button", class: "second", "data-do": "withdraw", click: () => dialog.showModal() },
      t.withdraw,
    ),
    dialog,
  ];
}

/** What will come, and when. */
function next(round, { state, current }, when) {
  if (state !== "submitted") return null;
  const { closes_at: closes, ends, programme, phase } = round;
  const days = programme.decision_within_days;
  const changed = Date.parse(current.arrived_at) <= Date.parse(closes ?? current.arrived_at);
  const said = [
    phase === "open"
      ? closes
        ? t.mayChange(when(closes))
        : t.mayChangeOpen
      : closes && t.noMoreChanges(when(closes), changed),
    phase === "announced"
      ? el("a", { href: `/${lang}/rounds/${encodeURIComponent(round.id)}` }, t.isAnnounced)
      : ends
        ? t.decisionBy(days, dayAfter(ends, round.time_zone, days))
        : t.decisionWithin(days),
    phase !== "announced" && t.toldBy(round.mails_links),
  ];
  return el(
    "section",
    { "aria-labelledby": "next" },
    el("h2", { id: "next" }, t.next),
    el(
      "ul",
      {},
      said.filter(Boolean).map((words) => el("li", {}, words)),
    ),
  );
}

function versions(submissions, when, { application, current, state }) {
  if (!submissions.length) return null;
  const above = state === "submitted" && current.submission;
  const items = [...submissions].reverse().map((one) => {
    const name = t.outcomes[one.outcome](one.number);
    return el(
      "li",
      {},
      el("span", { class: "name" }, name),
      el("span", { class: "how" }, when(one.arrived_at)),
      el("code", { class: "sum" }, `SHA-256 ${one.sha256}`),
      one.submission !== above &&
        el("div", { class: "actions" }, signedReceipt(application, one, `${t.saveSigned}: ${name}`)),
    );
  });
  return el(
    "section",
    { "aria-labelledby": "versions", class: "screen" },
    el("h2", { id: "versions" }, t.versions),
    el("ul", { class: "files received" }, items),
  );
}

/** Once the round is certified anybody can see that nothing is missing, or what is gone that had an outcome. */
async function certificate(round) {
  if (!["closed", "decided", "announced"].includes(round.phase)) return null;
  const found = await call("GET", `/rounds/${round.id}/certificate`).catch(() => null);
  if (!found) return null;
  const recorded = Object.values(found.outcomes).reduce((sum, count) => sum + count, 0);
  return el(
    "section",
    { "aria-labelledby": "certificate", class: "screen" },
    el("h2", { id: "certificate" }, t.certificate),
    paragraph(t.aboutCertificate(Math.max(0, recorded - found.objects))),
    el("p", {}, el("code", { class: "sum" }, found.root)),
  );
}

const questions = ({ programme: { contact } }, { reference }) =>
  paragraph(t.askUs, " ", el("a", { href: `mailto:${contact}` }, contact), ". ", t.giveReference(reference));

// Filling in: the form drawn from the programme's data, saved as one types, checked and sent.
import { Failure, read, sha256, wait } from "./api.js";
import { countdown, moment, phaseOf, timeOfDay } from "./clock.js";
import { byId, el, say, show } from "./dom.js";
import { Draft } from "./draft.js";
import { Files } from "./files.js";
import { applicant, needsRegister, readRegister } from "./form/applicant.js";
import { attachments } from "./form/attachments.js";
import { budget } from "./form/budget.js";
import { check } from "./form/check.js";
import { askAboutClashes, news, tellOfOthers } from "./form/clashes.js";
import { build, bytesOf, filesOf, isAsked, languageOf } from "./form/document.js";
import { KINDS, group, radios } from "./form/fields.js";
import { partners } from "./form/partners.js";
import { clearProblems, findingsOf, mended, showProblems } from "./form/problems.js";
import { asked, privateLink, statusAddress } from "./link.js";
import { send, sending } from "./submit.js";
import { lang, t } from "./texts.js";

const kinds = { ...KINDS, applicant, partners, budget, attachments };

/** @param {any} round GET /rounds/{id} @param {any} status GET /application */
export async function fillIn(round, status) {
  if (sending.get()?.submission) return location.replace(statusAddress());
  const { programme } = round;
  const draft = new Draft();
  const [register] = await Promise.all([needsRegister(programme) ? readRegister() : null, draft.open()]);
  const files = new Files(draft, round);
  const context = { draft, round, programme, files, register };
  const problems = el("div");
  const others = el("div");
  const company = el("div");
  const sections = [];
  for (const section of round.form.sections) {
    sections.push(drawSection(section, context));
    await wait(0); // So that a slow phone can scroll and answer meanwhile.
  }
  document.title = `${t.applyTo(programme.name[lang])} – ${t.service}`;
  show(
    "form",
    el("p", { class: "kicker" }, `${programme.funder[lang]} · ${round.name[lang]}`),
    el("h1", { tabindex: -1 }, t.applyTo(programme.name[lang])),
    el("p", {}, `${t.reference} `, el("strong", {}, status.reference), ". ", t.savedAsYouType),
    asked(status, round),
    standing(status, round),
    problems,
    privateLink({ mails: round.mails_links, email: draft.get("contact.email"), open: isNew() }),
    company,
    others,
    el(
      "form",
      { novalidate: true, submit: (event) => event.preventDefault() },
      sections,
      sendSection(context, problems, status),
    ),
    footing(round, draft),
  );
  askAboutClashes(draft);
  tellOfOthers(draft, others);
  tellOfCompany(draft, company);
  draft.addEventListener("change", ({ detail }) => mended(detail.paths));
  addEventListener("beforeunload", (event) => files.unfinished.length && event.preventDefault());
  await showRefusal(status, draft, round, problems);
}

/** An application that was begun in this window. */
const isNew = () => location.search === "?new";

function drawSection(section, context) {
  const id = `section-${section.id}`;
  const { draft, programme } = context;
  const drawn = section.fields.map((field) => [field, (kinds[field.kind] ?? KINDS.line)(field, context)]);
  const parts = drawn.map(([, part]) => part);
  const made = el(
    "section",
    { "aria-labelledby": id },
    el("h2", { id }, section.title[lang]),
    section.help && el("p", {}, section.help[lang]),
    parts,
  );
  const draw = () => {
    for (const [field, part] of drawn) part.hidden = !isAsked(field, draft.fields, programme);
    made.hidden = parts.every((part) => part.hidden);
  };
  draft.addEventListener("change", draw);
  draw();
  return made;
}

/** What counts already, before anything is changed here. */
function standing(status, round) {
  const { current } = status;
  const when = (iso) => moment(iso, round.time_zone);
  if (status.state === "withdrawn") return el("p", { class: "notice" }, t.isWithdrawn(when(status.withdrawn_at)));
  if (!current) return null;
  return el(
    "p",
    { class: "notice" },
    t.countsAlready(current.version, when(current.arrived_at)),
    " ",
    el("a", { href: statusAddress() }, t.seeReceipt),
  );
}

/** Which language the funder is to write in, where it writes in several; and sending. */
function sendSection(context, problems, status) {
  const { draft, programme, round } = context;
  const several = programme.languages.length > 1;
  // Said once: a default of each window's own would be a change that nobody made.
  const first = !draft.savedAt && (isNew() || lang !== programme.languages[0]);
  if (several && first && !draft.get("language")) draft.set({ language: lang });
  const progress = el("p", { id: "sending", role: "status" });
  const again = status.current && status.state === "submitted";
  const button = el(
    "button",
    { type: "button", "data-do": "send", "aria-describedby": "sending" },
    again ? t.sendAgain : t.send,
  );
  button.addEventListener("click", () => sendNow(context, problems, progress, button));
  return el(
    "section",
    { "aria-labelledby": "section-send", id: "send" },
    el("h2", { id: "section-send" }, t.sendHeading),
    several &&
      group(
        "language",
        t.writeTo,
        {},
        radios(
          draft,
          "language",
          programme.languages.map((id) => ({ id, label: t.languages[id] })),
          languageOf({}, programme),
        ),
      ),
    el(
      "p",
      { id: "about-sending" },
      round.closes_at ? t.aboutSending(moment(round.closes_at, round.time_zone)) : t.aboutSendingOpen,
    ),
    !programme.languages.includes(lang) && el("p", {}, t.writesIn(t.languages[programme.languages[0]][lang])),
    el("p", {}, t.aboutData(programme.funder[lang])),
    el("p", {}, button),
    progress,
  );
}

async function sendNow({ draft, files, round, programme }, problems, progress, button) {
  if (button.dataset.busy) return;
  clearProblems();
  problems.replaceChildren();
  const findings = [...check(draft.fields, round), ...unready(draft, files, round)];
  if (findings.length) return showProblems(findings, problems, t.toMend(findings.length));
  button.dataset.busy = "true";
  button.setAttribute("aria-disabled", "true");
  document.documentElement.dataset.state = "sending";
  let told, heading;
  try {
    const tell = (step) => (progress.textContent = t.sendingSteps[step]);
    const outcome = await send(draft, files, round, tell, (takeOver) =>
      progress.replaceChildren(
        t.sentElsewhere,
        el("br"),
        el("button", { type: "button", class: "second", click: takeOver }, t.takeOver),
      ),
    );
    if (outcome === "sent") return location.assign(statusAddress());
    [told, heading] = [t.notSent[outcome], t.notSentHeading];
  } catch (failure) {
    [told, heading] = sentenceOf(failure, programme);
  }
  delete button.dataset.busy;
  button.removeAttribute("aria-disabled");
  document.documentElement.dataset.state = "form";
  progress.textContent = "";
  if (!told) return sendNow(...arguments);
  showProblems([{ path: "", text: told, code: "not-sent" }], problems, heading);
}

/** What failed, and how far it is known what that means. */
function sentenceOf(failure, { contact }) {
  if (!(failure instanceof Failure)) {
    console.error(failure);
    return [`${t.failedHere} ${t.notSentYet}`, t.notSentHeading];
  }
  const over = failure.problems.some(({ code }) => code === "round-not-open");
  if (over) return [`${failure.sentence} ${t.askUs} ${contact}.`, t.notSentHeading];
  // An answer may be lost that the application has arrived.
  if (sending.get()) return [`${failure.sentence} ${t.unsure}. ${t.nothingLost} ${t.again}.`, t.unsure];
  return [`${failure.sentence} ${t.notSentYet}`, t.notSentHeading];
}

/** What stands in the way besides the validator's rules: lost uploads, and questions that nobody answered. */
function unready(draft, files, round) {
  const going = new Set(files.unfinished.map((job) => job.sha256));
  const lost = filesOf(draft.fields, round.programme).filter((file) => file.waiting && !going.has(file.sha256));
  return [
    ...lost.map(({ kind, name }) => ({
      path: `files.${kind}`,
      code: "attachment-not-received",
      text: t.notUploaded(name),
    })),
    ...[...draft.clashes.keys()].map((path) => ({ path, code: "clash", text: t.clashFirst })),
  ];
}

/** What ingest refused, at its fields; once something was changed, only that there is something to mend. */
async function showRefusal({ refused }, draft, round, place) {
  if (!refused || refused.outcome === "late") return;
  const { document, places } = build(draft.fields, round);
  const [{ submissions }, hash] = await Promise.all([read("/application/history"), sha256(bytesOf(document))]);
  const sent = submissions.find(({ submission }) => submission === refused.submission);
  if (sent?.sha256 === hash) showProblems(findingsOf(refused.problems, places, lang), place, t.refusedHeading);
  else place.append(el("p", { class: "notice" }, t.wasRefused, " ", el("a", { href: statusAddress() }, t.seeProblems)));
}

function tellOfCompany(draft, place) {
  draft.addEventListener("company", ({ detail }) => {
    const words = detail.windows ? t.company : "";
    if (place.textContent !== words) place.replaceChildren(words && el("p", { class: "notice" }, words));
  });
}

/** The line that stays in sight: what is saved, and how long there is. */
function footing(round, draft) {
  const saved = el("p", { id: "saved" });
  const left = el("p", { class: "deadline", id: "left" });
  let before = "saved";
  const draw = () => {
    const at = draft.savedAt && timeOfDay(draft.savedAt, round.time_zone);
    saved.dataset.state = draft.state;
    saved.textContent = draft.state === "refused" ? draft.failure.sentence : t.saveStates[draft.state](at);
    if (["unsaved", "saving", before].includes(draft.state)) return;
    say(saved.textContent);
    before = draft.state;
  };
  draft.addEventListener("state", draw);
  draw();
  const passed = async () => {
    const { round: fresh } = await read("/application", Infinity);
    round.closes_at = fresh.closes_at; // It may have moved.
    if (fresh.phase === "open") setTimeout(() => countdown(round, left, passed), 1000);
    else ended(fresh.phase, round);
  };
  if (round.phase === "open") countdown(round, left, passed);
  else ended(round.phase, round, left);
  return el("div", { class: "footing" }, news(draft), saved, left);
}

/** The deadline has passed: what was begun goes on, nothing new is begun. */
async function ended(phase, round, line = byId("left")) {
  await null; // Until the page stands.
  const told = phaseOf(round, phase);
  line.textContent = told;
  const { contact } = round.programme;
  const button = document.querySelector("[data-do=send]");
  if (!button.dataset.busy) {
    const notice = (role) =>
      el(
        "div",
        { class: "notice", role },
        el("p", {}, told),
        el("p", {}, `${t.draftStays} ${t.askUs} `, el("a", { href: `mailto:${contact}` }, contact), "."),
      );
    byId("about-sending").remove();
    button.closest("p").replaceWith(notice());
    byId("main").querySelector("h1").after(notice("alert"));
    document.documentElement.dataset.state = "closed";
  }
}

// The receipt: what arrived, when, and every file with its checksum. It can be printed and saved.
import { call } from "./api.js";
import { moment } from "./clock.js";
import { download, el, facts, say } from "./dom.js";
import { fileSize, kronor, lang, t } from "./texts.js";

/** What `GET /application` and `GET /rounds/{id}` say. */
export function receipt(status, round) {
  const { current } = status;
  const kinds = new Map(round.programme.attachments.map((kind) => [kind.id, kind.name[lang]]));
  const listed = [
    { kind: "", name: "application.json", sha256: current.sha256, size: current.size },
    ...current.attachments,
  ];
  return el(
    "section",
    { class: "receipt", "aria-labelledby": "receipt" },
    el("h2", { id: "receipt" }, t.receipt),
    facts([
      [t.reference, status.reference],
      [t.programme, `${round.programme.name[lang]} (${round.programme.funder[lang]})`],
      [t.round, round.name[lang]],
      [t.project, current.title],
      [t.requested, kronor(current.requested)],
      [t.version, String(current.version)],
      [t.arrived, moment(current.arrived_at, round.time_zone, true)],
      [t.arrivedUtc, current.arrived_at],
    ]),
    el("h3", {}, t.filesReceived(listed.length)),
    el(
      "ul",
      { class: "files received" },
      listed.map((file) =>
        el(
          "li",
          {},
          el("span", { class: "name" }, file.name),
          el("span", { class: "how" }, `${kinds.get(file.kind) ?? t.theApplication}, ${sizeOf(file.size)}`),
          el("code", { class: "sum" }, `SHA-256 ${file.sha256}`),
        ),
      ),
    ),
    el("p", { class: "screen quiet" }, t.aboutSums),
    saving(status),
  );
}

const sizeOf = (bytes) => (bytes < 1000 ? t.bytes(bytes) : `${fileSize(bytes)} (${t.bytes(bytes)})`);

function saving({ application, current, receipt: letter }) {
  const [signed, told] = signedReceipt(application, current);
  const text = () => download(`${t.receiptFile}-${application}.txt`, letter.text, "text/plain");
  const button = (words, what, click) => [
    el("button", { type: "button", class: "second", "data-do": what, click }, words),
    " ",
  ];
  return el(
    "div",
    { class: "screen" },
    el(
      "p",
      { class: "actions" },
      button(t.print, "print", () => print()),
      letter && button(t.saveText, "save-text", text),
      signed,
    ),
    told,
  );
}

/** Its button, and where that says what failed. */
export function signedReceipt(application, { submission }, label) {
  const told = el("p", { class: "wrong", role: "alert" });
  const click = async () => {
    told.textContent = "";
    try {
      download(
        `${t.receiptFile}-${application}-${submission}.json`,
        JSON.stringify(await call("GET", `/application/receipt?submission=${submission}`), null, 2),
        "application/json",
      );
      say(t.saved);
    } catch (failure) {
      told.textContent = failure.sentence;
    }
  };
  const named = { type: "button", class: "second", "data-do": "save-signed", "aria-label": label, click };
  return [el("button", named, t.saveSigned), told];
}

/** Where a problem's path leads, in the form's own words. Example: project.title → Titel */
export function placeOf(path, { form }) {
  const [part, index, inner] = path.split(".");
  const fields = form.sections.flatMap((section) => section.fields);
  const field =
    fields.find((one) => path === one.path) ??
    fields.find((one) => path.startsWith(`${one.path}.`)) ??
    fields.find((one) => one.path === part);
  const item = /^\d+$/.test(index ?? "") && t.parts[part];
  if (!item) return field?.label[lang] ?? t.parts[part] ?? "";
  return [`${item} ${Number(index) + 1}`, field?.fields?.[inner]?.label[lang]].filter(Boolean).join(", ");
}

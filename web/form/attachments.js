// Attachments: a place for each kind, with its limits in sight, and every file's own progress.
import { el, idOf, say } from "../dom.js";
import { accepted, namesOf } from "../files.js";
import { fileSize, lang, t } from "../texts.js";
import { filesOf, typeOf } from "./document.js";

export function attachments(field, { draft, programme, files }) {
  const total = el("div", { class: "total", hidden: true });
  files.addEventListener("change", ({ detail }) => {
    drawTotal(total, files);
    if (detail.state === "sent") say(t.uploaded(detail.name));
    if (detail.state === "failed") say(`${detail.name}: ${detail.text}`);
  });
  // Beside a place for them, dropped files would replace the page.
  for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());
  const id = idOf(field.path);
  return el(
    "div",
    { class: "field", id },
    field.help && el("p", { class: "help" }, field.help[lang]),
    el("div", { class: "wrong", id: `${id}-wrong` }),
    total,
    field.kinds.map((kind) => place(kind, draft, programme, files)),
  );
}

function drawTotal(total, files) {
  const going = files.unfinished;
  const known = files.jobs.filter((job) => job.state !== "failed");
  total.hidden = known.length < 2 || !going.length;
  const sum = (of) => known.reduce((all, job) => all + of(job), 0);
  const share =
    sum((job) => job.sent) /
    Math.max(
      1,
      sum((job) => job.file.size),
    );
  total.replaceChildren(
    t.uploadingAll(going.length, percent(share)),
    el("progress", { max: 1, value: share, "aria-label": t.allFiles }),
  );
}

const percent = (share) => `${Math.floor(share * 100)}\u00a0%`;

function place(kind, draft, programme, files) {
  const path = `files.${kind.id}`;
  const id = idOf(path);
  const listed = el("ul", { class: "files" });
  const needed = el("span", { class: "quiet" });
  const choose = el("label", { class: "button second", for: id });
  const input = el("input", {
    type: "file",
    class: "unseen",
    id,
    multiple: kind.most > 1,
    accept: accepted(kind),
    "aria-describedby": `${id}-help ${id}-wrong`,
  });
  input.addEventListener("change", () => {
    files.add(kind, [...input.files]);
    input.value = ""; // So that the same file can be chosen again after it was removed.
  });
  const limits = t.fileLimits(namesOf(kind), kind.most_megabytes, kind.most);
  const part = el(
    "div",
    { class: "field place" },
    el("label", { for: id }, kind.label[lang], needed),
    el("p", { class: "help", id: `${id}-help` }, limits),
    el("div", { class: "wrong", id: `${id}-wrong` }),
    el(
      "div",
      { class: "drop" },
      input,
      choose,
      el("span", { class: "quiet" }, kind.most > 1 ? t.orDropSeveral : t.orDrop),
    ),
    listed,
  );
  dropping(part, (dropped) => files.add(kind, dropped));
  const drawn = new Map();
  const draw = () => {
    needed.textContent = ` (${typeOf(draft.fields, programme)?.attachments.includes(kind.id) ? t.needed : t.optional})`;
    const entries = entriesOf(kind, draft, programme, files);
    choose.textContent = kind.most > 1 ? t.chooseFiles : entries.length ? t.chooseAnother : t.chooseFile;
    drawFiles(listed, drawn, entries, draft, files);
  };
  draft.addEventListener("change", draw);
  files.addEventListener("change", draw);
  draw();
  return part;
}

function dropping(part, add) {
  const over = (event, on) => {
    event.preventDefault();
    part.classList.toggle("dropping", on);
  };
  part.addEventListener("dragover", (event) => over(event, true));
  part.addEventListener("dragleave", (event) => over(event, false));
  part.addEventListener("drop", (event) => {
    over(event, false);
    add([...event.dataTransfer.files]);
  });
}

/** What is in the draft and what this window is working on, each once. */
function entriesOf(kind, draft, programme, files) {
  const jobs = files.jobs.filter((job) => job.kind === kind.id && job.state !== "sent");
  const busy = new Set(jobs.map((job) => job.sha256));
  const stored = filesOf(draft.fields, programme).filter((file) => file.kind === kind.id && !busy.has(file.sha256));
  return [
    ...stored.map((file) => ({ key: file.sha256, file })),
    ...jobs.map((job) => ({ key: job.sha256 ?? job, job })),
  ];
}

function drawFiles(list, drawn, entries, draft, files) {
  const keys = new Set(entries.map(({ key }) => key));
  for (const [key, item] of drawn) if (!keys.has(key)) (item.remove(), drawn.delete(key));
  for (const { key, job, file } of entries) {
    if (!drawn.has(key)) {
      const item = el(
        "li",
        {},
        el("span", { class: "name" }, (job ?? file).name),
        el("span", { class: "how" }),
        el("progress", { max: 1, "aria-label": t.progressOf((job ?? file).name) }),
        el("span", { class: "buttons" }),
      );
      drawn.set(key, item);
      list.append(item);
    }
    drawFile(drawn.get(key), job, file, draft, files);
  }
}

function drawFile(item, job, file, draft, files) {
  const [, how, progress, buttons] = item.children;
  const share = job ? job.sent / Math.max(1, job.file.size) : 1;
  const state = job?.state ?? (file.waiting ? "broken" : "sent");
  const size = fileSize(job?.file.size ?? file.size);
  progress.hidden = state !== "sending";
  progress.value = share;
  how.textContent = job?.text ?? t.fileStates[state](size, percent(share)) + (job?.replaces ? t.replacing : "");
  if (item.dataset.state === state) return;
  item.dataset.state = state;
  const name = (job ?? file).name;
  const button = (words, what, click) =>
    el("button", { type: "button", class: "plain", "data-do": what, "aria-label": `${words}: ${name}`, click }, words);
  buttons.replaceChildren(
    ...(["failed", "resting", "delayed"].includes(state) && !job.refused
      ? [button(t.again, "again", () => files.again(job))]
      : []),
    button(t.remove, "remove", () => {
      const list = item.parentElement;
      if (job) files.remove(job);
      else forget(file, draft, files);
      say(t.removed(name));
      list.closest(".field").querySelector("input").focus();
    }),
  );
}

function forget(file, draft, files) {
  files.jobs = files.jobs.filter((job) => job.sha256 !== file.sha256);
  draft.set({ [`files.${file.sha256}`]: undefined });
}

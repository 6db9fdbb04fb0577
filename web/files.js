// Attachments: looked at, hashed and uploaded as soon as they are chosen; tried again by themselves.
import { call, sha256, upload, wait } from "./api.js";
import { now } from "./clock.js";
import { clean } from "./form/values.js";
import { fill, lang, t } from "./texts.js";

const AT_ONCE = 2;
const MOST_PAUSE = 30_000;
const MOST_NAME = 200;
/** A form that ends sooner than this is not begun with. */
const MARGIN = 20_000;
/** Some browsers know no Excel; then the name's ending tells. */
const ENDINGS = {
  "application/pdf": ["pdf"],
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ["xlsx"],
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ["docx"],
  "image/jpeg": ["jpg", "jpeg"],
  "image/png": ["png"],
};

export const accepted = (kind) =>
  kind.types.flatMap(({ id }) => [id, ...(ENDINGS[id] ?? []).map((ending) => `.${ending}`)]).join();

/** As long as a name may be, with its ending. */
function nameOf(file) {
  const name = [...clean(file.name)];
  const ending = name.slice(name.lastIndexOf("."));
  return name.length > MOST_NAME ? [...name.slice(0, MOST_NAME - ending.length), ...ending].join("") : name.join("");
}

export const namesOf = (kind) => kind.types.map(({ name }) => name);

/** @typedef {{file: File, kind: string, name: string, type: string, sha256?: string, sent: number, replaces: boolean, replaced?: Record<string, any>,
 *   state: "hashing"|"waiting"|"sending"|"resting"|"delayed"|"sent"|"failed", text?: string, refused?: boolean, abort?: () => void, form?: any}} Job */

/** Events: "change" with the job. What is chosen and what has arrived is noted in the draft. */
export class Files extends EventTarget {
  jobs = [];
  #wake = new Set();

  constructor(draft, round) {
    super();
    this.draft = draft;
    this.round = round;
    addEventListener("online", () => this.#wakeAll());
  }

  /** What is wrong with a file before anything is sent, or null. */
  #wrong(file, type, kind) {
    const told = (code, facts) => fill(this.round.messages[code][lang], facts);
    if (!type) return told("type-not-allowed", { name: kind.label, allowed: namesOf(kind).join(", ") });
    if (file.size > kind.most_megabytes * 1_000_000) return told("file-too-large", { most: kind.most_megabytes });
    return file.size ? null : t.emptyFile;
  }

  /** Where there is a place for one file, one that is chosen replaces what is there, once it has been uploaded. */
  add(kind, files) {
    const there = this.draft.under("files").some((path) => this.draft.get(path).kind === kind.id);
    const replaces = there && kind.most === 1 && files.length === 1;
    const types = kind.types.map(({ id }) => id);
    for (const file of files) {
      const ending = file.name.split(".").pop().toLowerCase();
      const type = types.find((one) => one === file.type) ?? types.find((one) => ENDINGS[one]?.includes(ending));
      const text = this.#wrong(file, type, kind);
      const job = {
        file,
        kind: kind.id,
        name: nameOf(file),
        type,
        sent: 0,
        replaces,
        state: text ? "failed" : "hashing",
        text,
        refused: Boolean(text),
      };
      this.jobs.push(job);
      this.#tell(job);
      if (!text) this.#run(job);
    }
  }

  /** Try again: now, where it only waits for the connection; from the start, where it failed. */
  again(job) {
    if (["resting", "delayed"].includes(job.state)) return this.#wakeAll();
    job.form = undefined;
    this.#run(job);
  }

  remove(job) {
    this.jobs = this.jobs.filter((one) => one !== job);
    job.abort?.();
    if (job.sha256 && !this.jobs.some((one) => one.sha256 === job.sha256))
      this.draft.set({ ...job.replaced, [`files.${job.sha256}`]: undefined });
    this.#tell(job);
  }

  get unfinished() {
    return this.jobs.filter((job) => !["sent", "failed"].includes(job.state));
  }

  /** Jobs that have a hash and are not there yet: what a submission's forms are asked for. */
  announced() {
    return this.unfinished
      .filter((job) => job.sha256)
      .map(({ name, file, sha256: hash, type }) => ({ name, size: file.size, sha256: hash, type }));
  }

  /** Use forms that were signed for several at once. */
  useForms(signed) {
    for (const job of this.unfinished) {
      const form = signed.forms.find((one) => one.for === "attachment" && one.sha256 === job.sha256);
      if (form) job.form = { ...form, ends: Date.parse(signed.expires_at) };
    }
  }

  /** What is sent now is sent with the files that replace others, though they are still on their way. */
  standIn() {
    for (const job of this.unfinished) if (job.replaces && job.sha256) this.#note(job, true);
  }

  async hashed() {
    while (this.jobs.some((job) => job.state === "hashing")) await wait(100);
  }

  /** Resolves when nothing is under way; false where something failed. */
  async settled() {
    while (this.unfinished.length) await wait(200);
    return !this.jobs.some((job) => job.state === "failed" && job.sha256);
  }

  async #run(job) {
    try {
      if (!job.sha256) {
        this.#become(job, "hashing");
        job.sha256 = await sha256(await job.file.arrayBuffer());
        if (!this.jobs.includes(job)) return;
        if (this.#isDouble(job)) {
          Object.assign(job, { sha256: undefined, refused: true });
          return this.#fail(job, t.twice(job.name));
        }
      }
      if (!job.replaces) this.#note(job, true);
      this.#become(job, "waiting");
      while (this.jobs.filter((one) => one.state === "sending").length >= AT_ONCE) await wait(150);
      for (let pause = 1000, renewed = false; this.jobs.includes(job); pause = Math.min(MOST_PAUSE, pause * 2)) {
        const failure = await this.#attempt(job);
        if (!this.jobs.includes(job)) return;
        if (!failure) return this.#arrived(job);
        if (!failure.passing) {
          // A form that ran out, most likely: once more with a fresh one, unseen.
          job.form = undefined;
          if (renewed || failure.problems.length)
            return this.#fail(job, failure.problems.length ? failure.sentence : t.uploadRefused);
          renewed = true;
          continue;
        }
        this.#become(job, failure.offline ? "resting" : "delayed");
        await this.#rest(pause);
      }
    } catch {
      this.#fail(job, t.unreadable);
    }
  }

  /** Once to the bucket. Gives the failure, or null. */
  async #attempt(job) {
    this.#become(job, "sending");
    try {
      if (!job.form || job.form.ends - now() < MARGIN) await this.#renew(job);
      if (!this.jobs.includes(job)) return null;
      await upload(
        job.form,
        job.file,
        (sent) => this.#become(job, "sending", sent),
        (abort) => (job.abort = abort),
      );
      this.#become(job, "sent", job.file.size);
      return null;
    } catch (failure) {
      if (!("passing" in failure)) throw failure;
      if (failure.offline) await job.file.slice(0, 1).arrayBuffer(); // Rejects where the file is gone or changed.
      return failure;
    }
  }

  async #renew(job) {
    const { name, file, sha256: hash, type } = job;
    try {
      const signed = await call("POST", "/application/forms", {
        attachments: [{ name, size: file.size, sha256: hash, type }],
      });
      job.form = { ...signed.forms[0], ends: Date.parse(signed.expires_at) };
    } catch (failure) {
      // After the deadline none is signed any more, but one that was signed before it is good for the grace.
      if (!job.form || job.form.ends <= now() || failure.passing) throw failure;
    }
  }

  async #rest(pause) {
    await new Promise((wake) => {
      this.#wake.add(wake);
      setTimeout(wake, pause);
    });
    this.#wake.clear();
  }

  #wakeAll() {
    for (const wake of this.#wake) wake();
  }

  /** The same content is there already, under whatever name. */
  #isDouble(job) {
    const stored = this.draft.get(`files.${job.sha256}`);
    const same = (one) => one !== job && one.state !== "sent" && one.sha256 === job.sha256;
    return this.jobs.some(same) || (stored && !stored.waiting);
  }

  #fail(job, text) {
    job.text = text;
    this.#become(job, "failed");
  }

  #arrived(job) {
    this.#note(job, false);
    if (!job.replaces) return;
    // Only what was chosen before it: of two on their way the later one counts.
    const before = this.jobs.slice(0, this.jobs.indexOf(job)).filter(({ kind }) => kind === job.kind);
    this.jobs = this.jobs.filter((one) => !before.includes(one));
    for (const one of before) one.abort?.();
    this.#tell(job);
  }

  /** In the draft; a file that this one replaces leaves it, and comes back if this one is taken away first. */
  #note(job, waiting) {
    const { sha256: hash, kind, name, file, type, replaces } = job;
    const changes = {};
    for (const path of this.draft.under("files"))
      if (replaces && this.draft.get(path).kind === kind) {
        (job.replaced ??= {})[path] = this.draft.get(path);
        changes[path] = undefined;
      }
    delete job.replaced?.[`files.${hash}`];
    this.draft.set({
      ...changes,
      [`files.${hash}`]: { kind, name, size: file.size, type, ...(waiting && { waiting }) },
    });
  }

  #become(job, state, sent = 0) {
    job.state = state;
    job.sent = sent;
    if (state !== "failed") job.text = undefined;
    this.#tell(job);
  }

  #tell(job) {
    this.dispatchEvent(new CustomEvent("change", { detail: job }));
  }
}

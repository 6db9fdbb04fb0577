// The draft: saved on the server as one types, kept on this device only until it is.
import { applicationId, call, read } from "./api.js";
import { device } from "./device.js";

const QUIET = 900;
const KEPT = 250;
const LOOK = 45_000;
const MOST_PAUSE = 30_000;
/** What a browser lets a closing page send. */
const MOST_PARTING = 60_000;
const MOST_PARTED = 9;

/**
 * Events: "change" {paths, foreign}, "state" ("saved", "unsaved", "saving", "offline", "busy", "refused"), "clash",
 * "company" (how many other windows of this browser have the application open).
 */
export class Draft extends EventTarget {
  /** What this window shows, by path. */
  fields = {};
  /** The others' values where both changed the same field; never overwritten unasked. */
  clashes = new Map();
  savedAt = null;
  state = "saved";
  #base = {};
  #revision = 0;
  #editor = crypto.randomUUID();
  /** What windows saved as they were left, and could not hear of: names of leftovers that are no more than that. */
  #parted = [];
  #company = new Set();
  #timer = 0;
  #keeping = 0;
  #pause = 0;
  #saving = null;
  #channel = new BroadcastChannel(`anslag.${applicationId}`);

  async open() {
    const stored = await read("/application/draft");
    this.#adopt(stored);
    this.fields = { ...this.#base };
    this.savedAt = stored.saved_at;
    for (const [key, kept] of leftovers()) {
      if (!this.#parted.includes(kept.parting)) {
        // What a window that crashed or was closed could not save any more.
        this.#note(merge(kept.base, kept.fields, this.fields));
        this.#keep();
      }
      device.remove(key);
    }
    this.#listen();
    if (this.#dirty()) this.#soon(0);
  }

  get(path) {
    return this.fields[path];
  }

  /** Paths that begin with this one, in order. */
  under(prefix) {
    return Object.keys(this.fields)
      .filter((path) => path.startsWith(`${prefix}.`))
      .sort();
  }

  /** Change fields; a value of undefined removes its path. */
  set(changes) {
    const paths = Object.keys(changes).filter((path) => !same(this.fields[path], changes[path]));
    if (!paths.length) return;
    for (const path of paths) {
      if (changes[path] === undefined) delete this.fields[path];
      else this.fields[path] = changes[path];
    }
    this.#tell("change", { paths, foreign: false });
    clearTimeout(this.#keeping);
    this.#keeping = setTimeout(() => this.#keep(), KEPT);
    this.#become("unsaved");
    this.#soon();
  }

  /** Choose between the two values of a field that two changed. */
  settle(path, mine) {
    const theirs = this.clashes.get(path);
    this.clashes.delete(path);
    if (!mine) this.set({ [path]: theirs });
    this.#tell("clash", { paths: [path] });
    this.#soon(0);
  }

  /** Save now. Resolves when it is saved or cannot be; see `state`. */
  async flush() {
    clearTimeout(this.#timer);
    while (this.#saving) await this.#saving;
    this.#saving = this.#save().finally(() => (this.#saving = null));
    await this.#saving;
  }

  #soon(pause = QUIET) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), pause);
  }

  async #save() {
    const sent = this.#outgoing();
    if (equal(sent, this.#base)) return this.#saved();
    this.#become("saving");
    try {
      const answer = await call("PUT", "/application/draft", this.#body(sent));
      this.#base = sent;
      this.#revision = answer.revision;
      this.savedAt = answer.saved_at;
      this.#channel.postMessage({ revision: answer.revision, saved_at: answer.saved_at, fields: sent });
      this.#saved();
    } catch (failure) {
      this.#failed(failure);
    }
  }

  #body(sent) {
    return { revision: this.#revision, editor: this.#editor, draft: { fields: sent, parted: this.#parted } };
  }

  #saved() {
    this.#pause = 0;
    if (this.#dirty()) return this.#soon();
    if (!this.clashes.size) this.#forget();
    this.#become("saved");
  }

  #failed(failure) {
    if (failure.status === 409 && failure.body?.current) {
      this.#take(failure.body.current);
      return this.#soon(50);
    }
    this.#become(failure.offline ? "offline" : failure.passing ? "busy" : "refused", failure);
    this.#pause = Math.min(MOST_PAUSE, (this.#pause || 1000) * 2);
    if (failure.passing) this.#soon(this.#pause);
  }

  /** What is to be stored: mine, but theirs where it is not settled whose counts. */
  #outgoing() {
    const sent = { ...this.fields };
    for (const [path, theirs] of this.clashes) {
      if (theirs === undefined) delete sent[path];
      else sent[path] = theirs;
    }
    return sent;
  }

  #dirty() {
    return !equal(this.#outgoing(), this.#base);
  }

  #adopt(stored) {
    this.#base = stored.draft?.fields ?? {};
    this.#parted = stored.draft?.parted ?? this.#parted;
    this.#revision = stored.revision;
  }

  /** Merge what another window or person stored. */
  #take(stored) {
    if (stored.revision <= this.#revision) return;
    // What this window saved itself, and had no answer to, is no change of somebody else's.
    const base = stored.editor === this.#editor ? stored.draft.fields : this.#base;
    const found = merge(base, this.fields, stored.draft?.fields ?? {});
    this.#adopt(stored);
    this.savedAt = stored.saved_at;
    this.#note(found);
    if (this.#dirty()) this.#soon();
    else if (this.state !== "saving") this.#become("saved");
  }

  #note({ merged, taken, clashing }) {
    const theirs = (path) => this.#base[path];
    const open = this.clashes.size;
    this.fields = merged;
    for (const path of this.clashes.keys()) {
      if (same(merged[path], theirs(path))) this.clashes.delete(path);
    }
    for (const path of clashing) this.clashes.set(path, theirs(path));
    if (taken.length) this.#tell("change", { paths: taken, foreign: true });
    if (clashing.length || this.clashes.size !== open) this.#tell("clash", { paths: clashing });
  }

  #listen() {
    this.#channel.onmessage = ({ data }) => {
      if (data.fields) this.#take({ ...data, draft: { fields: data.fields } });
      if (data.hello) this.#channel.postMessage({ here: this.#editor });
      if (data.bye) this.#company.delete(data.bye);
      else if (data.hello || data.here) this.#company.add(data.hello ?? data.here);
      this.#tell("company", { windows: this.#company.size });
    };
    this.#channel.postMessage({ hello: this.#editor });
    addEventListener("online", () => this.#soon(0));
    addEventListener("pagehide", () => this.#part());
    document.addEventListener("visibilitychange", () => (document.hidden ? this.flush() : this.look()));
    setInterval(() => document.hidden || this.look(), LOOK);
  }

  /** See whether somebody else has saved. */
  async look() {
    if (this.#saving) return;
    await call("GET", "/application/draft").then(
      (stored) => this.#saving || this.#take(stored),
      () => {},
    );
  }

  #part() {
    this.#channel.postMessage({ bye: this.#editor });
    const parting = crypto.randomUUID();
    this.#keep(parting);
    const sent = this.#outgoing();
    if (this.#saving || equal(sent, this.#base) || JSON.stringify(sent).length > MOST_PARTING) return;
    // What is still to be settled is kept here alone.
    if (!this.clashes.size) this.#parted = [...this.#parted, parting].slice(-MOST_PARTED);
    call("PUT", "/application/draft", this.#body(sent), { keepalive: true, signal: null }).then(
      () => this.#forget(),
      () => {},
    );
  }

  #keep(parting) {
    clearTimeout(this.#keeping);
    if (!this.#dirty() && !this.clashes.size) return;
    const base = { ...this.#base };
    for (const path of this.clashes.keys()) base[path] = null; // Neither side's: it is asked again.
    device.set(prefix + this.#editor, { base, fields: this.fields, parting });
  }

  #forget() {
    clearTimeout(this.#keeping);
    device.remove(prefix + this.#editor);
  }

  #become(state, failure) {
    this.state = state;
    this.failure = failure;
    this.#tell("state");
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

const prefix = `anslag.${applicationId}.`;

const leftovers = () =>
  device
    .keys(prefix)
    .map((key) => [key, device.get(key)])
    .filter(([, kept]) => kept?.fields);

// Two people, one draft: what each changed since the last common version is kept, field by field.

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/**
 * `base` is what both began with. `taken` are paths where theirs replaced mine; where both changed the same field to
 * different things, `merged` has mine and the path is clashing.
 */
function merge(base, mine, theirs) {
  const merged = {};
  const taken = [];
  const clashing = [];
  for (const path of new Set([...Object.keys(mine), ...Object.keys(theirs)])) {
    let value = mine[path];
    if (!same(mine[path], theirs[path])) {
      if (same(mine[path], base[path])) {
        value = theirs[path];
        taken.push(path);
      } else if (!same(theirs[path], base[path])) clashing.push(path);
    }
    if (value !== undefined) merged[path] = value;
  }
  return { merged, taken, clashing };
}

/** Whether two sets of fields are equal, in whatever order. */
function equal(one, other) {
  const { taken, clashing } = merge(one, one, other);
  return !taken.length && !clashing.length;
}

// Sending: once, however often it is asked for. The document is the commit.
import { applicationId, call, Failure, read, sha256, upload, wait } from "./api.js";
import { now } from "./clock.js";
import { device } from "./device.js";
import { build, bytesOf } from "./form/document.js";

const KEY = `anslag.sending.${applicationId}`;

/** What is on its way, kept so that a reload looks for it instead of sending again. */
export const sending = {
  get: () => device.get(KEY),
  set: (what) => device.set(KEY, what),
  clear: () => device.remove(KEY),
};

/** Whether the status shows what became of it. */
export const hasArrived = (status, { submission, sha256: hash }) =>
  status.refused?.submission === submission || status.current?.submission === submission || counts(status, hash);

/** Whether this is what counts, and nothing came after it. */
const counts = ({ state, current, refused }, hash) => state === "submitted" && !refused && current.sha256 === hash;

/** How long a window waits for another that is sending, before it offers to go on without it. */
const PATIENCE = 10_000;
const MARGIN = 9000;
let renewal;

/**
 * Send the application. One window of a browser at a time; the others wait, and see that it has been done. A window
 * may be frozen while it sends: then another may take over, and the document's hash keeps it from counting twice.
 * `tell` hears each step, `offer` how to take over. Gives "sent", "files", "changed" or "edited".
 */
export async function send(draft, files, round, tell, offer) {
  const waiting = new AbortController();
  const timer = setTimeout(offer, PATIENCE, () => waiting.abort());
  const work = () => {
    clearTimeout(timer);
    return sendAlone(draft, files, round, tell);
  };
  const request = (options) => navigator.locks.request(KEY, options, work);
  try {
    return await request({ signal: waiting.signal });
  } catch (failure) {
    if (failure.name === "SecurityError") return work(); // Nothing may be kept here.
    if (failure.name !== "AbortError") throw failure;
    // This window takes over; or another took over from this one, whose status page shows what becomes of it.
    return waiting.signal.aborted ? request({ steal: true }) : "sent";
  }
}

async function sendAlone(draft, files, round, tell) {
  tell("saving");
  await files.hashed();
  files.standIn();
  if (!(await savedAsSeen(draft))) return "changed";
  const bytes = bytesOf(build(draft.fields, round).document);
  const hash = await sha256(bytes);
  const begun = sending.get();
  if (begun?.sha256 === hash && begun.delivered) return "sent";
  const before = await read("/application");
  if (counts(before, hash)) return "sent";
  // All forms at once and at once: what is signed before the deadline may finish within the grace.
  let signed = await sign(bytes, hash, files);
  // And once more just before the deadline: those are good for the whole of the grace.
  const left = Date.parse(round.closes_at) - now();
  clearTimeout(renewal);
  if (left > MARGIN && left < 1e9)
    renewal = setTimeout(() => sign(bytes, hash, files).then((fresh) => (signed = fresh), Boolean), left - MARGIN);
  tell("files");
  if (!(await files.settled())) return "files";
  // What was changed meanwhile is meant, as long as it can be signed.
  if (!(now() > Date.parse(round.closes_at)) && (await sha256(bytesOf(build(draft.fields, round).document))) !== hash)
    return "edited";
  tell("sending");
  const document = new Blob([bytes], { type: "application/json" });
  for (let pause = 2500, renewed = false; ; pause = Math.min(pause * 2, 15_000)) {
    const { submission, forms } = signed;
    const sent = { submission, sha256: hash };
    sending.set(sent);
    try {
      await upload(
        forms.find((form) => form.for === "document"),
        document,
      );
      sending.set({ ...sent, delivered: true });
      // Where nothing is kept, the next page cannot wait for it.
      for (let looks = 30; looks-- && !sending.get() && !hasArrived(await read("/application"), sent); )
        await wait(1000);
      return "sent";
    } catch (failure) {
      if (!failure.passing && renewed) throw stopped(failure);
      // An answer may be lost while the document is not: the status knows, after a moment.
      if (failure.passing) await wait(pause);
      if (hasArrived(await read("/application"), sent)) return "sent";
      if (!failure.passing || Date.parse(signed.expires_at) <= now())
        [signed, renewed] = [await sign(bytes, hash, files), true];
    }
  }
}

/** Save; false where another window or person changed something that this one has not seen yet. */
async function savedAsSeen(draft) {
  let foreign = false;
  const note = ({ detail }) => (foreign ||= detail.foreign);
  draft.addEventListener("change", note);
  await draft.flush();
  await draft.look();
  draft.removeEventListener("change", note);
  return !foreign && !draft.clashes.size;
}

async function sign(bytes, hash, files) {
  const signed = await call("POST", "/application/forms", {
    document: { size: bytes.byteLength, sha256: hash },
    attachments: files.announced(),
  });
  files.useForms(signed);
  return signed;
}

function stopped(failure) {
  sending.clear();
  return failure instanceof Failure ? failure : new Failure(0, null);
}

// The one way to the API, and with its forms to the bucket. Every answer sets the clock; every failure can say itself.
import { heard } from "./clock.js";
import { lang, t } from "./texts.js";

/** The private link's secret. It stays in the fragment, which no server ever sees. */
export const token = location.hash.slice(1);
/** The round and the application that the link names. */
export const [roundId, applicationId] = token.split(".");

export const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** What the API refused, or that it could not be reached (status 0). */
export class Failure extends Error {
  constructor(status, body) {
    super(body?.title ?? (status === 413 ? t.tooLarge : status ? t.busy : t.noConnection));
    this.status = status;
    this.body = body;
    this.problems = body?.problems ?? [];
  }

  get offline() {
    return this.status === 0;
  }

  /** Worth another try: the network, a server that stumbled, or one that is busy (and not one that says no). */
  get passing() {
    return this.status === 0 || this.status >= 500 || (this.status === 429 && !this.problems.length);
  }

  /** The sentences, in the reader's language. */
  get sentence() {
    return this.problems.map((problem) => problem[lang]).join(" ") || this.message;
  }
}

let base;
async function address() {
  base ??= (await (await fetch("/config.json")).json()).api.replace(/\/$/, "");
  return base;
}

export async function call(method, path, body, options = {}) {
  const headers = { "Accept-Language": lang };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer, content;
  try {
    answer = await fetch((await address()) + path, {
      method,
      headers,
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(25_000),
      ...options,
    });
    content = await answer.json();
  } catch {
    throw new Failure(answer && !answer.ok ? answer.status : 0, null);
  }
  if (content.now) heard(content.now);
  if (!answer.ok) throw new Failure(answer.status, content);
  return content;
}

/** Read, and again for a while where the connection fails. */
export async function read(path, tries = 4) {
  for (let pause = 500; ; pause *= 2) {
    try {
      return await call("GET", path);
    } catch (failure) {
      if (!failure.passing || --tries <= 0) throw failure;
      await wait(Math.min(pause, 15_000));
    }
  }
}

/** One file to the bucket. Rejects with a Failure, whose status is 0 for the network. */
export function upload(form, content, progress, started) {
  return new Promise((done, failed) => {
    const body = new FormData();
    for (const [name, value] of Object.entries(form.fields)) body.append(name, value);
    body.append("file", content); // S3 ignores every field after the file.
    const request = new XMLHttpRequest();
    let heard = performance.now();
    // A connection can go silent without ending; half a minute without a byte counts as lost.
    const watch = setInterval(() => performance.now() - heard > 30_000 && request.abort(), 5000);
    request.upload.onprogress = (event) => {
      heard = performance.now();
      progress?.(Math.min(event.loaded, content.size));
    };
    request.onloadend = () => {
      clearInterval(watch);
      if (request.status >= 200 && request.status < 300) done();
      else failed(new Failure(request.status, null));
    };
    request.open("POST", form.url);
    request.send(body);
    started?.(() => request.abort());
  });
}

/** SHA-256 in hexadecimal. */
export async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

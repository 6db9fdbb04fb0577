// One file through one signed form to the bucket, with progress. What fails says whether trying again can help.
import { Failure } from "./api.js";

/**
 * @param {{url: string, fields: Record<string, string>}} form @param {Blob} content
 * @param {(sent: number) => void} [progress] @param {(abort: () => void) => void} [started]
 * @returns {Promise<void>} rejects with a Failure: status 0 for the network, else what the bucket answered
 */
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

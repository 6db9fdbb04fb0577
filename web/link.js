// The private link: shown, copied, sent by e-mail.
import { call, token } from "./api.js";
import { moment } from "./clock.js";
import { el, say } from "./dom.js";
import { lang, t } from "./texts.js";

export const formAddress = () => `/${lang}/form#${token}`;
export const statusAddress = () => `/${lang}/application#${token}`;

// Browsers print a page's address in the margin; receipts are filed, and the link is nobody else's.
addEventListener("beforeprint", () => history.replaceState(null, "", location.pathname));
addEventListener("afterprint", () => history.replaceState(null, "", `#${token}`));

/** What staff ask. */
export const asked = ({ asked }, { time_zone: zone }) =>
  asked &&
  el("p", { class: "notice asked" }, asked.answered ? t.answered : t.asked(moment(asked.until, zone)), asked.what);

/** @param {{mails: boolean, email?: string, open?: boolean}} options */
export function privateLink({ mails, email, open }) {
  const shown = el("input", {
    type: "text",
    id: "link",
    readonly: true,
    value: location.origin + statusAddress(),
    focus: () => shown.select(),
  });
  const copied = el("span", { class: "quiet" });
  const copy = el("button", { type: "button", class: "second", "data-do": "copy-link" }, t.copyLink);
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(shown.value);
      copied.textContent = t.copied;
    } catch {
      shown.select();
      copied.textContent = t.copyYourself;
    }
    say(copied.textContent);
  });
  return el(
    "details",
    { class: "link", open },
    el("summary", {}, t.yourLink),
    el("p", {}, t.aboutLink),
    el("div", { class: "field" }, el("label", { for: "link" }, t.linkLabel), shown),
    el("p", {}, copy, " ", copied),
    mails && mailing(email),
  );
}

function mailing(email) {
  const address = el("input", { type: "email", id: "mail-to", autocomplete: "email", value: email ?? "" });
  const told = el("p", { class: "wrong", id: "mail-told", role: "status" });
  address.setAttribute("aria-describedby", "mail-told");
  const send = el("button", { type: "button", class: "second", "data-do": "mail-link" }, t.mailLink);
  send.addEventListener("click", async () => {
    send.disabled = true;
    try {
      await call("POST", "/application/link", { email: address.value.trim(), language: lang });
      told.className = "done";
      told.textContent = t.mailed(address.value.trim());
    } catch (failure) {
      told.className = "wrong";
      told.textContent = failure.sentence;
    }
    send.disabled = false;
  });
  return el("div", { class: "field" }, el("label", { for: "mail-to" }, t.mailTo), address, " ", send, told);
}

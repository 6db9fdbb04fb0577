// Time is the server's. The machine's own clock is never asked: it may be wrong by a day.
import { say } from "./dom.js";
import { lang, t } from "./texts.js";

/** Server time minus performance.now(), in milliseconds. */
let offset = -Infinity;

/**
 * Take in the `now` of an answer. It is cut to whole seconds and heard late, so it can only be too early: the
 * greatest is the best, also after a sleep during which performance.now() stood still.
 */
export function heard(now) {
  offset = Math.max(offset, Date.parse(now) - performance.now());
}

/** The server's time in milliseconds. */
export const now = () => offset + performance.now();

const SWEDEN = "Europe/Stockholm";

export function zoneName(zone) {
  if (zone === SWEDEN) return t.swedishTime;
  const named = new Intl.DateTimeFormat(lang, { timeZone: zone, timeZoneName: "longGeneric" }).formatToParts(0);
  return named.find((part) => part.type === "timeZoneName").value;
}

const read = (iso, zone, options) =>
  new Intl.DateTimeFormat(t.locale, { timeZone: zone, ...options }).format(new Date(iso));

/** Example: 15 oktober 2019 */
export const day = (iso, zone) => read(iso, zone, { day: "numeric", month: "long", year: "numeric" });

/** The day so many days later on the zone's calendar, where the night when clocks change is a day like others. */
export function dayAfter(iso, zone, days) {
  const local = new Date(`${new Intl.DateTimeFormat("sv-SE", { timeZone: zone }).format(new Date(iso))}T12:00Z`);
  return day(local.getTime() + days * 86_400_000, "UTC");
}

export function timeOfDay(iso, zone, seconds = false) {
  const told = read(iso, zone, {
    hour: "2-digit",
    minute: "2-digit",
    second: seconds ? "2-digit" : undefined,
    hourCycle: "h23",
  });
  return lang === "sv" ? told.replaceAll(":", ".") : told;
}

/** Example: 15 oktober 2019 kl. 23.59 (svensk tid) */
export const moment = (iso, zone, seconds = false) =>
  `${day(iso, zone)} ${t.at} ${timeOfDay(iso, zone, seconds)} (${zoneName(zone)})`;

/** Never more than there is; seconds in the last ten minutes. */
export function timeLeft(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds >= 172_800) return t.count(Math.floor(seconds / 86_400), t.days);
  if (seconds >= 7200) return t.count(Math.floor(seconds / 3600), t.hours);
  if (seconds >= 600) return t.count(Math.floor(seconds / 60), t.minutes);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}

/** Whole minutes of grace: never more is promised than there is. */
export const graceOf = (round) => Math.floor(round.grace_seconds / 60);

/** What a round that is not open is, and since or until when. */
export const phaseOf = (round, phase = round.phase) =>
  t.phases[phase](
    moment(phase === "scheduled" ? round.opens_at : (round.closes_at ?? round.now), round.time_zone),
    graceOf(round),
  );

/** The last second that counts lasts until the next one begins. */
const ends = (round) => Date.parse(round.closes_at) + 1000;

/**
 * A line that says until when the round is open. When the deadline has come, `passed` is called once: the
 * page then asks the server, which alone decides.
 */
export function countdown(round, element, passed = () => setTimeout(() => location.reload(), 1500)) {
  const warned = new Set();
  const tick = () => {
    const left = ends(round) - now();
    const until = moment(round.closes_at, round.time_zone);
    element.textContent = left > 0 ? t.closes(until, timeLeft(left)) : t.closed(until);
    if (left <= 0) return passed();
    for (const minutes of [10, 1]) {
      if (left < minutes * 60_000 && left > minutes * 60_000 - 20_000 && !warned.has(minutes)) {
        warned.add(minutes);
        say(element.textContent);
      }
    }
    setTimeout(tick, left < 660_000 ? Math.min(1000, left) : 15_000);
  };
  if (round.closes_at) tick();
  else element.textContent = t.openEnded;
}

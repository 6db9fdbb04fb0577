// The reader's language is the address's: /sv/ or /en/.
export const lang = document.documentElement.lang === "sv" ? "sv" : "en";

/** The page's own words. What belongs to a programme comes from the API, in both languages. */
export const { default: t } = await import(`./texts/${lang}.js`);

/** Digits in threes, held together by no-break spaces. Example: 450 000 */
export const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, "\u00a0");

/** Example: 450 000 kr, SEK 450 000 */
export const kronor = (amount) => (lang === "sv" ? `${grouped(amount)}\u00a0kr` : `SEK\u00a0${grouped(amount)}`);

/** Example: 1,4 MB */
export function fileSize(bytes) {
  if (bytes < 1000) return t.bytes(bytes);
  const [size, unit] = bytes < 1_000_000 ? [bytes / 1000, "kB"] : [bytes / 1_000_000, "MB"];
  return `${size.toLocaleString(t.locale, { maximumFractionDigits: size < 10 ? 1 : 0 })}\u00a0${unit}`;
}

/** A sentence of the validator's with its facts filled in; a fact may differ between the languages. */
export function fill(sentence, facts = {}) {
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => {
    const fact = facts[name]?.[lang] ?? facts[name];
    return typeof fact === "number" ? grouped(fact) : (fact ?? whole);
  });
}

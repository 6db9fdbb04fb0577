// What people type, read as what they mean.

/** Without what pasted text hides and nobody means: controls, soft hyphens, marks of direction. */
export const clean = (typed) => typed.normalize("NFC").replace(/(?![\n\r\t])\p{C}/gu, "").trim();

/** Whole kronor as people write them: '45 000', '45 000 kr', '45000:-'. 0 where empty, NaN where unreadable. */
export function amountOf(typed) {
  const digits = (typed ?? "").replace(/\s/g, "").replace(/^(SEK|kr)|(SEK|kr\.?|kronor|:-)$/gi, "");
  if (!digits) return 0;
  return /^\d+$/.test(digits) ? Number(digits) : NaN;
}

/** A month as YYYY-MM, also from '2027/3', '202703' and '3.2027'; what cannot be read stays as it is. */
export function monthOf(typed) {
  const [, year, month] = /^\s*(\d{4})\D?(\d{1,2})\s*$/.exec(typed ?? "") ?? [];
  const [, month2, year2] = /^\s*(\d{1,2})\D(\d{4})\s*$/.exec(typed ?? "") ?? [];
  return year || year2 ? `${year ?? year2}-${(month ?? month2).padStart(2, "0")}` : typed;
}

/** The sums of a budget. @returns {{cells: number, years: number[], categories: number[], all: number}} */
export function sums(fields, years, categories) {
  const found = { years: Array(years).fill(0), categories: categories.map(() => 0), all: 0 };
  for (let year = 1; year <= years; year++) {
    categories.forEach(({ id }, index) => {
      const amount = amountOf(fields[`budget.${year}.${id}`]) || 0;
      found.years[year - 1] += amount;
      found.categories[index] += amount;
      found.all += amount;
    });
  }
  return found;
}

/**
 * The highest cap that fits, as the validator has it. `regions` are those of all partners' countries.
 * @returns {{amount: number, per: string} | undefined}
 */
export function capOf(type, parties, regions) {
  const fitting = type.caps.filter(
    (cap) => (cap.parties == null || cap.parties === parties) && (cap.region == null || regions.has(cap.region)),
  );
  return fitting.sort((one, other) => other.amount - one.amount)[0];
}

/**
 * An organisation number with its check digit right, or the code of what is wrong.
 */
export function numberProblem(typed) {
  let digits = typed.replace(/[\s-]/g, "");
  if (/^16\d{10}$/.test(digits)) digits = digits.slice(2);
  if (/^(18|19|20)\d{10}$/.test(digits) || (/^\d+$/.test(digits) && /^..[01]/.test(digits))) return "personal-number";
  if (!/^\d{10}$/.test(digits)) return "bad-organisation-number";
  const luhn = [...digits].reduce((sum, digit, index) => {
    const doubled = Number(digit) * (index % 2 ? 1 : 2);
    return sum + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return luhn % 10 ? "bad-organisation-number" : null;
}

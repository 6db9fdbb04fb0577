// The budget: a row for each category, a column for each year, sums as one types, and the cap that applies.
import { el, idOf } from "../dom.js";
import { kronor, lang, t } from "../texts.js";
import { applicableCap } from "./check.js";
import { yearsOf } from "./document.js";
import { bound, group } from "./fields.js";
import { amountOf, sums } from "./values.js";

/** More years than this do not fit beside each other on any screen. */
const MOST_ABREAST = 4;
const narrow = matchMedia("(max-width: 40rem)");

export function budget(field, { draft, programme }) {
  const holder = el("div");
  const cap = el("p", { class: "cap", id: `${idOf(field.path)}-cap` });
  let drawn = 0,
    sumsDrawn;
  const draw = () => {
    const years = yearsOf(draft.fields, programme);
    if (years !== drawn) {
      const { table, update } = tableOf(years, draft, programme);
      holder.replaceChildren(table);
      [drawn, sumsDrawn] = [years, update];
      lay();
    }
    sumsDrawn(applicableCap(draft.fields, programme), cap);
  };
  const lay = () => holder.firstChild.classList.toggle("stacked", narrow.matches || drawn > MOST_ABREAST);
  draft.addEventListener("change", draw);
  narrow.addEventListener("change", lay);
  draw();
  return group(
    field.path,
    field.label[lang],
    { help: [field.help?.[lang], t.budgetHelp].filter(Boolean).join(" "), titled: true },
    cap,
    holder,
  );
}

// Roles are said aloud because the narrow layout takes the table's display away, and with it its meaning.
const cell = (tag, role, ...content) => el(tag, { role }, ...content);

function tableOf(years, draft, { budget_categories: categories }) {
  const all = Array.from({ length: years }, (_, index) => index + 1);
  const several = years > 1;
  const byCategory = categories.map(() => cell("td", "cell"));
  const byYear = all.map(() => cell("td", "cell"));
  const whole = cell("td", "cell");
  const body = categories.map((category, index) => {
    const name = el("th", { scope: "row", role: "rowheader", id: `budget-${category.id}` }, category.name[lang]);
    const cells = all.map((year) => {
      const made = cell("td", "cell", amount(draft, year, category.id, `${category.name[lang]}, ${t.year(year)}`));
      if (several) made.dataset.label = t.year(year);
      return made;
    });
    if (several) byCategory[index].dataset.label = t.sum;
    return el("tr", { role: "row" }, name, cells, several && byCategory[index]);
  });
  byYear.forEach((made, index) => several && (made.dataset.label = t.year(index + 1)));
  if (several) whole.dataset.label = t.sumAll;
  const heads = [t.category, ...(several ? all.map(t.year) : [t.amount]), ...(several ? [t.sum] : [])];
  const table = el(
    "table",
    { role: "table", class: "budget", "aria-label": t.budget },
    el(
      "thead",
      { role: "rowgroup" },
      el(
        "tr",
        { role: "row" },
        heads.map((head) => el("th", { scope: "col", role: "columnheader" }, head)),
      ),
    ),
    el("tbody", { role: "rowgroup" }, body),
    el(
      "tfoot",
      { role: "rowgroup" },
      el("tr", { role: "row" }, el("th", { scope: "row", role: "rowheader" }, t.sum), several && byYear, whole),
    ),
  );
  const update = (cap, line) => {
    const sum = sums(draft.fields, years, categories);
    const perYear = cap?.per === "year";
    sum.categories.forEach((amountOfOne, index) => (byCategory[index].textContent = kronor(amountOfOne)));
    sum.years.forEach((amountOfOne, index) => {
      byYear[index].replaceChildren(
        kronor(amountOfOne),
        several && perYear ? left(cap.amount - amountOfOne, amountOfOne) : "",
      );
    });
    const against = cap && (perYear ? (several ? null : cap.amount - sum.all) : cap.amount - sum.all);
    whole.replaceChildren(kronor(sum.all), against == null ? "" : left(against, sum.all));
    line.textContent = cap ? t.cap(kronor(cap.amount), perYear) : cap === null ? t.noCap : t.capUnknown;
  };
  return { table, update };
}

/** What is left under the cap, or how much is above it: in words, not by colour alone. */
const left = (amount, used) =>
  el(
    "span",
    { class: amount < 0 ? "left over" : "left" },
    amount < 0 ? t.over(kronor(-amount)) : used ? t.left(kronor(amount)) : "",
  );

function amount(draft, year, category, label) {
  const path = `budget.${year}.${category}`;
  const input = bound(
    draft,
    path,
    el("input", { type: "text", inputmode: "numeric", autocomplete: "off", "aria-label": label }),
  );
  input.setAttribute("aria-describedby", "f-budget-wrong f-budget-cap");
  const look = () => input.classList.toggle("over", Number.isNaN(amountOf(input.value)));
  input.addEventListener("input", look);
  look();
  return input;
}

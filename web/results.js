// Sorting and searching the table of awards. Without it, the page has the same table in the announcement's order.
const collator = new Intl.Collator("sv", { numeric: true });

for (const listing of document.querySelectorAll(".listing")) {
  const table = listing.querySelector("table");
  sortable(table);
  searchable(listing, table);
}

function sortable(table) {
  const body = table.tBodies[0];
  if (body.rows.length < 2) return;
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    heading.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = heading.getAttribute("aria-sort") === "ascending";
      for (const other of headings) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...body.rows].sort((a, b) => compare(a.cells[column], b.cells[column]));
      body.append(...(down ? rows.reverse() : rows));
    });
  });
}

function compare(a, b) {
  const { number } = a.dataset;
  return number === undefined ? collator.compare(a.textContent, b.textContent) : number - b.dataset.number;
}

function searchable(listing, table) {
  const rows = [...table.tBodies[0].rows];
  if (rows.length < 5) return;
  const texts = new Map(rows.map((row) => [row, plain(row.textContent)]));
  const form = document.createElement("div");
  form.className = "search";
  form.setAttribute("role", "search");
  const field = Object.assign(document.createElement("input"), { type: "search", id: "search-awards", autocomplete: "off" });
  const label = Object.assign(document.createElement("label"), { htmlFor: field.id, textContent: listing.dataset.search });
  const said = document.createElement("p");
  said.setAttribute("role", "status");
  const asked = document.createElement("div");
  asked.append(label, field);
  form.append(asked, said);
  listing.prepend(form);
  field.addEventListener("input", () => {
    const words = plain(field.value).split(" ").filter(Boolean);
    for (const row of rows) row.hidden = !words.every((word) => texts.get(row).includes(word));
    const shown = rows.filter((row) => !row.hidden).length;
    table.tFoot.hidden = shown < rows.length;
    said.textContent = words.length === 0 ? "" : shown === 0 ? listing.dataset.none : found(listing, shown, rows.length);
  });
}

function found({ dataset }, shown, all) {
  return dataset.found.replace("{shown}", shown).replace("{all}", all);
}

function plain(text) {
  return text.normalize("NFC").toLowerCase().replace(/\s+/g, " ").trim();
}

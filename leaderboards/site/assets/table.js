// Sorts and filters the table, keeps both in the address, and downloads the rows shown.
"use strict";
(() => {
  const table = document.getElementById("board");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const heads = [...table.tHead.querySelectorAll("th[data-column]")];
  const controls = document.getElementById("controls");
  const fields = [...controls.querySelectorAll("[name]")];
  const status = document.getElementById("status");
  const packed = JSON.parse(document.getElementById("rows")?.textContent ?? '{"rows": []}');
  const valueAt = (value) => (Array.isArray(value) ? packed.texts[value[0]] : value);
  const data = packed.rows.map(([names, ...values]) => Object.fromEntries(packed.names[names].map((name, place) => [name, valueAt(values[place])])));
  const rankings = table.dataset.rankings.split(" ");
  let state = {};
  let compared = null;

  const collator = new Intl.Collator("en", { numeric: true });
  // Rows know their places by each ranking, and the places of their task, model and badge among those to choose from.
  const ranking = () => (state.sort?.startsWith("rank_") ? state.sort.slice("rank_".length) : null);
  const choices = fields.filter((field) => ["task", "model", "badge"].includes(field.name));
  const valueOf = (row, place) => {
    const cell = row.cells[place];
    if (cell?.classList.contains("words")) return cell.textContent || null;
    const value = cell ? cell.dataset.value : row.dataset.places.split(" ")[rankings.indexOf(ranking())];
    return value === undefined || value === "-" ? null : Number(value);
  };
  const compare = (one, other) => (typeof one === "string" ? collator.compare(one, other) : one < other ? -1 : one > other ? 1 : 0);

  const sorted = () => {
    const place = heads.findIndex((head) => head.dataset.column === state.sort);
    if (place < 0 && !state.sort) return rows;
    const sign = state.dir === "desc" ? -1 : 1;
    const keyed = rows.map((row) => [valueOf(row, place), row]);
    // What has no value comes last in either direction; equal rows keep the order of their ranks.
    keyed.sort(([a], [b]) => (a === null || b === null ? (a === null) - (b === null) : sign * compare(a, b)));
    return keyed.map(([, row]) => row);
  };

  const matches = (row) => {
    const words = (state.find ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    if (compared && !compared.includes(Number(row.dataset.row))) return false;
    const own = row.dataset.is?.split(" ") ?? [];
    return choices.every((field, place) => !state[field.name] || Number(own[place]) === field.selectedIndex - 1)
      && words.every((word) => row.textContent.toLowerCase().includes(word));
  };

  const shownRows = () => [...body.rows].filter((row) => !row.hidden);

  const apply = () => {
    for (const field of fields) field.value = state[field.name] ?? field.options?.[0].value ?? "";
    for (const head of heads) {
      if (head.dataset.column === state.sort) head.setAttribute("aria-sort", state.dir === "desc" ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
    if (table.dataset.by) table.dataset.by = ranking() ?? table.dataset.by;
    for (const row of rows) row.hidden = !matches(row);
    const active = document.activeElement;
    body.append(...sorted());
    if (body.contains(active)) active.focus();
    const shown = shownRows().map((row) => Number(row.dataset.row));
    status.textContent = shown.length === rows.length ? `${rows.length} rows` : `${shown.length} of ${rows.length} rows`;
    document.dispatchEvent(new CustomEvent("rows-shown", { detail: shown }));
  };

  const read = () => {
    const hash = location.hash.slice(1);
    if (hash && !hash.includes("=")) return false;  // the address of a place in the page
    const given = new URLSearchParams(hash);
    state = {};
    for (const field of fields) {
      const value = given.get(field.name) ?? "";
      const known = field.tagName !== "SELECT" || [...field.options].some((option) => option.value === value);
      if (value && known) state[field.name] = value;
    }
    if (heads.some((head) => head.dataset.column === given.get("sort"))) {
      state.sort = given.get("sort");
      if (given.get("dir") === "desc") state.dir = "desc";
    }
    return true;
  };

  const change = (changes) => {
    state = Object.fromEntries(Object.entries({ ...state, ...changes }).filter(([, value]) => value));
    const hash = new URLSearchParams(state).toString();
    history.replaceState(null, "", `#${hash}`);
    apply();
  };

  const quoted = (value) => {
    if (value === null || value === undefined) return "";
    if (typeof value === "boolean") return value ? "True" : "False";
    const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };

  const written = {
    csv: (chosen) => {
      const columns = [...new Set(data.flatMap(Object.keys))];
      return [columns.join(","), ...chosen.map((row) => columns.map((name) => quoted(row[name])).join(","))].join("\n") + "\n";
    },
    json: (chosen) => `${JSON.stringify(chosen, null, 1)}\n`,
  };

  for (const link of document.querySelectorAll("a[data-form]")) {
    link.hidden = false;
    link.addEventListener("click", () => {
      const chosen = shownRows().map((row) => data[Number(row.dataset.row)]);
      const type = link.dataset.form === "csv" ? "text/csv" : "application/json";
      URL.revokeObjectURL(link.href);
      link.href = URL.createObjectURL(new Blob([written[link.dataset.form](chosen)], { type }));
    });
  }

  for (const head of heads) {
    head.querySelector("button")?.addEventListener("click", () => {
      const again = state.sort === head.dataset.column;
      change({ sort: head.dataset.column, dir: again && state.dir !== "desc" ? "desc" : "" });
    });
  }
  for (const field of fields) field.addEventListener("input", () => change({ [field.name]: field.value, ...(field.name === "sort" && { dir: "" }) }));
  controls.addEventListener("submit", (event) => event.preventDefault());
  controls.addEventListener("reset", () => setTimeout(() => change({ sort: "", dir: "", find: "", task: "", model: "", badge: "" })));
  document.addEventListener("compared", (event) => {
    if (table.classList.contains("matrix")) return;
    compared = event.detail;
    apply();
  });
  addEventListener("hashchange", () => read() && apply());
  controls.hidden = false;
  for (const head of heads) if (head.querySelector("button")) head.querySelector("button").disabled = false;
  read();
  apply();
})();

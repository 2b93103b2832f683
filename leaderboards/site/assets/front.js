// The search of the first page over the models, tasks and protocols of all boards.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("front").textContent);
  const found = data.found.map((each) => [...each.slice(0, 4).map((number) => data.words[number]), ...each.slice(4)]);
  const MOST = 50;
  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };
  const tableOf = (titles, rows) => make("div", { class: "scroll whole", role: "group", "aria-label": "Rows", tabindex: "0" },
    make("table", {},
      make("thead", {}, make("tr", {}, ...titles.map((title) => make("th", { scope: "col", class: "words" }, title)))),
      make("tbody", {}, ...rows.map((cells) => make("tr", {}, ...cells.map((cell) => make("td", { class: "words" }, cell)))))));
  const isolated = (text) => make("bdi", {}, text);

  const search = document.getElementById("search");
  const results = document.getElementById("found");
  const showFound = () => {
    const words = search.querySelector("input").value.toLowerCase().split(/\s+/).filter(Boolean);
    const hits = words.length ? found.filter(([model, task, protocol, board]) => {
      const text = `${model} ${task} ${protocol} ${board}`.toLowerCase();
      return words.every((word) => text.includes(word));
    }) : [];
    search.querySelector("[role=status]").textContent = words.length ? `${hits.length} of ${found.length} results${hits.length > MOST ? `, the first ${MOST} shown` : ""}` : "";
    results.replaceChildren(...(hits.length ? [tableOf(["Model", "Task", "Protocol", "Solved", "Entries", "Board"], hits.slice(0, MOST).map(([model, task, protocol, board, solved, entries]) => [
      isolated(model), isolated(task), isolated(protocol), solved, String(entries),
      make("a", { href: `${board}/index.html#${new URLSearchParams({ task, model })}` }, board),
    ]))] : []));
  };

  search.hidden = false;
  search.addEventListener("input", showFound);
  search.addEventListener("submit", (event) => event.preventDefault());
})();

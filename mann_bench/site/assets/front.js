// The first page: two models beside each other, and a search over the models and tasks of all boards.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("front").textContent);
  const pairs = data.pairs;
  const found = data.found.map((each) => [...each.slice(0, 4).map((number) => data.words[number]), ...each.slice(4)]);
  const RANKINGS = ["sooner", "more seeds solved", "generalises sooner", "less error at the longest size"];
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

  const table = document.getElementById("board");
  const rowOf = (number) => table.querySelector(`tbody tr[data-row="${number}"]`);
  const heads = [...table.tHead.querySelectorAll("th")].slice(2);
  const labels = [...table.tBodies[0].rows].reduce((all, row) => ({ ...all, [row.dataset.row]: row.cells[0].textContent }), {});

  const told = (test, names) => {
    if (!test) return "not measured";
    const [lead, p, apart] = test;
    if (!lead) return `no difference (p ${p})`;
    const leads = `${names[lead < 0 ? 0 : 1]}, p ${p}`;
    return apart ? `${leads}: told apart` : `${leads}: not told apart`;
  };

  const cellText = (number, task) => {
    const cell = rowOf(number).cells[2 + task];
    return [...cell.querySelectorAll(".figure, .generalise, .steps")].map((part) => part.textContent).join(", ");
  };

  const compare = document.getElementById("compare");
  const compared = document.getElementById("compared");
  const showCompared = () => {
    const [a, b] = ["a", "b"].map((name) => Number(compare.elements[name].value));
    const names = [labels[a], labels[b]];
    const turned = a > b;
    const rows = pairs.filter(([, first, second]) => (turned ? first === b && second === a : first === a && second === b));
    if (a === b || !rows.length) {
      compared.replaceChildren(make("p", { class: "muted" }, a === b ? "Choose two models." : "These two have no task in common here, or are not among the models whose pairs are tested for this page."));
      return;
    }
    const titles = ["Task", names[0], names[1], turned ? `Steps of ${names[0]} over those of ${names[1]}` : `Steps of ${names[1]} over those of ${names[0]}`, ...RANKINGS];
    compared.replaceChildren(
      tableOf(titles, rows.map(([task, first, second, ratio, tests]) => [
        isolated(heads[task].querySelector("bdi").textContent), cellText(a, task), cellText(b, task), ratio,
        ...tests.map((test) => told(test, [labels[first], labels[second]])),
      ])),
      make("p", { class: "notes" }, "p: of an exact permutation test of this pair alone, two-sided. Told apart: still so when all pairs of the task are taken together, by Holm. Not told apart means that chance may be why."),
    );
  };

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
      make("a", { href: `${board}/index.html#${new URLSearchParams({ task, model: model.split(":")[0] })}` }, board),
    ]))] : []));
  };

  for (const [form, act] of [[compare, showCompared], [search, showFound]]) {
    form.hidden = false;
    form.addEventListener("input", act);
    form.addEventListener("submit", (event) => event.preventDefault());
  }
  showCompared();
})();

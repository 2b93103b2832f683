// Two models beside each other: what the tests say of each task that both ran. The address names them: ?compare=a,b.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("pairs").textContent);
  const form = document.getElementById("compare");
  const compared = document.getElementById("compared");
  const RANKINGS = ["Sooner", "More seeds solved", "Generalises sooner", "Less error at the longest size"];
  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };
  // A name may break into lines where the parts of a variant end.
  const isolated = (text) => make("bdi", {}, ...text.split(/(?<=[:=_,])(?=\S)/).flatMap((part, place) => (place ? [make("wbr"), part] : [part])));
  const names = ["a", "b"];
  const chosen = () => names.map((name) => form.elements[name].value);

  const told = (test, labels) => {
    if (!test) return "not measured";
    const [lead, p, apart] = test;
    if (!lead) return `no difference (p ${p})`;
    return make("span", {}, isolated(labels[lead < 0 ? 0 : 1]), `, p ${p}: ${apart ? "told apart" : "not told apart"}`);
  };

  const tableOf = (labels, rows) => make("div", { class: "scroll whole", role: "group", "aria-label": "Two models", tabindex: "0" },
    make("table", {},
      make("thead", {}, make("tr", {}, ...["Task", ...labels, "Ratio of steps", ...RANKINGS].map((title) => make("th", { scope: "col", class: "words" }, isolated(title))))),
      make("tbody", {}, ...rows.map(([task, first, second, ratio, tests]) => {
        const pair = [data.labels[first], data.labels[second]];
        const texts = pair[0] === labels[0] ? [first, second] : [second, first];
        const cells = [
          isolated(data.tasks[task]), ...texts.map((row) => data.texts[task][row] ?? ""),
          make("span", {}, ratio, make("small", {}, isolated(pair[1]), " over ", isolated(pair[0]))),
          ...tests.map((test) => told(test, pair)),
        ];
        return make("tr", {}, ...cells.map((cell) => make("td", { class: "words" }, cell)));
      }))));

  const show = () => {
    const labels = chosen();
    const rows = data.pairs.filter(([, first, second]) => {
      const pair = [data.labels[first], data.labels[second]];
      return labels[0] !== labels[1] && labels.every((label) => pair.includes(label));
    });
    if (!labels.every(Boolean)) compared.replaceChildren();
    else if (labels[0] === labels[1]) compared.replaceChildren(make("p", { class: "muted" }, "Choose two that differ."));
    else if (rows.length) {
      compared.replaceChildren(tableOf(labels, rows), make("p", { class: "muted" }, "p: of an exact permutation test of this pair alone, two-sided. Told apart: also when all pairs of the task are taken together, by Holm. Not told apart: chance may be why they differ."));
    } else {
      compared.replaceChildren(make("p", { class: "muted" }, "There is no test of these two here: they have no task in common, or are not among the first rows, of which each pair is tested."));
    }
    const places = data.labels.flatMap((label, row) => (labels.includes(label) ? [row] : []));
    document.dispatchEvent(new CustomEvent("compared", { detail: labels.every(Boolean) ? places : null }));
  };

  const read = () => {
    const given = new URLSearchParams(location.search).get("compare");
    if (given === null) return;
    const known = [...form.elements.a.options].map((option) => option.value).filter(Boolean);
    // Names of models contain commas: of all places to split at, the one that leaves two names counts.
    const first = known.find((label) => given.startsWith(`${label},`) && known.includes(given.slice(label.length + 1)));
    if (first === undefined) return;
    form.elements.a.value = first;
    form.elements.b.value = given.slice(first.length + 1);
  };

  form.addEventListener("input", () => {
    const labels = chosen();
    const query = labels.every(Boolean) ? `?${new URLSearchParams({ compare: labels.join(",") })}` : location.pathname;
    history.replaceState(null, "", `${query}${location.hash}`);
    show();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  read();
  show();
})();

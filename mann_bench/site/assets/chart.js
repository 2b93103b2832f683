// Draws the charts that the page describes as data, with their legends and tables.
"use strict";
(() => {
  const { Plot } = window;
  const MOST = 8;
  const DASHES = [null, "7 3", "7 2 2 2", "2 2.5", "12 3"];
  const SYMBOLS = ["circle", "square", "triangle", "diamond", "star", "wye", "cross", "hexagon"];
  const MARKS = 6;
  const sections = JSON.parse(document.getElementById("charts").textContent);

  const plain = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });
  const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
  const text = (value) => value === Infinity ? "∞" : typeof value === "number" ? plain.format(value) : value;
  const ticked = (most) => (value) => (most >= 1e5 ? compact : plain).format(value);

  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };

  // Infinity comes as a word, since JSON lacks it. NaN stands for an interval that there is not.
  const points = (series) => series.x.map((x, index) => ({
    x, y: Number(series.y[index]), index, label: series.label,
    low: Number(series.low?.[index] ?? NaN), high: Number(series.high?.[index] ?? NaN),
  }));

  const styleOf = (number) => ({
    color: `var(--series-${number % MOST})`,
    dash: DASHES[number % DASHES.length],
    symbol: SYMBOLS[number % SYMBOLS.length],
    number,
  });

  // A row keeps its own style where no other row shown has it.
  const styled = (rows, styles) => {
    const taken = new Set();
    return new Map(rows.map((row) => {
      let number = styles.get(row) % MOST;
      while (taken.has(number)) number = (number + 1) % MOST;
      taken.add(number);
      return [row, styleOf(number)];
    }));
  };

  const scoreAxis = (axis, values) => {
    const finite = values.filter((value) => Number.isFinite(value) && (axis.floor !== null || value > 0));
    const least = Math.min(...finite, Infinity);
    const reached = axis.floor !== null && least <= axis.floor;
    const low = reached ? axis.floor : 10 ** Math.floor(Math.log10(Number.isFinite(least) ? least : 1));
    const high = Math.max(...finite, low * 10) * 1.4;
    const powers = Math.ceil(Math.log10(high / low));
    const every = Math.ceil(powers / 7);
    const ticks = Array.from({ length: Math.ceil(powers / every) }, (_, index) => low * 10 ** (index * every));
    return {
      // A little room below, so that what lies on the floor is not cut in half.
      type: "log", domain: [low / (high / low) ** 0.02, high], ticks, grid: true, label: null,
      tickFormat: (value) => (reached && value === low ? `≤ ${plain.format(value)}` : ticked(high)(value)),
    };
  };

  const yAxis = (axis, values) => {
    if (axis.scale === "log") return scoreAxis(axis, values);
    const finite = values.filter(Number.isFinite);
    const least = axis.least ?? Math.min(...finite, 0), most = axis.most ?? Math.max(...finite, least + 1e-9);
    return { domain: [least - (most - least) * 0.02, most + (most - least) * 0.04], ticks: 5, grid: true, label: null, tickFormat: ticked(most) };
  };

  const logTicks = (low, high, most) => {
    const powers = [];
    for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power += 1) powers.push(10 ** power);
    const choices = [[1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 5], [1, 3], [1]].map((factors) =>
      powers.flatMap((power) => factors.map((factor) => factor * power)).filter((tick) => tick >= low && tick <= high));
    const fitting = choices.find((ticks) => ticks.length <= most) ?? choices.at(-1);
    return fitting.filter((_, index) => index % Math.ceil(fitting.length / most) === 0);
  };

  const xAxis = (axis, chart, all, width) => {
    const count = Math.max(2, Math.floor(width / 90));
    if (axis.scale === "point") {
      return { type: "point", domain: [...new Set(all.map((point) => point.x))], label: null, padding: 0.6 };
    }
    const values = all.map((point) => point.x);
    const least = Math.min(...values), most = Math.max(...values);
    if (axis.scale === "log") {
      const domain = [least / 1.6, most * 1.6];
      return { type: "log", domain, ticks: logTicks(...domain, Math.min(count, 6)), label: null, tickFormat: ticked(domain[1]) };
    }
    return { domain: [axis.least ?? least, most === least ? most + 1 : most], ticks: count, label: null, tickFormat: ticked(most) };
  };

  const spread = (index, count) => 34 * ((index + 0.5) / count - 0.5);

  const chosenMarks = (series, style, count) => {
    if (series.marks) return series.marks;
    const distance = Math.max(1, Math.floor(count / MARKS));
    const marks = [];
    for (let index = Math.floor(distance * (style.number % 4) / 4); index < count; index += distance) marks.push(index);
    return marks;
  };

  const seriesMarks = (chart, { series, style }, place, count, floor) => {
    const clamp = (value) => Math.max(value, floor);
    const line = points(series).map((p) => ({ ...p, y: clamp(p.y), low: clamp(p.low), high: clamp(p.high) }));
    // Far above every axis, so that a line to infinity is seen to leave it.
    const off = (value) => Math.min(value, 1e30);
    const joined = chart.kind === "lines" || chart.kind === "steps";
    const dx = chart.kind === "marks" ? spread(place, count) : 0;
    const hollow = new Set(series.hollow), marked = new Set(chosenMarks(series, style, line.length));
    const marks = [];
    if (series.low && joined) {
      marks.push(Plot.areaY(line, { x: "x", y1: (p) => off(p.low), y2: (p) => off(p.high), fill: style.color, fillOpacity: 0.1, clip: true }));
      // Where bands lie on one another, their edges still tell them apart.
      for (const edge of ["low", "high"]) {
        marks.push(Plot.lineY(line, { x: "x", y: (p) => off(p[edge]), stroke: style.color, strokeOpacity: 0.45, strokeWidth: 0.8, strokeDasharray: style.dash, clip: true }));
      }
    } else if (series.low) {
      marks.push(Plot.ruleX(line, { x: "x", y1: (p) => off(p.low), y2: (p) => off(p.high), stroke: style.color, strokeWidth: 1.6, strokeOpacity: 0.6, dx, clip: true }));
    }
    if (joined) {
      marks.push(Plot.lineY(line, {
        x: "x", y: (p) => off(p.y), stroke: style.color, strokeWidth: series.bold ? 2.8 : 1.7, strokeDasharray: style.dash,
        curve: chart.kind === "steps" ? "step-after" : "linear", clip: true,
      }));
    }
    const dots = line.filter((p) => marked.has(p.index) || !joined).filter((p) => Number.isFinite(p.y));
    if (chart.kind === "steps") {
      marks.push(Plot.ruleX(dots, { x: "x", y1: (p) => p.y - 0.03, y2: (p) => p.y + 0.03, stroke: style.color, strokeWidth: 2 }));
    } else {
      marks.push(Plot.dot(dots, {
        x: "x", y: "y", symbol: style.symbol, r: chart.small ? 3 : 3.8, stroke: style.color, strokeWidth: 1.5, dx,
        fill: (p) => (hollow.has(p.index) ? "var(--surface)" : style.color),
      }));
    }
    return marks;
  };

  const isFront = (all) => {
    let best = Infinity;
    return all.filter((p) => Number.isFinite(p.y)).sort((a, b) => a.x - b.x || a.y - b.y)
      .filter((p) => p.y < best && ((best = p.y), true));
  };

  const backgroundMarks = (chart, all, floor) => {
    const muted = { stroke: "var(--muted)", strokeWidth: 1.2 };
    const marks = [];
    if (chart.shaded.length && chart.x.scale === "linear") {
      marks.push(Plot.rectX([0], { x1: Math.min(...chart.shaded), x2: Math.max(...chart.shaded), fill: "var(--shade)" }));
    } else if (chart.shaded.length) {
      marks.push(Plot.ruleX(chart.shaded, { x: (x) => x, stroke: "var(--shade)", strokeWidth: 40 }));
    }
    for (const rule of chart.rules) {
      marks.push(Plot.ruleY([rule.y], { ...muted, strokeDasharray: "1.5 3" }));
      marks.push(Plot.text([rule.label], { y: () => rule.y, text: (d) => d, frameAnchor: "right", textAnchor: "end", dy: -7, fill: "var(--muted)" }));
    }
    for (const reference of chart.references) {
      const line = points(reference);
      marks.push(Plot.lineY(line, { x: "x", y: "y", ...muted, strokeDasharray: "8 4", clip: true }));
      marks.push(Plot.text(line.slice(-1), { x: "x", y: "y", text: () => reference.label, textAnchor: "end", dy: -8, fill: "var(--muted)" }));
    }
    if (chart.kind === "front") {
      const clamped = all.map((p) => ({ ...p, y: Math.max(p.y, floor) })).filter((p) => Number.isFinite(p.y));
      marks.push(Plot.dot(clamped, { x: "x", y: "y", r: 2.2, fill: "var(--muted)", fillOpacity: 0.45 }));
      marks.push(Plot.lineY(isFront(clamped), { x: "x", y: "y", ...muted, curve: "step-after" }));
    }
    return marks;
  };

  const interval = (p) => (Number.isNaN(p.low) ? "" : ` [${text(p.low)}, ${text(p.high)}]`);

  const draw = (chart, shown, plot) => {
    const width = Math.max(240, plot.clientWidth);
    const every = chart.series.flatMap(points);
    const all = chart.kind === "front" ? every : shown.flatMap(({ series }) => points(series));
    const drawn = shown.flatMap(({ series }) => points(series));
    if (!all.length) return plot.replaceChildren(make("p", { class: "muted" }, "Nothing to draw."));
    const references = chart.references.flatMap(points);
    const values = [...all.flatMap((p) => [p.y, p.low, p.high]), ...references.map((p) => p.y), ...chart.rules.map((r) => r.y)]
      .filter((value) => !Number.isNaN(value));
    const y = yAxis(chart.y, values), floor = chart.y.scale === "log" ? y.ticks[0] : -Infinity;
    const tips = drawn.filter((p) => Number.isFinite(p.y)).map((p) => ({ ...p, at: Math.max(p.y, floor) }));
    const svg = Plot.plot({
      className: "chart", width, height: chart.small ? 190 : Math.min(340, Math.max(250, width * 0.6)),
      marginLeft: 52, marginRight: 12, marginTop: 14, marginBottom: 28,
      x: xAxis(chart.x, chart, [...all, ...references], width), y,
      ariaLabel: `${chart.title}: ${chart.y.label} against ${chart.x.label}`,
      ariaDescription: "The table below the chart has its data.",
      marks: [
        ...backgroundMarks(chart, all, floor),
        ...shown.flatMap((each, place) => seriesMarks(chart, each, place, shown.length, floor)),
        Plot.tip(tips, Plot.pointer({
          x: "x", y: "at", fill: "var(--surface)", stroke: "var(--line)", maxRadius: 24, preferredAnchor: "bottom",
          title: (p) => `${p.label}\n${chart.x.label}: ${text(p.x)}\n${chart.y.label}: ${text(p.y)}${interval(p)}`,
        })),
      ],
    });
    svg.setAttribute("role", "img");
    // As an image it has one name; its parts may have none.
    for (const part of svg.querySelectorAll("[aria-label]")) part.removeAttribute("aria-label");
    // Its rules stand in the style sheet of the page: the policy of the page lets no other style in.
    svg.querySelector("style")?.remove();
    return plot.replaceChildren(svg);
  };

  const dataTable = (chart, shown) => {
    const columns = shown.map(({ series }) => new Map(points(series).map((p) => [p.x, `${text(p.y)}${interval(p)}`])));
    const places = [...new Set(columns.flatMap((column) => [...column.keys()]))];
    if (chart.x.scale !== "point") places.sort((a, b) => a - b);
    const head = make("tr", {}, make("th", { scope: "col" }, chart.x.label),
      ...shown.map(({ series }) => make("th", { scope: "col" }, make("bdi", {}, series.label))));
    const body = places.map((x) => make("tr", {}, make("th", { scope: "row" }, text(x)),
      ...columns.map((column) => make("td", {}, column.get(x) ?? "–"))));
    const caption = `${chart.y.label}${shown.some(({ series }) => series.low) ? ` [${chart.interval}]` : ""}`;
    return make("table", {}, make("caption", {}, caption), make("thead", {}, head), make("tbody", {}, ...body));
  };

  const sample = (style) => {
    const element = make("span", { class: "sample", "aria-hidden": "true" });
    element.append(Plot.plot({
      className: "chart", width: 40, height: 14, margin: 0, axis: null, x: { domain: [0, 2] }, y: { domain: [0, 2] },
      marks: [
        Plot.line([[0, 1], [2, 1]], { stroke: style.color, strokeWidth: 2, strokeDasharray: style.dash }),
        Plot.dot([[1, 1]], { symbol: style.symbol, fill: style.color, r: 4 }),
      ],
    }));
    element.querySelector("style")?.remove();
    return element;
  };

  class SectionView {
    constructor(section) {
      this.section = section;
      this.element = document.getElementById(section.name);
      this.styles = new Map(section.charts.flatMap((chart) => chart.series).map((series) => [series.row ?? series.label, series.style]));
      this.rows = null;
      this.near = new Set();
      this.figures = new Map(section.charts.map((chart) => [document.getElementById(chart.name), chart]));
      const seen = new IntersectionObserver((entries) => {
        for (const { target, isIntersecting } of entries) {
          if (isIntersecting) this.near.add(target); else this.near.delete(target);
          if (isIntersecting) this.refresh(target);
        }
      }, { rootMargin: "300px" });
      const sized = new ResizeObserver((entries) => entries.forEach(({ target }) => this.near.has(target) && this.refresh(target)));
      for (const figure of this.figures.keys()) {
        seen.observe(figure);
        sized.observe(figure);
        figure.querySelector("details").addEventListener("toggle", () => this.refresh(figure));
      }
      this.show(null);
    }

    show(rows) {
      const own = new Set([...this.styles.keys()].filter((key) => typeof key === "number"));
      const chosen = (rows ?? [...own].sort((a, b) => a - b)).filter((row) => own.has(row));
      this.element.hidden = own.size > 0 && chosen.length === 0;
      this.rows = chosen.slice(0, MOST);
      this.style = styled(this.rows, this.styles);
      for (const [key, number] of this.styles) if (typeof key === "string") this.style.set(key, styleOf(number));
      this.version = Symbol("what is shown");
      this.legend(chosen.length);
      for (const figure of this.near) this.refresh(figure);
    }

    shownOf(chart) {
      const found = new Map(chart.series.map((series) => [series.row ?? series.label, series]));
      return [...this.style].filter(([key]) => found.has(key)).map(([key, style]) => ({ series: found.get(key), style }));
    }

    legend(count) {
      const labels = new Map(this.section.charts.flatMap((chart) => chart.series).map((series) => [series.row ?? series.label, series.label]));
      const items = [...this.style].map(([key, style]) => make("li", {}, sample(style), make("bdi", {}, labels.get(key))));
      if (count > MOST) items.push(make("li", { class: "muted" }, `the first ${MOST} of the ${count} rows shown in the table; sort or filter it for others`));
      this.element.querySelector(".legend").replaceChildren(...items);
    }

    refresh(figure) {
      const chart = this.figures.get(figure), plot = figure.querySelector(".plot"), details = figure.querySelector("details");
      const state = [this.version, plot.clientWidth];
      const shown = this.shownOf(chart);
      if (figure.state?.[0] !== state[0] || figure.state?.[1] !== state[1]) {
        figure.state = state;
        draw(chart, shown, plot);
      }
      if (details.open && details.version !== this.version) {
        details.version = this.version;
        details.querySelector(".scroll").replaceChildren(dataTable(chart, shown));
      }
    }
  }

  const views = sections.map((section) => new SectionView(section));
  document.addEventListener("rows-shown", (event) => views.forEach((view) => view.show(event.detail)));
})();

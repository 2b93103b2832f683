// Draws the charts that the page describes as data, with their legends and tables.
"use strict";
(() => {
  const { Plot } = window;
  const MOST = 8;
  const DASHES = [null, "7 3", "7 2 2 2", "2 2.5", "12 3"];
  const SYMBOLS = ["circle", "square", "triangle", "diamond", "star", "wye", "cross", "hexagon"];
  const MARKS = 6;
  const BANDS = 3;  // more than these on one another cannot be read
  // What recurs stands once in the page: a series names its line and its lists by their places.
  const { lists, sections: packed } = JSON.parse(document.getElementById("charts").textContent);
  const list = (place) => (place === undefined || place === null ? null : lists[place]);
  const unpacked = (lines, [line, x, y, low, high, hollow, marks, bold = false]) => {
    const [row, label, style] = lines[line];
    return { row, label, style, x: list(x), y: list(y), low: list(low), high: list(high), hollow: list(hollow) ?? [], marks: list(marks), bold };
  };
  const sections = packed.map(({ lines, charts, ...section }) => ({
    ...section, charts: charts.map((chart) => ({ ...chart, series: chart.series.map((series) => unpacked(lines, series)) })),
  }));

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

  // Colour and dash are the model's, on every page, and so is the marker of its first row; its other rows have others.
  // Marks have no dash: models of one colour differ in their markers.
  const styleOf = (number, same = 0) => ({
    color: `var(--series-${number % MOST})`,
    dash: DASHES[number % DASHES.length],
    symbol: SYMBOLS[(number + Math.floor(number / MOST) + same) % SYMBOLS.length],
    number,
  });

  const styled = (styles) => {
    const seen = new Set(), taken = new Set();
    const looks = ({ color, symbol }) => `${color} ${symbol}`;
    for (const number of styles.values()) taken.add(looks(styleOf(number)));
    return new Map([...styles].map(([key, number]) => {
      let same = 0;
      if (seen.has(number)) while (same < SYMBOLS.length - 1 && taken.has(looks(styleOf(number, same)))) same += 1;
      seen.add(number);
      taken.add(looks(styleOf(number, same)));
      return [key, styleOf(number, same)];
    }));
  };

  // How much room an axis has below its end, in which lines that lie on it are drawn one below the other.
  const room = (count) => 0.02 + 0.012 * count;

  const scoreAxis = (axis, values, count) => {
    const finite = values.filter((value) => Number.isFinite(value) && (axis.floor !== null || value > 0));
    const least = Math.min(...finite, Infinity);
    const reached = axis.floor !== null && least <= axis.floor;
    const low = reached ? axis.floor : 10 ** Math.floor(Math.log10(Number.isFinite(least) ? least : 1));
    const high = Math.max(...finite, low * 10) * 1.4;
    const powers = Math.ceil(Math.log10(high / low));
    const every = Math.ceil(powers / 7);
    const ticks = Array.from({ length: Math.ceil(powers / every) }, (_, index) => low * 10 ** (index * every));
    return {
      type: "log", domain: [low / (high / low) ** room(count), high], ticks, grid: true, label: null,
      tickFormat: (value) => (reached && value === low ? `≤ ${plain.format(value)}` : ticked(high)(value)),
    };
  };

  const yAxis = (axis, values, count) => {
    if (axis.scale === "log") return scoreAxis(axis, values, count);
    const finite = values.filter(Number.isFinite);
    const least = axis.least ?? Math.min(...finite, 0), most = axis.most ?? Math.max(...finite, least + 1e-9);
    return { domain: [least - (most - least) * room(count), most + (most - least) * 0.04], ticks: 5, grid: true, label: null, tickFormat: ticked(most) };
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

  // Where a line is drawn that lies on others: below the end of the axis, each a little lower.
  const lowered = (chart, axis, floor, place, count) => {
    const part = (place + 0.5) / (count + 1);
    if (chart.y.scale === "log") return (value) => (value <= floor ? floor * (axis.domain[0] / floor) ** part : value);
    return chart.kind === "steps" ? (value) => value + axis.domain[0] * part : (value) => value;
  };

  const seriesMarks = (chart, { series, style, faint }, place, count, floor, axis, bands) => {
    const clamp = (value) => Math.max(value, floor), lower = lowered(chart, axis, floor, place, count);
    const line = points(series).map((p) => ({ ...p, y: lower(p.y), low: clamp(p.low), high: clamp(p.high) }));
    const opacity = faint ? 0.15 : 1;
    // Far above every axis, so that a line to infinity is seen to leave it.
    const off = (value) => Math.min(value, 1e30);
    const joined = chart.kind === "lines" || chart.kind === "steps";
    const dx = chart.kind === "marks" ? spread(place, count) : 0;
    const hollow = new Set(series.hollow), marked = new Set(chosenMarks(series, style, line.length));
    const marks = [];
    if (series.low && joined && bands && !faint) {
      marks.push(Plot.areaY(line, { x: "x", y1: (p) => off(p.low), y2: (p) => off(p.high), fill: style.color, fillOpacity: 0.14, clip: true }));
      // Where bands lie on one another, their edges still tell them apart.
      for (const edge of ["low", "high"]) {
        marks.push(Plot.lineY(line, { x: "x", y: (p) => off(p[edge]), stroke: style.color, strokeOpacity: 0.45, strokeWidth: 0.8, strokeDasharray: style.dash, clip: true }));
      }
    } else if (series.low && !joined) {
      marks.push(Plot.ruleX(line, { x: "x", y1: (p) => off(p.low), y2: (p) => off(p.high), stroke: style.color, strokeWidth: 1.6, strokeOpacity: 0.6 * opacity, dx, clip: true }));
    }
    if (joined) {
      marks.push(Plot.lineY(line, {
        x: "x", y: (p) => off(p.y), stroke: style.color, strokeWidth: series.bold ? 2.8 : 1.7, strokeDasharray: style.dash,
        curve: chart.kind === "steps" ? "step-after" : "linear", clip: true, strokeOpacity: opacity,
      }));
    }
    const dots = line.filter((p) => marked.has(p.index) || !joined).filter((p) => Number.isFinite(p.y));
    if (chart.kind === "steps") {
      marks.push(Plot.ruleX(dots, { x: "x", y1: (p) => p.y - 0.03, y2: (p) => p.y + 0.03, stroke: style.color, strokeWidth: 2, strokeOpacity: opacity }));
    } else {
      marks.push(Plot.dot(dots, {
        x: "x", y: "y", symbol: style.symbol, r: chart.small ? 3 : 3.8, stroke: style.color, strokeWidth: 1.5, dx, opacity,
        fill: (p) => (hollow.has(p.index) ? "var(--surface)" : style.color),
      }));
    }
    return marks;
  };

  // Marks of which no other is both cheaper and better: lower on a front, higher on a crest.
  const isFront = (chart) => chart.kind === "front" || chart.kind === "crest";
  const unbeaten = (chart, all) => {
    const sign = chart.kind === "crest" ? -1 : 1;
    let best = Infinity;
    return all.filter((p) => Number.isFinite(p.y)).sort((a, b) => a.x - b.x || sign * (a.y - b.y))
      .filter((p) => sign * p.y < best && ((best = sign * p.y), true));
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
    if (isFront(chart)) {
      const clamped = all.map((p) => ({ ...p, y: Math.max(p.y, floor) })).filter((p) => Number.isFinite(p.y));
      marks.push(Plot.dot(clamped, { x: "x", y: "y", r: 2.2, fill: "var(--muted)", fillOpacity: 0.45 }));
      marks.push(Plot.lineY(unbeaten(chart, clamped), { x: "x", y: "y", ...muted, curve: "step-after" }));
    }
    return marks;
  };

  const interval = (p) => (Number.isNaN(p.low) ? "" : ` [${text(p.low)}, ${text(p.high)}]`);

  const draw = (chart, shown, plot) => {
    const width = Math.max(240, plot.clientWidth);
    const every = chart.series.flatMap(points);
    const all = isFront(chart) ? every : shown.flatMap(({ series }) => points(series));
    const clear = shown.filter(({ faint }) => !faint);
    const drawn = clear.flatMap(({ series }) => points(series));
    if (!all.length) return plot.replaceChildren(make("p", { class: "muted" }, "Nothing to draw."));
    const references = chart.references.flatMap(points);
    const values = [...all.flatMap((p) => [p.y, p.low, p.high]), ...references.map((p) => p.y), ...chart.rules.map((r) => r.y)]
      .filter((value) => !Number.isNaN(value));
    const y = yAxis(chart.y, values, shown.length), floor = chart.y.scale === "log" ? y.ticks[0] : -Infinity;
    const tips = drawn.filter((p) => Number.isFinite(p.y)).map((p) => ({ ...p, at: Math.max(p.y, floor) }));
    const svg = Plot.plot({
      className: "chart", width, height: chart.small ? 190 : Math.min(340, Math.max(250, width * 0.6)),
      marginLeft: 52, marginRight: 12, marginTop: 14, marginBottom: 28,
      x: xAxis(chart.x, chart, [...all, ...references], width), y,
      ariaLabel: `${chart.title}: ${chart.y.label} against ${chart.x.label}`,
      ariaDescription: "The table below the chart has its data.",
      marks: [
        ...backgroundMarks(chart, all, floor),
        // What stands out is drawn last, on top of the others.
        ...[...shown.entries()].sort(([, one], [, other]) => Boolean(other.faint) - Boolean(one.faint))
          .flatMap(([place, each]) => seriesMarks(chart, each, place, shown.length, floor, y, clear.length <= BANDS)),
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

  let isolated = null;

  const legendItems = (labels) => [...labels].map(([label, style]) => {
    const button = make("button", { type: "button", "aria-pressed": String(label === isolated) }, sample(style), make("bdi", {}, label));
    button.addEventListener("click", () => isolate(label === isolated ? null : label));
    return make("li", {}, button);
  });

  class SectionView {
    constructor(section) {
      this.section = section;
      this.element = document.getElementById(section.name);
      this.labels = new Map(section.charts.flatMap((chart) => chart.series).map((series) => [series.row ?? series.label, series.label]));
      this.styles = new Map(section.charts.flatMap((chart) => chart.series).map((series) => [series.row ?? series.label, series.style]));
      this.every = styled(this.styles);
      this.glance = document.getElementById(`glance-${section.name}`);
      this.near = new Set();
      this.figures = new Map(section.charts.map((chart) => [document.getElementById(chart.name), chart]));
      if (this.glance) this.figures.set(this.glance, { ...section.charts[0], small: true });
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
        figure.querySelector("details")?.addEventListener("toggle", () => this.refresh(figure));
      }
      this.show(null);
    }

    show(rows) {
      const own = new Set([...this.styles.keys()].filter((key) => typeof key === "number"));
      const chosen = (rows ?? [...own].sort((a, b) => a - b)).filter((row) => own.has(row));
      this.element.hidden = own.size > 0 && chosen.length === 0;
      if (this.glance) this.glance.hidden = this.element.hidden;
      this.count = chosen.length;
      const keys = [...chosen.slice(0, MOST), ...[...this.styles.keys()].filter((key) => typeof key === "string")];
      this.style = new Map(keys.map((key) => [key, this.every.get(key)]));
      this.draw();
    }

    draw() {
      this.version = Symbol("what is shown");
      this.legend(this.count);
      for (const figure of this.near) this.refresh(figure);
    }

    get shownLabels() { return new Map([...this.style].map(([key, style]) => [this.labels.get(key), style])); }

    shownOf(chart) {
      const found = new Map(chart.series.map((series) => [series.row ?? series.label, series]));
      const apart = this.shownLabels.has(isolated);
      return [...this.style].filter(([key]) => found.has(key)).map(([key, style]) => (
        { series: found.get(key), style, faint: apart && this.labels.get(key) !== isolated }));
    }

    legend(count) {
      const items = legendItems(this.shownLabels);
      if (count > MOST) items.push(make("li", { class: "muted" }, `the first ${MOST} of the ${count} rows shown in the table; sort or filter it for others`));
      this.element.querySelector(".legend").replaceChildren(...items);
    }

    refresh(figure) {
      const chart = this.figures.get(figure), plot = figure.querySelector(".plot"), details = figure.querySelector("details");
      const state = [this.version, plot.clientWidth];
      if (!state[1]) return;  // in a part of the page that is folded
      const shown = this.shownOf(chart);
      if (figure.state?.[0] !== state[0] || figure.state?.[1] !== state[1]) {
        figure.state = state;
        draw(chart, shown, plot);
      }
      if (details?.open && details.version !== this.version) {
        details.version = this.version;
        details.querySelector(".scroll").replaceChildren(dataTable(chart, shown.filter(({ faint }) => !faint)));
      }
    }
  }

  const views = sections.map((section) => new SectionView(section));
  const glanced = document.getElementById("glance-legend");
  const showGlanced = () => {
    const labels = new Map(views.filter((view) => view.glance && !view.glance.hidden).flatMap((view) => [...view.shownLabels]));
    glanced?.replaceChildren(...legendItems(labels));
  };
  const isolate = (label) => {
    const within = document.activeElement?.closest(".legend");
    isolated = label;
    views.forEach((view) => view.draw());
    showGlanced();
    within?.querySelector(label === null ? "button" : "[aria-pressed=true]")?.focus();
  };
  showGlanced();
  document.addEventListener("rows-shown", (event) => {
    views.forEach((view) => view.show(event.detail));
    showGlanced();
  });

  // Paper has no folds, and nothing on it comes near.
  let unfolded = [];
  addEventListener("beforeprint", () => {
    unfolded = [...document.querySelectorAll("details.fold:not([open])")];
    for (const fold of unfolded) fold.open = true;
    for (const view of views) for (const figure of view.figures.keys()) view.refresh(figure);
  });
  addEventListener("afterprint", () => { for (const fold of unfolded) fold.open = false; });
})();

// Draws what memories do: pictures and lines above one another, over one time axis.
"use strict";
(() => {
  const { Plot, d3 } = window;
  const LEFT = 34, RIGHT = 8, TOP = 20;
  const DASHES = [null, "5 2.5", "1.5 2", "8 2 1.5 2"];
  const PALE = 0.3;
  const number = new Intl.NumberFormat("en", { maximumSignificantDigits: 2 });

  const decode = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

  const valuesOf = ({ data, minimum, maximum }) =>
    Array.from(decode(data), (level) => minimum + (level / 255) * (maximum - minimum));

  const ticksOf = (count, most) => {
    const every = Math.ceil(count / most);
    return Array.from({ length: Math.ceil(count / every) }, (_, index) => index * every);
  };

  // The colours themselves, since a picture is painted and cannot follow the style sheet.
  const colorsOf = (element) => {
    const probe = document.createElement("span");
    element.append(probe);
    const [ink, below] = ["ink", "series-1"].map((name) => {
      probe.style.color = `var(--${name})`;
      return getComputedStyle(probe).color;
    });
    probe.remove();
    return { ink, below };
  };

  const picture = (panel, { ink, below }) => {
    const [rows, steps] = panel.shape, values = valuesOf(panel);
    const mask = panel.mask && decode(panel.mask), most = Math.max(panel.maximum, -panel.minimum) || 1;
    return {
      height: Math.min(190, Math.max(40, rows * 6)),
      y: {
        domain: [-0.5, rows - 0.5], ticks: ticksOf(rows, 5), tickFormat: (row) => `${panel.rows[row]}`,
      },
      marks: [Plot.raster(values, {
        width: steps, height: rows, x1: -0.5, x2: steps - 0.5, y1: -0.5, y2: rows - 0.5, imageRendering: "pixelated",
        fill: (value) => (value < 0 ? below : ink),
        fillOpacity: (value, index) => (Math.abs(value) / most) * (mask && !mask[index % steps] ? PALE : 1),
      })],
    };
  };

  const lineStyle = (index) => ({ stroke: `var(--series-${index % 8})`, strokeDasharray: DASHES[index % DASHES.length] });

  const lines = (panel) => {
    const steps = panel.shape[1], values = valuesOf(panel);
    const points = values.map((y, index) => ({ x: index % steps, y, line: Math.floor(index / steps) }));
    const ends = [panel.minimum, panel.maximum || panel.minimum + 1];
    return {
      height: 34,
      y: { domain: ends, ticks: ends, tickFormat: (value) => number.format(value) },
      marks: panel.lines.map((_, line) => Plot.lineY(points.filter((point) => point.line === line),
        { x: "x", y: "y", strokeWidth: 1.4, ...lineStyle(line) })),
    };
  };

  const draw = (panel, width, colors, isLast) => {
    const { height, y, marks } = panel.rows ? picture(panel, colors) : lines(panel);
    const bottom = isLast ? 22 : 4, steps = panel.shape[1];
    const least = `${number.format(panel.minimum)}${panel.minimum < 0 ? " (orange)" : ""}`;
    const scale = panel.rows ? `${least} to ${number.format(panel.maximum)}` : "";
    const svg = Plot.plot({
      className: "chart", width, height: height + TOP + bottom,
      marginLeft: LEFT, marginRight: RIGHT, marginTop: TOP, marginBottom: bottom,
      x: {
        domain: [-0.5, steps - 0.5], axis: isLast ? "bottom" : null, label: null, tickFormat: String,
        ticks: d3.ticks(0, steps - 1, width / 60).filter(Number.isInteger),
      },
      y: { ...y, label: null, tickSize: 3 }, color: { type: "identity" }, opacity: { type: "identity" },
      marks: [
        Plot.frame({ stroke: "var(--line)" }),
        ...marks,
        Plot.text([panel.label], { frameAnchor: "top-left", dy: -15, fill: "var(--ink)" }),
        Plot.text([scale], { frameAnchor: "top-right", dy: -15 }),
      ],
    });
    // Its rules stand in the style sheet of the page: the policy of the page lets no other style in.
    svg.querySelector("style")?.remove();
    for (const part of svg.querySelectorAll("[aria-label]")) part.removeAttribute("aria-label");
    return svg;
  };

  const legend = (panels) => {
    const names = panels.map((panel) => panel.lines ?? [])
      .reduce((most, each) => (each.length > most.length ? each : most), []);
    return names.length < 2 ? [] : names.map((name, line) => {
      const item = document.createElement("li"), sample = document.createElement("span");
      sample.className = "sample";
      sample.ariaHidden = "true";
      sample.append(Plot.plot({
        className: "chart", width: 32, height: 10, margin: 0, axis: null, x: { domain: [0, 1] }, y: { domain: [0, 2] },
        marks: [Plot.line([[0, 1], [1, 1]], { strokeWidth: 2, ...lineStyle(line) })],
      }));
      sample.querySelector("style")?.remove();
      item.append(sample, name);
      return item;
    });
  };

  class TraceView {
    constructor(figure) {
      this.plot = figure.querySelector(".plot");
      this.panels = JSON.parse(figure.querySelector("script").textContent);
      figure.querySelector(".legend").replaceChildren(...legend(this.panels));
    }

    refresh() {
      const width = Math.max(240, this.plot.clientWidth), colors = colorsOf(this.plot);
      const state = `${width} ${colors.ink}`;
      if (state === this.state) return;
      this.state = state;
      const last = this.panels.at(-1);
      this.plot.replaceChildren(...this.panels.map((panel) => draw(panel, width, colors, panel === last)));
    }
  }

  const views = new Map();
  const show = (figure) => {
    if (!views.has(figure)) views.set(figure, new TraceView(figure));
    views.get(figure).refresh();
  };
  const seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) if (isIntersecting) show(target);
  }, { rootMargin: "300px" });
  const refresh = () => views.forEach((view) => view.refresh());
  const sized = new ResizeObserver(refresh);
  for (const figure of document.querySelectorAll("figure.trace")) {
    seen.observe(figure);
    sized.observe(figure);
  }
  addEventListener("beforeprint", () => document.querySelectorAll("figure.trace").forEach(show));
  new MutationObserver(refresh).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", refresh);
})();

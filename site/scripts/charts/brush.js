/* A brush over the points of a chart: a rectangle drawn with the pointer, or its bounds typed as numbers. The
 * table of the same board keeps the models within it, and the rectangle goes when the table lets them go. */
"use strict";

(() => {
  const { SecurityNet } = window;
  const { element } = SecurityNet.grid.dom;
  const CHANNELS = ["x", "y"];

  // Drag without shift; a finger keeps scrolling the page. Zooming is shift and drag (charts/style.py).
  const SELECT = {
    type: "interval", zoom: false,
    on: "[pointerdown[!event.shiftKey && event.pointerType !== 'touch'], window:pointerup] > window:pointermove!",
  };

  const encodingOf = (spec) => (spec.layer ?? [spec]).at(-1).encoding;

  // The points of a scatter plot of models; null for any other chart, which gets no brush.
  function pointsOf(spec) {
    const encoding = encodingOf(spec);
    if (CHANNELS.some((channel) => encoding?.[channel]?.type !== "quantitative")) return null;
    const points = Object.values(spec.datasets ?? {}).flat().filter((point) => point.model_id);
    const fields = CHANNELS.map((channel) => encoding[channel].field);
    const all = points.length > 0 && points.every((point) => fields.every((field) => Number.isFinite(point[field])));
    return all && new Set(points.map((point) => point.model_id)).size === points.length ? points : null;
  }

  // Adds the brush to the specification; false where it gets none.
  function add(spec) {
    const places = [spec, ...(spec.layer ?? [])];
    const params = places.find((place) => place.params?.some(({ name }) => name === "zoom"))?.params;
    if (params === undefined || pointsOf(spec) === null) return false;
    const { views } = params.find(({ name }) => name === "zoom");
    params.push({ name: "brush", select: SELECT, ...(views ? { views } : {}) });
    return true;
  }

  // The brush's rectangles and the groups that hold lines say nothing to a screen reader, so they are no
  // pictures without a name.
  function silenced(vega) {
    for (const mark of vega.marks ?? []) {
      if (mark.name?.startsWith("brush_") || mark.name?.endsWith("_pathgroup")) mark.aria = false;
      silenced(mark);
    }
    return vega;
  }

  // The table of the chart's board: a chart's name starts with it.
  function tableOf(holder) {
    return [...SecurityNet.grid.live ?? []]
      .filter(([name, table]) => holder.dataset.name.startsWith(`${name}-`) && table.rows.table.idColumn === "model_id")
      .sort(([one], [other]) => other.length - one.length).map(([, table]) => table)[0];
  }

  class Brush {
    constructor(holder, spec) {
      const encoding = encodingOf(spec);
      this.holder = holder;
      this.points = pointsOf(spec);
      this.sides = CHANNELS.map((channel) => ({
        channel, field: encoding[channel].field, title: [encoding[channel].title].flat().join(" "),
      }));
      this.bounds = null; // [low, high] for each side, an open end is null; null without a brush
      this.offer();
    }

    // Below the chart: what the pointer does, and the same without one.
    offer() {
      const caption = this.holder.closest(".sn-plot")?.querySelector("figcaption");
      if (!caption) return;
      const box = (side, words) => element("input", {
        type: "number", step: "any", "aria-label": `${side.title}, ${words}`,
        oninput: () => this.later(() => this.typed()),
      });
      for (const side of this.sides) side.boxes = [box(side, "at least"), box(side, "at most")];
      caption.append(" ",
        element("span", { class: "sn-hint" }, "Drag over points, and the table keeps their models alone; a click ends it."),
        element("details", { class: "sn-bounds" },
          element("summary", {}, "Choose points by numbers"),
          ...this.sides.map(({ title, boxes: [low, high] }) => element("fieldset", { class: "sn-range" },
            element("legend", {}, title), low, element("span", { "aria-hidden": true }, "to"), high)),
          element("button", { type: "button", class: "sn-button", onclick: () => this.choose(null) }, "Clear")));
    }

    later(act) {
      clearTimeout(this.waiting);
      this.waiting = setTimeout(act, 150);
    }

    // A chart drawn anew, in other colours, has the brush that it had before.
    attach(view) {
      this.view = view;
      view.addSignalListener("brush", (_, value) => {
        if (this.drawing) return; // what was typed is exact, what comes back went through pixels
        const sides = this.sides.map(({ field }) => value?.[field]?.toSorted((one, other) => one - other));
        this.later(() => this.choose(sides.every(Boolean) ? sides : null, { draw: false }));
      });
      if (this.bounds !== null) this.draw();
    }

    typed() {
      const bounds = this.sides.map(({ boxes }) => boxes.map(
        (box) => (Number.isNaN(box.valueAsNumber) ? null : box.valueAsNumber)));
      this.choose(bounds.flat().some((bound) => bound !== null) ? bounds : null, { fill: false });
    }

    // The table's rows become those of the points within; it stays where it is on the screen.
    choose(bounds, { draw = true, fill = true } = {}) {
      this.bounds = bounds;
      const inside = this.points.filter((point) => bounds?.every(([low, high], i) => {
        const value = point[this.sides[i].field];
        return value >= (low ?? -Infinity) && value <= (high ?? Infinity);
      }));
      if (fill) this.fill();
      if (draw) this.draw();
      const before = this.holder.getBoundingClientRect().top;
      tableOf(this.holder)?.keepWithin(bounds && new Set(inside.map((point) => point.model_id)), this);
      window.scrollBy(0, this.holder.getBoundingClientRect().top - before);
    }

    // The table shows other rows now: its reader took the choice back, or made one in another chart.
    released() {
      clearTimeout(this.waiting);
      this.bounds = null;
      this.fill();
      this.draw();
    }

    fill() {
      this.sides.forEach(({ boxes }, i) => boxes?.forEach((box, end) => {
        const bound = this.bounds?.[i][end] ?? null;
        box.value = bound === null ? "" : Number(bound.toPrecision(4));
      }));
    }

    // The rectangle of the bounds, as far as the axes reach; an open end is the axis's own.
    async draw() {
      this.drawing = true;
      this.sides.forEach(({ channel }, i) => {
        const scale = this.view.scale(channel);
        const [first, last] = [scale.domain()[0], scale.domain().at(-1)];
        const within = (value) => Math.min(Math.max(value, first), last);
        const [low, high] = this.bounds?.[i] ?? [first, first];
        this.view.signal(`brush_${channel}`, [within(low ?? first), within(high ?? last)].map(scale));
      });
      await this.view.runAsync();
      this.drawing = false;
    }
  }

  const brushes = new Map(); // holder -> its brush

  function follow(holder, view, spec) {
    if (!brushes.has(holder)) brushes.set(holder, new Brush(holder, spec));
    brushes.get(holder).attach(view);
  }

  SecurityNet.brush = { add, silenced, follow };
})();

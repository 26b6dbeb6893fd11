/* The filter panel: a list of checkboxes per facet, two bounds per number column. Made when first opened. */
"use strict";

(() => {
  const { element, hidden } = window.SecurityNet.grid.dom;
  const { UNKNOWN } = window.SecurityNet.grid;
  const { badge, description } = window.SecurityNet.grid.cells;

  const facetWords = (value) => (value === UNKNOWN ? "unknown" : value);

  // Returns the fieldset and a function that brings it up to the view.
  function facet(rows, column, table) {
    const boxes = rows.facetValues(column.name).map((value) => {
      const box = element("input", {
        type: "checkbox",
        onchange: () => table.change((view) => {
          const wanted = new Set(view.facets.get(column.name));
          if (box.checked) wanted.add(value); else wanted.delete(value);
          if (wanted.size) view.facets.set(column.name, wanted); else view.facets.delete(column.name);
        }),
      });
      const count = element("span", { class: "sn-count" });
      const words = element("span", { class: value === UNKNOWN ? "sn-unknown" : null }, facetWords(value));
      return { value, box, count, line: element("label", {}, box, words, " ", count) };
    });
    const group = element("fieldset", { class: "sn-facet", "data-column": column.name },
      element("legend", { title: description(column) }, column.title),
      element("div", { class: "sn-choices" }, ...boxes.map(({ line }) => line)));
    const update = (view, counts) => {
      for (const { value, box, count, line } of boxes) {
        const number = counts.get(column.name).get(value) ?? 0;
        box.checked = view.facets.get(column.name)?.has(value) ?? false;
        count.textContent = number.toLocaleString("en");
        line.classList.toggle("sn-none", number === 0);
      }
    };
    return { group, update };
  }

  // Outwards, so that the hint of a bound never leaves a row out.
  const rounded = (value, digits, round) => (digits === null || digits === undefined ? value
    : Number((round(Number((value * 10 ** digits).toFixed(6))) / 10 ** digits).toFixed(digits)));

  function range(rows, column, table) {
    const extent = rows.extent(column.name);
    const read = (input) => (input.value.trim() === "" || Number.isNaN(input.valueAsNumber)
      ? null : input.valueAsNumber);
    const changed = () => table.change((view) => {
      const bounds = [read(low), read(high)];
      if (bounds.some((bound) => bound !== null)) view.ranges.set(column.name, bounds);
      else view.ranges.delete(column.name);
    });
    const input = (words, example) => element("input", {
      type: "number", step: "any", placeholder: example, "aria-label": `${column.title}, ${words}`,
      // Not on "change": that comes when the reader presses the next button, which would be replaced under
      // the press and miss its click.
      oninput: changed,
    });
    const low = input("at least", rounded(extent[0], column.digits, Math.floor));
    const high = input("at most", rounded(extent[1], column.digits, Math.ceil));
    const group = element("fieldset", { class: "sn-range", "data-column": column.name },
      element("legend", { title: description(column) }, column.title, column.origin ? " " : "",
        badge(column.origin)),
      low, element("span", { "aria-hidden": true }, "to"), high);
    const update = (view) => {
      const bounds = view.ranges.get(column.name) ?? [null, null];
      [low, high].forEach((box, i) => {
        if (read(box) !== bounds[i]) box.value = bounds[i] ?? "";
      });
    };
    return { group, update };
  }

  // Facts about models first, then the scores that the table shows; what few filter by comes last and folded.
  function inOrder(numbers) {
    const parts = new Set(numbers.flatMap(({ low, high, n }) => [low, high, n]));
    const rest = ({ name, origin, visible }) => parts.has(name) || (origin && !visible);
    const facts = numbers.filter((column) => !rest(column) && !column.origin);
    return [[...facts, ...numbers.filter((column) => !rest(column) && column.origin)], numbers.filter(rest)];
  }

  // Facets with one value and numbers that never differ narrow nothing and are left out.
  function panel(rows, table) {
    const facets = rows.facets.filter((column) => rows.facetValues(column.name).length > 1)
      .map((column) => facet(rows, column, table));
    const [first, further] = inOrder(rows.numbers.filter((column) => {
      const extent = rows.extent(column.name);
      return extent !== null && extent[0] < extent[1];
    })).map((columns) => columns.map((column) => range(rows, column, table)));
    const box = element("div", {},
      element("div", { class: "sn-facets" }, ...facets.map(({ group }) => group)),
      element("div", { class: "sn-ranges" }, ...first.map(({ group }) => group)),
      further.length === 0 ? null : element("details", {},
        element("summary", {}, `${further.length} further numbers`),
        element("div", { class: "sn-ranges" }, ...further.map(({ group }) => group))));
    const update = (view, counts) => [...facets, ...first, ...further].forEach((part) => part.update(view, counts));
    return { box, update };
  }

  function chip(words, remove) {
    return element("li", {}, element("button", { type: "button", class: "sn-chip", onclick: remove },
      hidden("Remove the filter "), words, element("span", { "aria-hidden": true }, " ×")));
  }

  // One button per filter in force, which takes it away.
  function chips(rows, view, table) {
    const made = [];
    for (const [name, wanted] of view.facets) {
      for (const value of wanted) {
        made.push(chip(`${rows.columns.get(name).title}: ${facetWords(value)}`, () => table.change((changed) => {
          const rest = new Set([...changed.facets.get(name)].filter((other) => other !== value));
          if (rest.size) changed.facets.set(name, rest); else changed.facets.delete(name);
        })));
      }
    }
    for (const [name, [low, high]] of view.ranges) {
      const words = low === null ? `at most ${high}` : high === null ? `at least ${low}` : `${low} to ${high}`;
      made.push(chip(`${rows.columns.get(name).title}: ${words}`,
        () => table.change((changed) => changed.ranges.delete(name))));
    }
    if (view.within) {
      made.push(chip("Chosen in the chart", () => table.change((changed) => { changed.within = null; })));
    }
    return made;
  }

  window.SecurityNet.grid.filters = { panel, chips };
})();

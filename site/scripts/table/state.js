/* What a reader has chosen (a "view"), and how it is written into the page's address.
 *
 * ?q=words&COLUMN=value&COLUMN=other&COLUMN=low..high&sort=-COLUMN,COLUMN&columns=A,B&rows=100&page=2
 *
 * Columns go by name, facet values by themselves (empty: unknown), so an address means the same rows after
 * columns were added or moved. On a page with several tables each parameter starts with the table's name
 * and a dot. What is not understood is left out and said.
 */
"use strict";

(() => {
  const SIZES = [50, 100, 0]; // rows of a page; 0: all
  const HIGHLIGHT = "h"; // Material's own parameter after a site search

  const visible = (rows) => [...rows.columns.values()].filter((column) => column.visible)
    .map((column) => column.name);

  const initial = (rows) => ({
    q: "", facets: new Map(), ranges: new Map(), sort: [], columns: visible(rows), page: 1, size: SIZES[0],
  });

  const list = (text) => text.split(",").filter(Boolean);
  const bound = (text) => (text.trim() === "" ? null : Number(text));

  function readSort(text, rows, notices) {
    const keys = list(text).map((key) => ({ name: key.replace(/^-/, ""), descending: key.startsWith("-") }));
    return keys.filter(({ name }) => known(name, rows, notices));
  }

  function known(name, rows, notices) {
    if (rows.columns.has(name)) return true;
    notices.push(`no column is called “${name}”`);
    return false;
  }

  function readFacet(column, values, rows, notices) {
    const there = new Set(rows.facetValues(column.name));
    const missing = values.filter((value) => !there.has(value));
    missing.forEach((value) => notices.push(`${column.name} never is “${value}”`));
    return new Set(values.filter((value) => there.has(value)));
  }

  function readRange(column, text, notices) {
    const [low, high, more] = text.split("..").map(bound);
    if (more !== undefined || high === undefined || Number.isNaN(low) || Number.isNaN(high)) {
      notices.push(`“${text}” is no range for ${column.name} (expected low..high)`);
      return null;
    }
    return [low, high];
  }

  function readWhole(text, what, allowed, fallback, notices) {
    const value = Number(text);
    if (Number.isInteger(value) && allowed(value)) return value;
    notices.push(`“${text}” is no ${what}`);
    return fallback;
  }

  function readColumn(name, values, rows, view, notices) {
    if (!known(name, rows, notices)) return;
    const column = rows.columns.get(name);
    if (column.facet) {
      const wanted = readFacet(column, values, rows, notices);
      if (wanted.size) view.facets.set(name, wanted);
    } else if (column.kind === "number") {
      const range = readRange(column, values.at(-1), notices);
      if (range) view.ranges.set(name, range);
    } else {
      notices.push(`${name} cannot be filtered`);
    }
  }

  // The view that an address asks for, and what of it was not understood.
  function read(rows, address, prefix) {
    const view = initial(rows);
    const notices = [];
    const given = new URLSearchParams(address);
    for (const parameter of new Set(given.keys())) {
      if (!parameter.startsWith(prefix) || parameter === HIGHLIGHT) continue;
      const name = parameter.slice(prefix.length);
      const values = given.getAll(parameter);
      const last = values.at(-1);
      if (name === "q") view.q = last;
      else if (name === "sort") view.sort = readSort(last, rows, notices);
      else if (name === "columns") view.columns = list(last).filter((column) => known(column, rows, notices));
      else if (name === "page") view.page = readWhole(last, "page", (page) => page >= 1, 1, notices);
      else if (name === "rows") {
        view.size = readWhole(last, "number of rows", (size) => SIZES.includes(size), SIZES[0], notices);
      } else readColumn(name, values, rows, view, notices);
    }
    if (!view.columns.length) view.columns = visible(rows);
    view.columns = [...rows.columns.keys()].filter((name) => view.columns.includes(name));
    return { view, notices };
  }

  // The view as pairs of parameter and value; what is as at first is left out.
  function write(rows, view) {
    const pairs = [];
    if (view.q) pairs.push(["q", view.q]);
    for (const [name, wanted] of view.facets) wanted.forEach((value) => pairs.push([name, value]));
    for (const [name, [low, high]] of view.ranges) pairs.push([name, `${low ?? ""}..${high ?? ""}`]);
    if (view.sort.length) {
      pairs.push(["sort", view.sort.map(({ name, descending }) => (descending ? "-" : "") + name).join(",")]);
    }
    if (view.columns.join() !== visible(rows).join()) pairs.push(["columns", view.columns.join(",")]);
    if (view.size !== SIZES[0]) pairs.push(["rows", view.size]);
    if (view.page > 1) pairs.push(["page", view.page]);
    return pairs;
  }

  const waiting = new Map(); // prefix -> timer

  // Puts the view into the address bar. Later calls within the delay replace earlier ones: browsers refuse
  // a page that changes its address too often.
  function remember(rows, view, prefix) {
    clearTimeout(waiting.get(prefix));
    waiting.set(prefix, setTimeout(() => {
      const address = new URL(window.location.href);
      const others = [...address.searchParams].filter(
        ([parameter]) => !parameter.startsWith(prefix) || parameter === HIGHLIGHT);
      const own = write(rows, view).map(([name, value]) => [prefix + name, value]);
      const pairs = new URLSearchParams([...others, ...own]).toString();
      address.search = pairs.replaceAll("%2C", ",").replaceAll("%2F", "/"); // legible, and allowed as they are
      window.history.replaceState(window.history.state, "", address.href);
    }, 300));
  }

  window.SecurityNet.grid.state = { SIZES, initial, read, write, remember };
})();

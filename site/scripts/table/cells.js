/* Head and body of the table. */
"use strict";

(() => {
  const { element, hidden } = window.SecurityNet.grid.dom;
  const { DASH, number, interval, plain, webAddress } = window.SecurityNet.grid.format;
  const ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"];

  function badge(origin) {
    return origin ? element("span", { class: `sn-badge sn-${origin}` }, origin) : null;
  }

  function description(column) {
    const unit = column.unit ? ` Unit: ${column.unit}.` : "";
    return `${column.description ?? ""}${unit}`.trim() || null;
  }

  function headCell(column, sort, onSort) {
    const position = sort.findIndex(({ name }) => name === column.name);
    const direction = position < 0 ? null : sort[position].descending ? "descending" : "ascending";
    const mark = { ascending: "▲", descending: "▼" }[direction] ?? "";
    const order = sort.length > 1 && position >= 0 ? String(position + 1) : "";
    const said = position > 0 ? `, sorted ${ORDINALS[position] ?? "further"}, ${direction}` : "";
    return element("th", {
      scope: "col",
      class: column.kind === "number" ? "sn-number" : null,
      "data-column": column.name,
      "aria-sort": position === 0 ? direction : null, // only on the first key, as ARIA asks
    }, element("button", {
      type: "button", class: "sn-sort", title: description(column),
      onclick: (event) => onSort(column, event.shiftKey),
    },
    element("span", {}, column.title, said ? hidden(said) : null),
    element("span", { class: "sn-mark", "aria-hidden": true }, mark + order),
    badge(column.origin)));
  }

  // Rank or score cells: the number, its interval, and behind it how many images it rests on.
  function numberCell(rows, column, row) {
    const value = rows.value(column.name, row);
    const low = rows.value(column.low, row);
    const high = rows.value(column.high, row);
    const n = value === null ? null : rows.value(column.n, row);
    if (low === null || high === null || value === null) {
      return [number(column, value), n === null ? null : hidden(`, n = ${n}`)];
    }
    const ends = interval(column, value, low, high).slice(number(column, value).length);
    return [number(column, value), element("span", { class: "sn-interval" }, ends),
      n === null ? null : hidden(`, n = ${n}`)];
  }

  function content(rows, column, row) {
    const value = rows.value(column.name, row);
    if (column.kind === "number") return numberCell(rows, column, row);
    if (value === null || value.length === 0) return [DASH];
    if (column.kind === "tags") {
      const tags = Array.isArray(value) ? value : [value];
      return tags.flatMap((tag, i) => [i ? " " : "", element("span", { class: "sn-tag" }, String(tag))]);
    }
    const address = column.kind === "url" ? webAddress(value) : null;
    if (address === null) return [plain(column, value)];
    const short = value.replace(/^https?:\/\/(www\.)?/i, "").replace(/\/$/, "");
    return [element("a", { href: address, rel: "noopener", class: "sn-address", title: value }, short)];
  }

  // Where the table's own link column points: PREFIX id SUFFIX, below the site's root.
  function pageAddress(links, rows, row, root) {
    const id = rows.value(links.from, row);
    if (id === null) return null;
    const path = String(id).split("/").map(encodeURIComponent).join("/");
    return `${root}${links.prefix}${path}${links.suffix}`;
  }

  // Names are long and have no spaces; they break after these marks before they break anywhere.
  function breakable(words) {
    return words.split(/(?<=[_./-])/).flatMap((part, i) => (i ? [element("wbr"), part] : [part]));
  }

  function bodyCell(rows, column, row, first, root) {
    const links = rows.table.links;
    const n = column.kind === "number" && rows.value(column.name, row) !== null
      ? rows.value(column.n, row) : null;
    let inside = content(rows, column, row);
    if (first && column.kind === "text") inside = breakable(inside.join(""));
    if (links && links.column === column.name) {
      const address = pageAddress(links, rows, row, root);
      if (address !== null) inside = [element("a", { href: address }, ...inside)];
    }
    return element(first ? "th" : "td", {
      scope: first ? "row" : null,
      class: `sn-${column.kind}`,
      title: n === null ? null : `n = ${n.toLocaleString("en")}`,
    }, ...inside);
  }

  function head(rows, view, onSort) {
    return element("thead", {}, element("tr", {},
      ...view.columns.map((name) => headCell(rows.columns.get(name), view.sort, onSort))));
  }

  function bodyRows(rows, view, order, root) {
    const columns = view.columns.map((name) => rows.columns.get(name));
    return order.map((row) => element("tr", { "data-row": row },
      ...columns.map((column, i) => bodyCell(rows, column, row, i === 0, root))));
  }

  window.SecurityNet.grid.cells = { head, bodyRows, badge, description };
})();

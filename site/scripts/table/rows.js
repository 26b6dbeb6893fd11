/* The rows of one table: which of them a view shows, in which order. Knows nothing of the page. */
"use strict";

(() => {
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const UNKNOWN = ""; // a facet's value for null

  const keysOf = (value) => {
    if (Array.isArray(value)) return value.length ? value.map(String) : [UNKNOWN];
    return [value === null ? UNKNOWN : String(value)];
  };

  // Columns come in the shortest of three forms (sngen/leaderboard/tables.py).
  function unpacked(column) {
    if (column === undefined || Array.isArray(column)) return column;
    if (column.which) return column.which.map((place) => column.different[place]);
    const values = new Array(column.length).fill(null);
    column.at.forEach((row, i) => { values[row] = column.known[i]; });
    return values;
  }

  const unpackedTable = (table) => ({
    ...table,
    data: Object.fromEntries(Object.entries(table.data).map(([name, column]) => [name, unpacked(column)])),
  });

  // A column of whole numbers is written without decimal places, whatever its description says.
  const withDigits = (table, column) => {
    if (column.kind !== "number" || column.unit === "fraction") return column;
    const whole = (table.data[column.name] ?? []).every((value) => value === null || Number.isInteger(value));
    return whole ? { ...column, digits: 0 } : column;
  };

  class Rows {
    constructor(packed) {
      const table = unpackedTable(packed);
      this.table = table;
      this.columns = new Map(table.columns.map((column) => [column.name, withDigits(table, column)]));
      this.length = table.data[table.idColumn].length;
      for (const name of this.columns.keys()) {
        const found = table.data[name]?.length;
        if (found !== this.length) {
          throw new Error(`table ${table.name}: column ${name} has ${found} values, expected ${this.length}`);
        }
      }
      const columns = [...this.columns.values()];
      this.intervalEnds = new Set(columns.flatMap((column) => [column.low, column.high]).filter(Boolean));
      this.facets = columns.filter((column) => column.facet);
      this.numbers = columns.filter(
        (column) => column.kind === "number" && !column.facet && !this.intervalEnds.has(column.name));
      this.texts = null;
      this.rankings = new Map();
      // A table that says what its fields are is searched by queries, any other by words.
      this.search = table.search ? new window.SecurityNet.grid.query.Search(table.search,
        (name) => (Object.hasOwn(table.data, name) ? table.data[name] : null), this.length) : null;
      this.problems = [];
    }

    value(name, row) {
      return name ? this.table.data[name][row] : null;
    }

    // Every value of a facet: numbers from the largest down, else the most frequent first; unknown last.
    facetValues(name) {
      const counts = new Map();
      for (const value of this.table.data[name]) {
        for (const key of keysOf(value)) counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      const numeric = this.columns.get(name).kind === "number";
      const compare = numeric ? (a, b) => b - a
        : (a, b) => counts.get(b) - counts.get(a) || collator.compare(a, b);
      return [...counts.keys()].sort(
        (a, b) => (a === UNKNOWN) - (b === UNKNOWN) || compare(a, b));
    }

    // [smallest, largest] of a number column; null where it has no value.
    extent(name) {
      const values = this.table.data[name].filter((value) => value !== null);
      if (!values.length) return null;
      return values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)],
        [Infinity, -Infinity]);
    }

    /* Rows that pass every filter, in order, and for each facet how many rows each value would show.
     * A facet's counts leave that facet's own choice out, so that a further value can be judged. */
    select(view) {
      const tests = this.tests(view);
      const counts = new Map(this.facets.map((column) => [column.name, new Map()]));
      const order = [];
      for (let row = 0; row < this.length; row += 1) {
        const failed = tests.filter((test) => !test.passes(row));
        if (failed.length === 0) order.push(row);
        if (failed.length > 1) continue;
        const only = failed.length ? failed[0].facet : null;
        if (only === undefined) continue; // failed the search or a range, which no facet can mend
        for (const name of only ? [only] : counts.keys()) {
          const count = counts.get(name);
          for (const key of keysOf(this.table.data[name][row])) count.set(key, (count.get(key) ?? 0) + 1);
        }
      }
      return { order: this.sorted(order, view.sort), counts };
    }

    tests(view) {
      const tests = this.search ? this.queryTests(view.q) : this.wordTests(view.q);
      if (view.within) { // chosen in a chart
        const ids = this.table.data[this.table.idColumn];
        tests.push({ passes: (row) => view.within.has(ids[row]) });
      }
      for (const [name, wanted] of view.facets) {
        const values = this.table.data[name];
        tests.push({ facet: name, passes: (row) => keysOf(values[row]).some((key) => wanted.has(key)) });
      }
      for (const [name, [low, high]] of view.ranges) {
        const values = this.table.data[name];
        tests.push({
          passes: (row) => values[row] !== null && values[row] >= (low ?? -Infinity)
            && values[row] <= (high ?? Infinity),
        });
      }
      return tests;
    }

    // A query with a mistake narrows nothing; what is wrong with it is in ``problems``.
    queryTests(text) {
      const query = this.search.parse(text);
      this.problems = query.problems;
      return query.problems.length ? [] : this.search.tests(query).map((passes) => ({ passes }));
    }

    wordTests(text) {
      const tests = [];
      const terms = text.toLowerCase().split(/\s+/).filter(Boolean);
      if (terms.length) {
        const texts = this.searchTexts();
        tests.push({ passes: (row) => terms.every((term) => texts[row].includes(term)) });
      }
      return tests;
    }

    searchTexts() {
      if (this.texts === null) {
        const columns = Object.values(this.table.data);
        this.texts = Array.from({ length: this.length },
          (_, row) => columns.map((values) => values[row] ?? "").join("\n").toLowerCase());
      }
      return this.texts;
    }

    // Position of each row in ascending order, equal values sharing one; null where the value is null.
    ranking(name) {
      if (!this.rankings.has(name)) {
        const values = this.table.data[name].map((value) => (Array.isArray(value) ? value.join(", ") : value));
        const compare = this.columns.get(name).kind === "number"
          ? (a, b) => a - b : (a, b) => collator.compare(String(a), String(b));
        const distinct = [...new Set(values)].filter((value) => value !== null).sort(compare);
        const ranks = new Map();
        distinct.forEach((value, i) => {
          ranks.set(value, i && compare(distinct[i - 1], value) === 0 ? ranks.get(distinct[i - 1]) : i);
        });
        this.rankings.set(name, values.map((value) => ranks.get(value) ?? null));
      }
      return this.rankings.get(name);
    }

    // By the first key, then the further ones, then the order of the data. Unknown comes last either way.
    sorted(order, keys) {
      const by = keys.map(({ name, descending }) => ({ ranks: this.ranking(name), sign: descending ? -1 : 1 }));
      return order.sort((a, b) => {
        for (const { ranks, sign } of by) {
          if (ranks[a] === ranks[b]) continue;
          if (ranks[a] === null) return 1;
          if (ranks[b] === null) return -1;
          return sign * (ranks[a] - ranks[b]);
        }
        return a - b;
      });
    }
  }

  window.SecurityNet.grid.Rows = Rows;
  window.SecurityNet.grid.UNKNOWN = UNKNOWN;
})();

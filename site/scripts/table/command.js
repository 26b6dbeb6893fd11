/* The view as a command line: what "sngen models" must be told to find the same rows. */
"use strict";

(() => {
  const { element, hidden } = window.SecurityNet.grid.dom;
  const { UNKNOWN } = window.SecurityNet.grid;

  const shellWord = (word) => (/^[\w=.,%/+:@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
  const inQuotes = (value) => (/^[\w./+-]+$/.test(value) && !/^(un)?known$/i.test(value) && !value.includes("..")
    ? value : value.includes('"') ? `'${value}'` : `"${value}"`);

  // The field of a column; null for one that only the table has.
  function fieldOf(rows, column) {
    const [renamed] = Object.entries(rows.table.search.columns).find(([, stored]) => stored === column) ?? [];
    return rows.search.fields.find(renamed ?? column)?.name ?? null;
  }

  // Words of the command, and titles of filters that it has no words for.
  function words(rows, view) {
    const made = [rows.search.command];
    const without = [];
    const query = rows.search.parse(view.q);
    if (query.text && !query.problems.length) {
      query.terms.forEach((term) => made.push(shellWord(rows.search.termText(term))));
    }
    const add = (column, text) => {
      const field = fieldOf(rows, column);
      if (field === null) without.push(rows.columns.get(column).title);
      else made.push(shellWord(`${field}=${text}`));
    };
    for (const [column, wanted] of view.facets) {
      add(column, [...wanted].map((value) => (value === UNKNOWN ? "unknown" : inQuotes(value))).join(","));
    }
    for (const [column, [low, high]] of view.ranges) add(column, `${low ?? ""}..${high ?? ""}`);
    const sort = view.sort.filter(({ name }) => fieldOf(rows, name) !== null)
      .map(({ name, descending }) => (descending ? "-" : "") + fieldOf(rows, name));
    if (sort.length) made.push(`--sort=${sort.join(",")}`);
    return { text: made.join(" "), without };
  }

  // A line below the search box; null for a table that no command knows.
  function line(rows) {
    if (!rows.search?.command) return null;
    const code = element("code", {});
    const rest = element("span", {});
    const answer = element("span", { role: "status" });
    const copy = element("button", {
      type: "button", class: "sn-button sn-copy",
      onclick: async () => {
        try {
          await navigator.clipboard.writeText(code.textContent);
          answer.textContent = "Copied.";
        } catch {
          window.getSelection().selectAllChildren(code);
          answer.textContent = "Selected; copy it with the keyboard.";
        }
      },
    }, "Copy", hidden(" the command"));
    const box = element("p", { class: "sn-command" }, "The same on the command line: ", code, rest, " ", copy, " ",
      answer);
    const update = (view) => {
      box.hidden = rows.problems.length > 0; // the command would refuse it as well
      const { text, without } = words(rows, view);
      code.textContent = text;
      rest.textContent = without.length ? ` (without the filter ${without.join(", ")})` : "";
      answer.textContent = "";
    };
    return { box, update };
  }

  window.SecurityNet.grid.command = { line, words };
})();

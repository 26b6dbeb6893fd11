/* The current selection as a file or as code: every row that passes the filters, in the order shown, with
 * the visible columns and the interval ends and n that belong to them. */
"use strict";

(() => {
  // Which dataset config holds the rows that an id column names.
  const CONFIGS = {
    model_id: "leaderboard", finding_id: "findings", dataset_id: "datasets", project_id: "projects",
    score_id: "scores",
  };
  // Text that a spreadsheet would take for a formula; an apostrophe before it makes it text again.
  const FORMULA = /^[=+\-@\t\r]/;

  function columnsOf(rows, view) {
    const shown = new Set([rows.table.idColumn]);
    for (const name of view.columns) {
      const column = rows.columns.get(name);
      [name, column.low, column.high, column.n].filter(Boolean).forEach((part) => shown.add(part));
    }
    return [...rows.columns.keys()].filter((name) => shown.has(name));
  }

  function csvCell(value) {
    if (value === null) return "";
    if (typeof value === "number" || typeof value === "boolean") return String(value);
    const text = Array.isArray(value) ? value.join("; ") : String(value);
    const safe = FORMULA.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  }

  // RFC 4180: comma, CR LF, quotes doubled; unknown is empty; the first line holds the columns' names.
  function csv(rows, view, order) {
    const names = columnsOf(rows, view);
    const lines = order.map((row) => names.map((name) => csvCell(rows.value(name, row))).join(","));
    return [names.join(","), ...lines, ""].join("\r\n");
  }

  function json(rows, view, order) {
    const names = columnsOf(rows, view);
    const objects = order.map((row) => Object.fromEntries(names.map((name) => [name, rows.value(name, row)])));
    return `${JSON.stringify(objects, null, 1)}\n`;
  }

  // Null for a table whose rows the dataset does not know by one id.
  function python(rows, order) {
    const { idColumn } = rows.table;
    const config = Object.hasOwn(CONFIGS, idColumn) ? CONFIGS[idColumn] : null;
    if (config === null) return null;
    const ids = [...new Set(order.map((row) => rows.value(idColumn, row)))];
    return [
      "from datasets import load_dataset",
      "",
      "wanted = {",
      ...ids.map((id) => `    ${JSON.stringify(id)},`), // a JSON string is a Python string too
      "}",
      "# In the folder that holds the release folder securitynet; or give NAMESPACE/securitynet on the Hub.",
      `rows = load_dataset("securitynet", ${JSON.stringify(config)}, split="train")`,
      `rows = rows.filter(lambda row: row[${JSON.stringify(idColumn)}] in wanted)`,
      "",
    ].join("\n");
  }

  function save(text, name, type) {
    const address = URL.createObjectURL(new Blob([text], { type }));
    const link = document.createElement("a");
    link.href = address;
    link.download = name.replaceAll("/", "-");
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }

  window.SecurityNet.grid.files = { csv, json, python, save };
})();

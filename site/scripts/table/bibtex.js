/* The current selection as BibTeX: one entry a model, in the form of the models' own pages. */
"use strict";

(() => {
  // Braces and backslashes would end the field or start a command; addresses are left as they are.
  function field(value) {
    const kept = String(value).replace(/[{}\\\u0000-\u001f]/g, " ");
    return kept.includes("://") ? kept : kept.replace(/[%#$&_]/g, "\\$&");
  }

  function entry(rows, row) {
    const { webAddress } = window.SecurityNet.grid.format;
    const of = (name) => (rows.columns.has(name) ? rows.value(name, row) : null);
    const id = of("model_id");
    const fields = [
      ["title", of("paper_title") ?? of("name")],
      ["year", of("year")],
      ["howpublished", webAddress(of("paper_url")) ?? webAddress(of("weights_url"))],
      ["note", `model ${id} in SecurityNet`],
    ].filter(([, value]) => value !== null);
    const lines = fields.map(([name, value]) => `  ${name} = {${field(value)}}`);
    return `@misc{${id.replace(/[^A-Za-z0-9]/g, "-")},\n${lines.join(",\n")}\n}\n`;
  }

  // Null for a table whose rows are not models.
  function bibtex(rows, order) {
    if (rows.table.idColumn !== "model_id") return null;
    return order.map((row) => entry(rows, row)).join("\n");
  }

  window.SecurityNet.grid.bibtex = bibtex;
})();

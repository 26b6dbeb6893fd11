/* The current selection as BibTeX: the release that the rows are of, then one entry a model, as they stand on
 * the data page and on the models' own pages (sngen/leaderboard/citations.py). Loaded when asked for. */
"use strict";

(() => {
  const { SecurityNet } = window;

  const citable = (rows) => rows.table.idColumn === "model_id";

  // "root" is the way to the site's root.
  async function bibtex(rows, order, root) {
    await SecurityNet.load(new URL(`${root}tables/citations.js`, document.baseURI).href);
    const { release, models } = SecurityNet.citations;
    const ids = [...new Set(order.map((row) => rows.value("model_id", row)))];
    return [release, ...ids.map((id) => `${models[id]}\n`)].join("\n");
  }

  SecurityNet.grid.citing = { citable, bibtex };
})();

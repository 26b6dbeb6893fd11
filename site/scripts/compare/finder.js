/* The box that finds a model to add, in the language of the box on the models page. The table of models is
 * large and is loaded when a reader first goes there. */
"use strict";

(() => {
  const { SecurityNet } = window;
  const { element, freshId } = SecurityNet.grid.dom;
  const SHOWN = 8;

  let rows = null;

  async function models(address) {
    if (rows === null) {
      await Promise.all([
        SecurityNet.loadParts(["format", "fields", "values", "query", "rows"]),
        SecurityNet.load(new URL(address, document.baseURI).href),
      ]);
      rows = new SecurityNet.grid.Rows(SecurityNet.tables.models);
    }
    return rows;
  }

  function result(found, row, onAdd) {
    const [id, name, dataset] = ["model_id", "name", "dataset_id"].map((column) => found.value(column, row));
    return element("li", {}, element("button", { type: "button", class: "sn-found", onclick: () => onAdd(id) },
      element("span", {}, `Add ${name}`), element("small", {}, [id, dataset].filter(Boolean).join(", "))));
  }

  function finder(address, chosen, onAdd) {
    const list = element("ul", { class: "sn-results", "aria-label": "Models found" });
    const status = element("p", { class: "sn-status", role: "status", id: freshId("found") });
    const input = element("input", {
      type: "search", id: freshId("find"), autocomplete: "off", spellcheck: "false",
      placeholder: "dataset=cifar10 resnet", "aria-describedby": status.id,
    });

    async function look() {
      const words = input.value.trim();
      if (!words) {
        list.replaceChildren();
        status.textContent = "";
        return;
      }
      if (rows === null) status.textContent = "Loading the list of models…";
      const found = await models(address);
      if (words !== input.value.trim()) return; // typed on meanwhile
      const view = { q: words, facets: new Map(), ranges: new Map(), sort: [] };
      const { order } = found.select(view);
      if (found.problems.length) {
        list.replaceChildren();
        status.textContent = found.problems.join("; ");
        return;
      }
      const there = new Set(chosen());
      const fresh = order.filter((row) => !there.has(found.value("model_id", row)));
      list.replaceChildren(...fresh.slice(0, SHOWN).map((row) => result(found, row, onAdd)));
      status.textContent = `${fresh.length.toLocaleString("en")} models found${
        fresh.length > SHOWN ? `, the first ${SHOWN} are shown` : ""}.`;
    }

    let waiting = null;
    const soon = () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => look().catch((error) => {
        status.textContent = `The list of models is not available: ${error.message}.`;
        console.error(error);
      }), 200);
    };
    input.addEventListener("input", soon);
    const box = element("div", { class: "sn-finder" },
      element("label", { for: input.id }, "Add a model"), input, status, list);
    return {
      box,
      input,
      refresh: soon,
      clear() {
        input.value = "";
        list.replaceChildren();
        status.textContent = "";
      },
    };
  }

  SecurityNet.comparing.finder = finder;
})();

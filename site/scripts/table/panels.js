/* The other two panels: which columns are shown, and the downloads. */
"use strict";

(() => {
  const { element, hidden } = window.SecurityNet.grid.dom;
  const { badge } = window.SecurityNet.grid.cells;
  const { csv, json, python, save } = window.SecurityNet.grid.files;
  const { initial } = window.SecurityNet.grid.state;
  const { citable, bibtex } = window.SecurityNet.grid.citing;

  function columnChoice(column, table) {
    const box = element("input", {
      type: "checkbox",
      onchange: () => table.change((view) => {
        const shown = new Set(view.columns);
        if (box.checked) shown.add(column.name); else shown.delete(column.name);
        view.columns = [...table.rows.columns.keys()].filter((name) => shown.has(name));
        view.sort = view.sort.filter(({ name }) => shown.has(name));
      }, { samePage: true }),
    });
    const line = element("label", { title: column.description || null }, box,
      element("span", {}, column.title, column.origin ? " " : "", badge(column.origin)));
    return { name: column.name, box, line };
  }

  // Names of columns that hold the interval ends or the n of another: shown beside it in any case, and
  // chosen for themselves by few.
  function beside(rows) {
    return new Set([...rows.columns.values()].flatMap(({ low, high, n }) => [low, high, n])
      .filter((name) => name !== null));
  }

  function columns(rows, table) {
    const parts = beside(rows);
    const choices = [...rows.columns.values()].map((column) => columnChoice(column, table));
    const lines = (wanted) => choices.filter(({ name }) => parts.has(name) === wanted).map(({ line }) => line);
    const box = element("div", {},
      element("fieldset", { class: "sn-columns" }, element("legend", {}, "Columns shown"), ...lines(false)),
      parts.size === 0 ? null : element("details", {},
        element("summary", {}, "Interval ends and n, as columns of their own"),
        element("fieldset", { class: "sn-columns" }, element("legend", {}, "Interval ends and n"), ...lines(true))),
      element("button", {
        type: "button", class: "sn-button",
        onclick: () => table.change((view) => { view.columns = initial(rows).columns; }, { samePage: true }),
      }, "Default columns"));
    const update = (view) => {
      for (const choice of choices) {
        choice.box.checked = view.columns.includes(choice.name);
        choice.box.disabled = choice.box.checked && view.columns.length === 1; // a table needs a column
      }
    };
    return { box, update };
  }

  async function copy(area, answer) {
    area.select();
    try {
      await navigator.clipboard.writeText(area.value);
      answer.textContent = "Copied.";
    } catch {
      answer.textContent = "The browser does not allow it; the text is selected, copy it with the keyboard.";
    }
  }

  function downloads(rows, table) {
    const name = rows.table.name;
    const button = (words, act) => element("button", { type: "button", class: "sn-button", onclick: act }, words);
    const area = element("textarea", {
      readonly: true, rows: 10, spellcheck: "false", wrap: "off",
      "aria-label": "Python code that loads exactly these rows",
    });
    const answer = element("span", { role: "status" });
    const code = element("div", { class: "sn-python", hidden: true }, area,
      element("p", {}, button("Copy", () => copy(area, answer)), " ", answer));
    const toggle = button("Python", () => {
      code.hidden = !code.hidden;
      toggle.setAttribute("aria-expanded", String(!code.hidden));
      if (!code.hidden) {
        area.focus();
        area.setSelectionRange(0, 0);
        area.scrollTop = 0;
      }
    });
    toggle.setAttribute("aria-expanded", "false");
    const trouble = element("p", { class: "sn-notice", role: "status", hidden: true });
    const saveBibtex = async () => {
      try {
        save(await bibtex(rows, table.order, table.root), `${name}.bib`, "application/x-bibtex");
        trouble.hidden = true;
      } catch (error) {
        trouble.textContent = `BibTeX is not available: ${error.message}.`;
        trouble.hidden = false;
        console.error(error);
      }
    };
    const selection = () => [rows, table.view, table.order];
    const box = element("div", {},
      element("p", {}, "All rows that pass the filters, in the order shown, with the columns shown."),
      element("p", { class: "sn-buttons" },
        button("CSV", () => save(csv(...selection()), `${name}.csv`, "text/csv")),
        button("JSON", () => save(json(...selection()), `${name}.json`, "application/json")),
        citable(rows) ? button("BibTeX", saveBibtex) : null,
        python(rows, []) === null ? null : toggle),
      trouble,
      element("p", { class: "sn-small" }, citable(rows) ? "BibTeX begins with this release, by version and "
        + "fingerprint, and names the authors that are known. " : "",
        "In the CSV file, text that a spreadsheet would run as a formula has an apostrophe before it."),
      code);
    const update = (view, counts, order) => {
      area.value = python(rows, order) ?? "";
      answer.textContent = "";
    };
    return { box, update };
  }

  /* A button that shows and hides a panel; the panel is made when first opened. Returns button, panel and
   * a function that brings an open panel up to the view. */
  function disclosure(words, id, make, others) {
    let inside = null;
    const panel = element("div", { id, class: "sn-panel", hidden: true });
    const count = element("span", { class: "sn-count" });
    const button = element("button", {
      type: "button", class: "sn-button", "aria-expanded": false, "aria-controls": id,
      onclick: () => part.open(panel.hidden),
    }, words, count);
    const part = {
      button,
      panel,
      open(wanted) {
        if (wanted) others().filter((other) => other !== part).forEach((other) => other.open(false));
        if (wanted && inside === null) {
          inside = make();
          panel.append(inside.box);
        }
        panel.hidden = !wanted;
        button.setAttribute("aria-expanded", String(wanted));
        if (wanted) part.onopen();
      },
      onopen() {},
      update(...shown) {
        if (!panel.hidden) inside.update(...shown);
      },
      count(number) {
        count.replaceChildren(...(number ? [String(number), hidden(" in force")] : []));
      },
    };
    panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        part.open(false);
        button.focus();
      }
    });
    return part;
  }

  window.SecurityNet.grid.panels = { columns, downloads, disclosure };
})();

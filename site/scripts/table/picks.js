/* Choosing models in a table to put side by side: a button that shows a column of boxes, and the link. */
"use strict";

(() => {
  const { element, hidden } = window.SecurityNet.grid.dom;
  const MOST = 6; // as on the page that compares them

  /* Null for a table whose rows are not models. Choices last while the page is open, whatever is filtered.
   * onSwitch is called when the column comes or goes. */
  function picks(rows, root, onSwitch) {
    if (rows.table.idColumn !== "model_id") return null;
    const chosen = new Set();
    const button = element("button", {
      type: "button", class: "sn-button", "aria-pressed": false,
      onclick: () => {
        made.on = !made.on;
        button.setAttribute("aria-pressed", String(made.on));
        update();
        onSwitch();
      },
    }, "Compare");
    const status = element("span", { role: "status" });
    const link = element("a", { class: "sn-button" }, "Put them side by side");
    const line = element("p", { class: "sn-picks", hidden: true }, status, link);

    function update() {
      const { size } = chosen;
      line.hidden = !made.on;
      status.textContent = size < 2 ? `${size} of at least 2 models chosen; tick boxes in the table. `
        : `${size} models chosen${size >= MOST ? ", which is the most that fit" : ""}. `;
      link.hidden = size < 2;
      const ids = new URLSearchParams({ models: [...chosen].join(",") }).toString();
      link.setAttribute("href", `${root}compare.html?${ids.replaceAll("%2C", ",").replaceAll("%2F", "/")}`);
    }

    function changed(box, id) {
      if (box.checked) chosen.add(id); else chosen.delete(id);
      const full = chosen.size >= MOST;
      for (const other of box.closest("tbody").querySelectorAll(".sn-pick input")) {
        other.disabled = full && !other.checked;
      }
      update();
    }

    function cell(row) {
      const id = rows.value("model_id", row);
      const name = rows.columns.has("name") ? rows.value("name", row) : id;
      const box = element("input", {
        type: "checkbox", "aria-label": `Compare ${name}`, disabled: chosen.size >= MOST && !chosen.has(id),
        onchange: () => changed(box, id),
      });
      box.checked = chosen.has(id);
      return element("td", { class: "sn-pick" }, element("label", {}, box));
    }

    const made = {
      button, line, on: false, cell,
      head: () => element("th", { scope: "col", class: "sn-pick" }, hidden("Compare")),
    };
    return made;
  }

  window.SecurityNet.grid.picks = picks;
})();

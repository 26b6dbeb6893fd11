/* Making elements. Text only ever becomes text: nothing here, or in its callers, parses markup. */
"use strict";

(() => {
  let count = 0;

  /* element("button", { class: "x", "aria-expanded": false, onclick: f }, "words", otherElement)
   * Attributes that are null or undefined are left out, "on…" are listeners, true is an empty attribute
   * except for aria-*, where it is "true". */
  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === null || value === undefined) continue;
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (typeof value === "boolean" && !name.startsWith("aria-")) made.toggleAttribute(name, value);
      else made.setAttribute(name, String(value));
    }
    made.append(...children.filter((child) => child !== null));
    return made;
  }

  const hidden = (words) => element("span", { class: "sn-sr" }, words); // for screen readers only

  const freshId = (what) => `sn-${what}-${(count += 1)}`;

  window.SecurityNet.grid.dom = { element, hidden, freshId };
})();

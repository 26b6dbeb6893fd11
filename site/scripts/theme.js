/* What the theme leaves for screen readers to stumble on: a search dialogue without a name, a pilcrow in every
 * heading, icons that are pictures without a name, bars of code blocks that are navigation without one. */
"use strict";

(() => {
  const every = (selector, act) => document.querySelectorAll(selector).forEach(act);

  function nameBars() {
    every(".md-code__nav:not([role])", (bar) => {
      bar.setAttribute("role", "group");
      bar.setAttribute("aria-label", "Code block");
    });
  }

  function start() {
    document.querySelector(".md-search[role=dialog]")?.setAttribute("aria-label", "Search");
    every(".headerlink", (link) => { // the table of contents leads to the same places, with words
      link.setAttribute("aria-hidden", "true");
      link.tabIndex = -1;
    });
    every(".md-header svg, .md-tabs svg, .md-search svg, .md-top svg", (icon) => icon.setAttribute("aria-hidden", "true"));
    nameBars();
    const later = new MutationObserver(nameBars); // the theme makes a bar when its block comes into view
    every("article pre", (block) => later.observe(block, { childList: true }));
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else {
    start();
  }
})();

/* What the theme leaves out for screen readers: its search dialogue has no name. */
"use strict";

(() => {
  const name = () => document.querySelector(".md-search[role=dialog]")?.setAttribute("aria-label", "Search");
  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", name);
  } else {
    name();
  }
})();

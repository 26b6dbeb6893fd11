/* The page that puts models side by side: <div class="sn-compare" data-head data-models> around words for
 * readers without JavaScript. Loads what it needs as classic scripts, as table.js does. */
"use strict";

(() => {
  const here = document.currentScript.src;
  const { SecurityNet } = window;

  async function start() {
    const holder = document.querySelector(".sn-compare[data-head]");
    if (holder === null) return;
    try {
      await Promise.all([
        SecurityNet.loadParts(["format", "dom"]),
        ...["data", "sheet", "finder", "page"].map(
          (part) => SecurityNet.load(new URL(`compare/${part}.js`, here).href)),
        SecurityNet.load(new URL(holder.dataset.head, document.baseURI).href),
      ]);
      await SecurityNet.comparing.show(holder);
    } catch (error) {
      console.error(error); // the words for readers without JavaScript are still there
    }
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else {
    start();
  }
})();

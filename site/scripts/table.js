/* Tables that can be searched, filtered, sorted and downloaded.
 *
 * A page holds <div class="sn-table" data-src data-name data-root> around a plain table of the first rows.
 * When that comes near the screen, this script loads its parts (table/*.js) and the table's data, both as
 * classic scripts (from file:// a browser blocks fetch and modules), and puts the full table in its place.
 * Without JavaScript, or when loading fails, the plain table stays.
 */
"use strict";

(() => {
  const PARTS = [
    "format", "fields", "values", "query", "rows", "state", "dom", "cells", "export", "bibtex", "filters",
    "panels", "command", "picks", "view",
  ];
  const here = document.currentScript.src;
  const SecurityNet = (window.SecurityNet = window.SecurityNet || { tables: {}, charts: {} });
  SecurityNet.grid = {};

  const loading = new Map();

  function load(address) {
    if (!loading.has(address)) {
      loading.set(address, new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = address;
        script.async = false; // in the order in which they are asked for
        script.onload = resolve;
        script.onerror = () => reject(new Error(`${address} could not be loaded`));
        document.head.append(script);
      }));
    }
    return loading.get(address);
  }

  SecurityNet.load = load;
  SecurityNet.loadParts = (names) => Promise.all(
    names.map((part) => load(new URL(`table/${part}.js`, here).href)));

  async function show(holder) {
    const { src, name } = holder.dataset;
    try {
      await Promise.all([SecurityNet.loadParts(PARTS), load(new URL(src, document.baseURI).href)]);
      if (!Object.hasOwn(SecurityNet.tables, name)) {
        throw new Error(`${src} holds no table of the name ${name}`);
      }
      SecurityNet.grid.show(holder, SecurityNet.tables[name]);
    } catch (error) {
      const words = document.createElement("p");
      words.className = "sn-notice";
      words.setAttribute("role", "status");
      words.textContent = `The full table is not available: ${error.message}. These are its first rows.`;
      holder.prepend(words);
      console.error(error);
    }
  }

  function start() {
    const near = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (entry.isIntersecting) {
          near.unobserve(entry.target);
          show(entry.target);
        }
      }
    }, { rootMargin: "600px" });
    document.querySelectorAll(".sn-table[data-src]").forEach((holder) => near.observe(holder));
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else {
    start();
  }
})();

/* Interactive charts in the place of static pictures.
 *
 * A page holds <div class="sn-chart" data-spec data-name data-root data-bundle> around a static SVG. When that
 * comes near the screen, this script loads Vega (data-bundle) and the chart (data-spec), both as classic
 * scripts (from file:// a browser blocks fetch and modules). Without JavaScript, or when loading fails, the
 * picture stays.
 */
"use strict";

(() => {
  const here = document.currentScript.src;
  const SecurityNet = (window.SecurityNet = window.SecurityNet || { tables: {}, charts: {} });
  const PAGE = /^models\/[a-z0-9._+-]+(\/[a-z0-9._+-]+)*\.html$/;
  const loading = new Map();
  const shown = new Map(); // holder -> what vegaEmbed gave

  function load(address) {
    if (!loading.has(address)) {
      loading.set(address, new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = address;
        script.onload = resolve;
        script.onerror = () => reject(new Error(`${address} could not be loaded`));
        document.head.append(script);
      }));
    }
    return loading.get(address);
  }

  const isDark = () => document.body.getAttribute("data-md-color-scheme") === "slate";

  // The page's own colours and letters, so that a chart is readable in both themes.
  function look(holder) {
    const style = getComputedStyle(holder);
    const ink = style.color;
    const words = { labelColor: ink, titleColor: ink };
    return {
      background: null,
      font: style.fontFamily,
      axis: { ...words, domainColor: ink, tickColor: ink, gridColor: ink, gridOpacity: 0.15 },
      legend: words,
      title: { color: ink, subtitleColor: ink },
      view: { stroke: ink, strokeOpacity: 0.2 },
    };
  }

  // Lines of at most so many letters; a longer word stays whole.
  function lines(words, letters) {
    const made = [""];
    for (const word of [words].flat().join(" ").split(" ")) {
      const longer = `${made.at(-1)} ${word}`.trim();
      if (longer.length > letters && made.at(-1)) made.push(word);
      else made[made.length - 1] = longer;
    }
    return made;
  }

  // Titles do not break by themselves, and a long one would squeeze the points of a narrow chart.
  function fitted(spec, width) {
    const made = structuredClone(spec);
    made.title.text = lines(made.title.text, width / 8);
    made.title.subtitle = lines(made.title.subtitle, width / 6.5);
    for (const { encoding } of made.layer ?? [made]) {
      if (encoding?.x?.title) encoding.x.title = lines(encoding.x.title, width / 9);
    }
    return made;
  }

  // A point leads to its model's page. The address is ours, and still only a page below the root is followed.
  function follow(holder, item) {
    const page = item?.datum?.model_page;
    if (typeof page === "string" && PAGE.test(page) && !page.includes("..")) {
      window.location.assign(new URL(holder.dataset.root + page, document.baseURI).href);
    }
  }

  async function embed(holder) {
    const spec = SecurityNet.charts[holder.dataset.name];
    if (spec === undefined) {
      throw new Error(`${holder.dataset.spec} holds no chart of the name ${holder.dataset.name}`);
    }
    const place = document.createElement("div");
    place.style.width = "100%";
    const picture = [...holder.childNodes];
    holder.append(place);
    try {
      const drawn = fitted(spec, holder.clientWidth);
      const brushed = SecurityNet.brush.add(drawn);
      const made = await window.vegaEmbed(place, drawn, {
        actions: false, // downloads are links below the chart
        ast: true, // expressions are interpreted: a page may forbid eval
        renderer: "svg",
        config: look(holder),
        patch: SecurityNet.brush.silenced,
        tooltip: { theme: isDark() ? "dark" : "light" },
      });
      made.view.addEventListener("click", (_, item) => follow(holder, item));
      if (brushed) SecurityNet.brush.follow(holder, made.view, spec);
      picture.forEach((node) => node.remove());
      shown.get(holder)?.finalize();
      shown.set(holder, made);
    } catch (error) {
      place.remove();
      throw error;
    }
  }

  async function show(holder) {
    try {
      const { bundle, spec } = holder.dataset;
      await Promise.all([
        ...[bundle, spec].map((part) => load(new URL(part, document.baseURI).href)),
        SecurityNet.loadParts(["dom"]).then(() => load(new URL("scripts/charts/brush.js", here).href)),
      ]);
      await embed(holder);
      holder.setAttribute("data-shown", "");
    } catch (error) {
      console.error(error); // the static picture is still there
    }
  }

  // For paper and slides: dark on white whatever the page's theme, twice the points of the screen.
  const PRINT = { width: 720, scale: 2, ink: "#222222" };

  async function png(holder) {
    const { bundle, spec, name } = holder.dataset;
    await Promise.all([bundle, spec].map((part) => load(new URL(part, document.baseURI).href)));
    const place = document.createElement("div");
    place.setAttribute("aria-hidden", "true");
    place.style.cssText = `position:absolute;left:-10000px;top:0;width:${PRINT.width}px;color:${PRINT.ink}`;
    holder.after(place); // within the article, for its letters
    try {
      const made = await window.vegaEmbed(place, fitted(SecurityNet.charts[name], PRINT.width), {
        actions: false, ast: true, renderer: "canvas", config: { ...look(place), background: "#ffffff" },
      });
      const link = document.createElement("a");
      link.href = await made.view.toImageURL("png", PRINT.scale);
      link.download = `${name}.png`;
      link.click();
      made.finalize();
    } finally {
      place.remove();
    }
  }

  // The other downloads are files beside the page; this one is drawn when it is asked for.
  function offerPng(holder) {
    const links = holder.closest(".sn-plot")?.querySelector("figcaption > span");
    const first = links?.querySelector("a");
    if (!first) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sn-save";
    button.textContent = "PNG";
    button.setAttribute("aria-label", first.getAttribute("aria-label").replace(/^SVG/, "PNG"));
    button.addEventListener("click", async () => {
      button.setAttribute("aria-busy", "true");
      try {
        await png(holder);
      } catch (error) {
        console.error(error);
        button.textContent = "PNG is not available";
        button.removeAttribute("aria-label");
      }
      button.removeAttribute("aria-busy");
    });
    first.after(" ", button);
  }

  // One after the other, so that two quick changes of the theme cannot overtake each other.
  let themes = Promise.resolve();
  function themeChanged() {
    themes = themes.then(async () => {
      for (const holder of [...shown.keys()]) await embed(holder);
    }).catch((error) => console.error(error));
  }

  function start() {
    const near = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (entry.isIntersecting) {
          near.unobserve(entry.target);
          show(entry.target);
        }
      }
    }, { rootMargin: "400px" });
    document.querySelectorAll(".sn-chart[data-spec]").forEach((holder) => {
      near.observe(holder);
      offerPng(holder);
    });
    new MutationObserver(themeChanged).observe(document.body, { attributeFilter: ["data-md-color-scheme"] });
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else {
    start();
  }
})();

/* The table: a column a model, a row a fact or a score. Text only ever becomes text (table/dom.js). */
"use strict";

(() => {
  const { SecurityNet } = window;
  const { element, hidden } = SecurityNet.grid.dom;
  const { DASH, plain, number, interval } = SecurityNet.grid.format;
  const { scoreRows, incomparable, places } = SecurityNet.comparing;

  function head(models, onRemove) {
    return element("thead", {}, element("tr", {},
      element("td", {}),
      ...models.map(({ id, name }) => element("th", { scope: "col", "data-model": id },
        element("a", { href: `models/${id.split("/").map(encodeURIComponent).join("/")}.html` }, name),
        element("code", {}, id),
        element("button", { type: "button", class: "sn-button", onclick: () => onRemove(id) },
          "Remove", hidden(` ${name}`))))));
  }

  function group(words, badge, count, rows) {
    const there = rows.filter(Boolean);
    if (!there.length) return null;
    return element("tbody", {},
      element("tr", {}, element("th", { scope: "rowgroup", colspan: count + 1 },
        element("span", {}, words, badge ? " " : "",
          badge ? element("span", { class: `sn-badge sn-${badge}` }, badge) : null))),
      ...there);
  }

  function row(title, cells, note, onlyDifferent) {
    const words = cells.map((cell) => cell.map((part) => part.textContent ?? part).join(" "));
    if (onlyDifferent && words.every((word) => word === words[0])) return null;
    return element("tr", {},
      element("th", { scope: "row" }, title,
        note ? element("small", { class: "sn-caution" }, `Not comparable: ${note}.`) : null),
      ...cells.map((cell) => element("td", {}, ...cell)));
  }

  function factCell(fact, model) {
    const value = model.facts[fact.name];
    if (value === undefined) return [element("span", { class: "sn-none" }, DASH)];
    if (fact.name === "flags") return value.map((flag) => element("span", { class: "sn-flag" }, flag));
    if (fact.name === "dataset_id") return [SecurityNet.compare.datasets[value] ?? value];
    return [plain(fact, value)];
  }

  function factRows(models, onlyDifferent) {
    return SecurityNet.compare.facts
      .filter((fact) => models.some((model) => Object.hasOwn(model.facts, fact.name)))
      .map((fact) => row(fact.title, models.map((model) => factCell(fact, model)), null, onlyDifferent));
  }

  // The number, its interval, and on what it rests: n, and protocol and tier or the source.
  function score(quantity, found) {
    const value = found[places.VALUE];
    const ends = interval(quantity, value, found[places.LOW], found[places.HIGH])
      .slice(number(quantity, value).length);
    const n = found[places.N];
    const basis = quantity.origin === "measured"
      ? `${found[places.PROTOCOL]}, ${found[places.TIER]}` : found[places.SOURCE];
    return element("div", { class: "sn-score" }, number(quantity, value),
      ends ? element("span", { class: "sn-interval" }, ends) : null,
      element("small", {}, `${n === null ? "n not stated" : `n = ${n.toLocaleString("en")}`}, ${basis}`),
      ...(found[places.FLAGS] ?? []).map((flag) => element("span", { class: "sn-flag" }, flag)));
  }

  function scoreGroups(models, onlyDifferent) {
    const { families, datasets } = SecurityNet.compare;
    const groups = new Map();
    for (const found of scoreRows(models)) {
      const { quantity, dataset, cells } = found;
      const key = `${families[quantity.family]} on ${datasets[dataset] ?? dataset}\n${quantity.origin}`;
      if (!groups.has(key)) groups.set(key, []);
      const filled = cells.map((scores) => (scores.length
        ? scores.map((one) => score(quantity, one)) : [element("span", { class: "sn-none" }, DASH)]));
      groups.get(key).push(row(quantity.title, filled, incomparable(found), onlyDifferent));
    }
    return [...groups].map(([key, rows]) => group(...key.split("\n"), models.length, rows));
  }

  function sheet(models, onlyDifferent, onRemove) {
    return element("table", { class: "sn-versus" },
      element("caption", { class: "sn-sr" }, `${models.map(({ name }) => name).join(", ")} side by side`),
      head(models, onRemove),
      ...[
        group("What they are", null, models.length, factRows(models, onlyDifferent)),
        ...scoreGroups(models, onlyDifferent),
      ].filter(Boolean));
  }

  SecurityNet.comparing.sheet = sheet;
})();

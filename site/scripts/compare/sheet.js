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
    const n = found[places.N] ?? null;
    const basis = quantity.origin === "measured"
      ? `${found[places.PROTOCOL]}, ${found[places.TIER]}` : found[places.SOURCE];
    return element("div", { class: "sn-score" }, number(quantity, value),
      ends ? element("span", { class: "sn-interval" }, ends) : null,
      element("small", {}, `${n === null ? "n not stated" : `n = ${n.toLocaleString("en")}`}, ${basis}`),
      ...(found[places.FLAGS] ?? []).map((flag) => element("span", { class: "sn-flag" }, flag)));
  }

  function scoreGroups(models, found, onlyDifferent) {
    const { families, datasets } = SecurityNet.compare;
    const groups = new Map();
    for (const one of found) {
      const { quantity, dataset, cells } = one;
      const key = `${families[quantity.family]} on ${datasets[dataset] ?? dataset}\n${quantity.origin}`;
      if (!groups.has(key)) groups.set(key, []);
      const filled = cells.map((scores) => (scores.length
        ? scores.map((value) => score(quantity, value)) : [element("span", { class: "sn-none" }, DASH)]));
      groups.get(key).push(row(quantity.title, filled, incomparable(one), onlyDifferent));
    }
    return [...groups].map(([key, rows]) => group(...key.split("\n"), models.length, rows));
  }

  // In words, how many rows can be read across.
  function verdict(found) {
    const several = found.filter(({ cells }) => cells.filter((scores) => scores.length).length > 1);
    const not = several.filter((one) => incomparable(one) !== null).length;
    const rows = (count) => `${count.toLocaleString("en")} ${count === 1 ? "row" : "rows"}`;
    const start = `Two or more of the models have a number in ${rows(several.length)}`;
    if (!several.length) return "No two of the models have a number of the same kind on the same dataset.";
    return not ? `${start}; in ${not === several.length ? "none of them" : rows(several.length - not)} the numbers `
      + `can be compared, in ${rows(not)} not, and each of those says why.` : `${start}, and in all of them the numbers can be compared.`;
  }

  // "all": every score, and not the headline ones alone.
  function sheet(models, { onlyDifferent, all }, onRemove) {
    const found = scoreRows(models).filter(({ headline }) => all || headline);
    const table = element("table", { class: "sn-versus" },
      element("caption", { class: "sn-sr" }, `${models.map(({ name }) => name).join(", ")} side by side`),
      head(models, onRemove),
      ...[
        group("What they are", null, models.length, factRows(models, onlyDifferent)),
        ...scoreGroups(models, found, onlyDifferent),
      ].filter(Boolean));
    return { table, words: models.length > 1 ? verdict(found) : "" };
  }

  SecurityNet.comparing.sheet = sheet;
})();

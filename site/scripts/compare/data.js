/* Which models the address names, their data, and what of it cannot be compared. */
"use strict";

(() => {
  const { SecurityNet } = window;
  const PARTS = 128; // as in sngen/leaderboard/compare_data.py
  const MOST = 6;
  const ID = /^[a-z0-9][a-z0-9._+-]*(\/[a-z0-9][a-z0-9._+-]*)*$/;
  const [DATASET, VALUE, LOW, HIGH, N, PROTOCOL, TIER, SOURCE, IMAGES, FLAGS] = Array(10).keys();

  // 32-bit FNV-1a: which script holds a model.
  function partOf(id) {
    let code = 0x811c9dc5;
    for (const letter of id) code = Math.imul(code ^ letter.charCodeAt(0), 0x01000193) >>> 0;
    return code % PARTS;
  }

  // The model's data, or null for an id that no model has.
  async function model(id, head) {
    if (!ID.test(id)) return null;
    const name = `${String(partOf(id)).padStart(3, "0")}.js`;
    await SecurityNet.load(new URL(name, new URL(head, document.baseURI)).href);
    return Object.hasOwn(SecurityNet.compared, id) ? { id, ...SecurityNet.compared[id] } : null;
  }

  function asked(search) {
    const given = (new URLSearchParams(search).get("models") ?? "").split(",").map((id) => id.trim());
    return [...new Set(given.filter(Boolean))];
  }

  function remember(ids) {
    const address = new URL(window.location.href);
    if (ids.length) address.searchParams.set("models", ids.join(","));
    else address.searchParams.delete("models");
    address.search = address.search.replaceAll("%2C", ",").replaceAll("%2F", "/"); // legible, and allowed
    window.history.replaceState(window.history.state, "", address.href);
  }

  // One row for every headline score and dataset that any of the models has: cells are lists of scores.
  function scoreRows(models) {
    const { quantities } = SecurityNet.compare;
    const rows = new Map();
    models.forEach((one, place) => {
      for (const [position, scores] of Object.entries(one.scores)) {
        const quantity = quantities[position];
        for (const score of scores) {
          const key = [quantity.origin, quantity.family, score[DATASET], position].join("\n");
          if (!rows.has(key)) {
            rows.set(key, { quantity, position: Number(position), dataset: score[DATASET], cells: models.map(() => []) });
          }
          rows.get(key).cells[place].push(score);
        }
      }
    });
    const families = Object.keys(SecurityNet.compare.families);
    const rank = ({ quantity, dataset, position }) => [
      families.indexOf(quantity.family), dataset, quantity.origin === "measured" ? 0 : 1, position];
    return [...rows.values()].map((row) => ({ row, by: rank(row) })).sort((a, b) => {
      const first = a.by.findIndex((value, i) => value !== b.by[i]);
      return first < 0 ? 0 : a.by[first] < b.by[first] ? -1 : 1;
    }).map(({ row }) => row);
  }

  // Why the numbers of a row cannot be held against each other; null where they can or only one model has any.
  function incomparable({ quantity, cells }) {
    if (cells.filter((scores) => scores.length).length < 2) return null;
    const different = (place) => {
      const found = [...new Set(cells.flat().map((score) => score[place]))];
      return found.length > 1 ? found : null;
    };
    const named = (words, place) => {
      const found = different(place);
      return found && `${words} (${found.map((value) => value ?? "not stated").join(", ")})`;
    };
    const reasons = (quantity.origin === "measured" ? [
      named("different protocols", PROTOCOL),
      named("different tiers", TIER),
      different(IMAGES) && "different images",
    ] : [named("different sources", SOURCE)]);
    if (!quantity.ownImages) reasons.push(named("different n", N));
    const given = reasons.filter(Boolean);
    return given.length ? given.join("; ") : null;
  }

  SecurityNet.comparing = {
    MOST, model, asked, remember, scoreRows, incomparable,
    places: { VALUE, LOW, HIGH, N, PROTOCOL, TIER, SOURCE, FLAGS },
  };
})();

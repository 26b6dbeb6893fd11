/* Which models the address names, their data, and what of it cannot be compared. */
"use strict";

(() => {
  const { SecurityNet } = window;
  const PARTS = 128; // as in sngen/leaderboard/compare_data.py
  const MOST = 6;
  const ID = /^[a-z0-9][a-z0-9._+-]*(\/[a-z0-9][a-z0-9._+-]*)*$/;
  const [
    DATASET, VALUE, LOW, HIGH, N, SOURCE, FLAGS, PROTOCOL, TIER, IMAGES, VERSION, DEVICE, THREADS,
  ] = Array(13).keys();

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

  // Ids, and whether all scores are wanted and not the headline ones alone.
  function asked(search) {
    const parts = new URLSearchParams(search);
    const given = (parts.get("models") ?? "").split(",").map((id) => id.trim());
    return { ids: [...new Set(given.filter(Boolean))], all: parts.get("scores") === "all" };
  }

  function remember(ids, all) {
    const address = new URL(window.location.href);
    const put = (name, value) => (value ? address.searchParams.set(name, value) : address.searchParams.delete(name));
    put("models", ids.join(","));
    put("scores", all ? "all" : "");
    address.search = address.search.replaceAll("%2C", ",").replaceAll("%2F", "/"); // legible, and allowed
    window.history.replaceState(window.history.state, "", address.href);
  }

  // One row for every kind of score and dataset that any of the models has: cells are lists of scores.
  function scoreRows(models) {
    const { quantities, headlines } = SecurityNet.compare;
    const rows = new Map();
    models.forEach((one, place) => {
      for (const [position, scores] of Object.entries(one.scores)) {
        const quantity = quantities[position];
        for (const score of scores) {
          const key = [quantity.origin, quantity.family, score[DATASET], position].join("\n");
          if (!rows.has(key)) {
            rows.set(key, {
              quantity, position: Number(position), headline: Number(position) < headlines,
              dataset: score[DATASET], cells: models.map(() => []), names: models.map(({ name }) => name),
            });
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

  /* Why the numbers of a row cannot be held against each other; null where they can or only one model has
   * any. With more than two models it says whose number is of which kind. */
  function incomparable({ quantity, cells, names }) {
    const there = cells.filter((scores) => scores.length).length;
    if (there < 2) return null;
    const groups = (word) => {
      const found = new Map();
      cells.forEach((scores, i) => scores.forEach((score) => {
        found.set(word(score), new Set(found.get(word(score))).add(names[i]));
      }));
      return found.size > 1 ? [...found] : null;
    };
    const reason = (words, word) => {
      const found = groups(word);
      const owners = (models) => (there > 2 ? `: ${[...models].join(", ")}` : "");
      return found && `${words} (${found.map(([value, models]) => value + owners(models)).join(there > 2 ? "; " : ", ")})`;
    };
    const stated = (place) => (score) => score[place] ?? "not stated";
    const reasons = quantity.origin === "measured" ? [
      reason("different protocols", stated(PROTOCOL)),
      reason("different tiers", stated(TIER)),
      groups(stated(IMAGES)) && "different images",
      reason("different versions of the method", stated(VERSION)),
      reason("different machines", (score) => `${score[DEVICE] ?? ""}, ${score[THREADS] ?? "unknown"} threads`),
    ] : [reason("different sources", stated(SOURCE))];
    if (!quantity.ownImages) reasons.push(reason("different n", stated(N)));
    const given = reasons.filter(Boolean);
    return given.length ? given.join("; ") : null;
  }

  SecurityNet.comparing = {
    MOST, model, asked, remember, scoreRows, incomparable,
    places: { VALUE, LOW, HIGH, N, PROTOCOL, TIER, SOURCE, FLAGS },
  };
})();

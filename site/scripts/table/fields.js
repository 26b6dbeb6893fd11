/* What can be searched by: fields and their values, as the page's data define them, and nearest words. The
 * same as sngen/search/fields.py and names.py. */
"use strict";

(() => {
  const MOST_LISTED = 8;

  const folded = (word) => word.trim().toLowerCase().replace(/[\s_-]+/g, "-");
  const letters = (word) => word.toLowerCase().replace(/[^a-z0-9]/g, "");
  const quoted = (word) => (word.includes("'") && !word.includes('"') ? `"${word}"` : `'${word.replaceAll("'", "\\'")}'`);

  // Length of the longest common runs, found greedily as Python's difflib does.
  function common(a, b) {
    let best = 0, at = 0, bt = 0;
    for (let i = 0; i < a.length; i += 1) {
      for (let j = 0; j < b.length; j += 1) {
        let k = 0;
        while (i + k < a.length && j + k < b.length && a[i + k] === b[j + k]) k += 1;
        if (k > best) [best, at, bt] = [k, i, j];
      }
    }
    if (!best) return 0;
    return best + common(a.slice(0, at), b.slice(0, bt)) + common(a.slice(at + best), b.slice(bt + best));
  }

  const ratio = (a, b) => (a.length + b.length ? (2 * common(a, b)) / (a.length + b.length) : 1);

  // The most similar words, best first: few letters apart, or one within the other.
  function nearest(word, words, most = 3) {
    const known = [...new Set(words)];
    const alike = known.map((other) => [ratio(other, word), other]).filter(([share]) => share >= 0.6)
      .sort((a, b) => b[0] - a[0] || (a[1] < b[1] ? 1 : -1)).slice(0, most).map(([, other]) => other);
    const parts = known.filter((other) => word.length > 2
      && (other.includes(word) || word.split("_").includes(other)));
    return [...new Set([...alike, ...parts.sort((a, b) => a.length - b.length)])].slice(0, most);
  }

  // "*" stands for any characters.
  function wildcard(word, whole) {
    const parts = word.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(whole ? `^${parts.join("[^]*")}$` : parts.join("[^]*"), "i");
  }

  class Fields {
    // ``occurring(name)``: the different values of a field in the table.
    constructor(search, occurring) {
      this.fields = new Map(search.fields.map((field) => [field.name, field]));
      this.byName = new Map();
      for (const field of search.fields) {
        [field.name, ...field.aliases].forEach((name) => this.byName.set(name, field));
      }
      this.occurring = occurring;
      this.spellings = new Map(Object.entries(search.spellings).map(([words, id]) => [words.toLowerCase(), id]));
    }

    find(name) {
      return this.byName.get(name.toLowerCase().replaceAll("-", "_")) ?? null;
    }

    // Whether the word alone can only be meant as the field: its own name, or another name of a number.
    namedAlone(word) {
      const field = this.find(word);
      return field !== null && (field.kind === "number" || field.name === word.toLowerCase().replaceAll("-", "_"));
    }

    // Fields whose condition a bare word stands for if it is one of their names.
    namedByWord() {
      return [...this.fields.values()].filter((field) => field.named_by_word);
    }

    unknown(name) {
      const found = nearest(name.toLowerCase().replaceAll("-", "_"), this.byName.keys());
      return `unknown field ${quoted(name)}${found.length ? `; nearest: ${found.join(", ")}` : ""}`;
    }

    // Folded word -> word of a field with closed words; null for an open one.
    closed(field) {
      const words = field.allowed ?? (field.names_in_table ? this.occurring(field.name) : null);
      return words && new Map(words.map((word) => [folded(word), word]));
    }

    // The word as the vocabulary has it. Throws an Error in words for one that a closed field does not have.
    resolve(field, word) {
      const closed = this.closed(field);
      if (closed === null) return word;
      if (word.includes("*")) {
        const pattern = wildcard(folded(word), true);
        if ([...closed.keys()].some((other) => pattern.test(other))) return folded(word);
      } else {
        const found = closed.get(folded(word)) ?? this.dataset(field, word);
        if (found) return found;
      }
      throw new Error(this.noSuch(field, word, [...closed.values()].sort()));
    }

    dataset(field, word) {
      if (!field.is_dataset) return null;
      return this.spellings.get(word.toLowerCase()) ?? this.byLetters().get(letters(word)) ?? null;
    }

    // By letters and digits alone, where these belong to one dataset only.
    byLetters() {
      if (!this.lettersOnly) {
        const known = [...this.spellings];
        for (const field of this.fields.values()) {
          if (field.is_dataset) this.occurring(field.name).forEach((id) => known.push([id, id]));
        }
        const found = new Map();
        for (const [words, id] of known) {
          found.set(letters(words), (found.get(letters(words)) ?? new Set()).add(id));
        }
        this.lettersOnly = new Map([...found].filter(([, ids]) => ids.size === 1)
          .map(([words, ids]) => [words, [...ids][0]]));
      }
      return this.lettersOnly;
    }

    noSuch(field, word, known) {
      const found = nearest(folded(word), known);
      const hint = found.length ? `; nearest: ${found.join(", ")}`
        : known.length > MOST_LISTED ? "" : known.length ? `; there are ${known.join(", ")}` : "; nothing has one";
      return `${field.name} has no value ${quoted(word)}${hint}`;
    }
  }

  window.SecurityNet.grid.fields = { Fields, nearest, wildcard, quoted };
})();

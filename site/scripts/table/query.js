/* The query language of "sngen models" (sngen/search/query.py), for a table whose data define its fields.
 * Both are tested with the same cases. Nothing is evaluated as code. */
"use strict";

(() => {
  const { Fields, wildcard, quoted } = window.SecurityNet.grid.fields;
  const { COMPARISONS, read, write } = window.SecurityNet.grid.values;

  const OPERATORS = { "==": "=", "≥": ">=", "≤": "<=", "≠": "!=" };
  const TERM = /([A-Za-z_][A-Za-z0-9_-]*)(\s*(?:==|!=|>=|<=|[=><~≥≤≠])|:)\s*/uy;
  const SPACE = /\s*/y, RUN = /[^\s,]*/y, WORD = /\S+/y, COMMA = /\s*,\s*/y;

  const at = (pattern, text, start) => {
    pattern.lastIndex = start;
    return pattern.exec(text);
  };

  // A mistake, and where reading goes on after it.
  class Mistake extends Error {
    constructor(words, end) {
      super(words);
      this.end = end;
    }
  }

  function inQuotes(text, start) {
    const close = text.indexOf(text[start], start + 1);
    if (close < 0) {
      throw new Mistake(`the quote before ${quoted(text.slice(start + 1, start + 21))} is not closed`, text.length);
    }
    const end = close + 1;
    if (end < text.length && !/[\s,]/.test(text[end])) {
      const rest = at(WORD, text, end)[0];
      throw new Mistake(`${quoted(rest)} follows a closing quote; a space or a comma should`, end + rest.length);
    }
    return { word: text.slice(start + 1, close), quotes: true, end };
  }

  function element(text, start) {
    if (text[start] === '"' || text[start] === "'") return inQuotes(text, start);
    const [word] = at(RUN, text, start);
    return { word, quotes: false, end: start + word.length };
  }

  function elements(text, start) {
    const found = [];
    for (let position = start; ;) {
      found.push(element(text, position));
      const comma = at(COMMA, text, found.at(-1).end);
      if (comma === null) return found;
      position = comma.index + comma[0].length;
    }
  }

  function example(field) {
    if (field.kind === "truth") return `'${field.name}=true'`;
    if (field.kind === "number") {
      const number = field.minimum === 1990 ? "2020" : field.unit === "fraction" ? "0.9" : "10";
      return `'${field.name}>=${number}'`;
    }
    return field.allowed ? `'${field.name}=${field.allowed[0]}'` : `'${field.name}=...'`;
  }

  const word = (text, isNamed) => ({ field: null, operator: "~", values: [{ kind: "word", text, named: isNamed }] });

  function bare(fields, text, start) {
    if (text[start] === '"' || text[start] === "'") {
      const found = inQuotes(text, start);
      if (!found.word.trim()) throw new Mistake("empty quotes; write the words to look for", found.end);
      const trimmed = found.word.trim();
      return { term: word(trimmed, named(fields, trimmed) !== null), end: found.end };
    }
    const [run] = at(WORD, text, start);
    const end = start + run.length;
    if (run === "AND") return { term: null, end };
    if (run === "OR" || run === "NOT") {
      throw new Mistake(`${run} is not part of the language; alternatives are written field=a,b and exclusions `
        + "field!=a", end);
    }
    const field = fields.find(run);
    if (fields.namedAlone(run)) {
      throw new Mistake(`${quoted(run)} is the name of a field and no condition; write for example `
        + `${example(field)}, or "${run}" with its double quotes to look for the word itself`, end);
    }
    if ("=<>!~≥≤≠".includes(run[0])) {
      throw new Mistake(`${quoted(run)} has no field before it; write field${run}`, end);
    }
    return { term: named(fields, run) ?? word(run, false), end };
  }

  // The condition that a bare word stands for: CIFAR-10 is dataset=cifar10.
  function named(fields, run) {
    for (const field of run.includes("*") ? [] : fields.namedByWord()) {
      try {
        return { field, operator: "=", values: [{ kind: "word", text: fields.resolve(field, run) }] };
      } catch { /* no name of this field */ }
    }
    return null;
  }

  function term(fields, text, start) {
    const match = at(TERM, text, start);
    if (match === null || (match[2] === ":" && fields.find(match[1]) === null)) return bare(fields, text, start);
    const sign = match[2].trim().replace(":", "=");
    const operator = OPERATORS[sign] ?? sign;
    const found = elements(text, start + match[0].length);
    const { end } = found.at(-1);
    const field = fields.find(match[1]);
    if (field === null) {
      const elsewhere = fields.elsewhere.has(match[1].toLowerCase().replaceAll("-", "_"));
      throw new Mistake(elsewhere ? `${match[1]} asks for rows of other datasets, which this table does not `
        + "have; the command has them" : fields.unknown(match[1]), end);
    }
    if (found.some((one) => !one.word && !one.quotes)) {
      throw new Mistake(`${quoted(match[0].trim())} has no value; write for example ${example(field)}`, end);
    }
    if (COMPARISONS.has(operator) && found.length > 1) {
      throw new Mistake(`${field.name}${operator} takes one value, found ${found.length}`, end);
    }
    try {
      const values = found.map((one) => read(fields, field, operator, one.word, one.quotes));
      return { term: { field, operator, values }, end };
    } catch (problem) {
      throw new Mistake(problem.message, end);
    }
  }

  function termText(fields, { field, operator, values }) {
    const texts = [...new Set(values.map((value) => write(fields, value, field === null)))].join(",");
    return field === null ? texts : `${field.name}${operator}${texts}`;
  }

  // The terms of a query, its normal form, and everything that is wrong with it.
  function parse(text, fields) {
    const terms = [], problems = [];
    let position = at(SPACE, text, 0)[0].length;
    while (position < text.length) {
      try {
        const found = term(fields, text, position);
        if (found.term !== null) terms.push(found.term);
        position = found.end;
      } catch (mistake) {
        if (!(mistake instanceof Mistake)) throw mistake;
        problems.push(mistake.message);
        position = mistake.end;
      }
      position += at(SPACE, text, position)[0].length;
    }
    return { terms, problems, text: [...new Set(terms.map((one) => termText(fields, one)))].join(" ") };
  }

  // Whether one value, or null for unknown, is what is wanted; for != whether it is equal.
  function elementTest(operator, wanted) {
    const compare = {
      ">": (a, b) => a > b, ">=": (a, b) => a >= b, "<": (a, b) => a < b, "<=": (a, b) => a <= b,
    }[operator] ?? ((a, b) => a === b);
    if (wanted.kind === "known") return (value) => (value !== null) === wanted.value;
    if (wanted.kind === "truth") return (value) => value === wanted.value;
    if (wanted.kind === "number") return (value) => value !== null && compare(value, wanted.value);
    if (wanted.kind === "range") {
      return (value) => value !== null && (wanted.low === null || value >= wanted.low)
        && (wanted.high === null || value <= wanted.high);
    }
    if (wanted.text.includes("*")) {
      const pattern = wildcard(wanted.text, operator !== "~");
      return (value) => value !== null && pattern.test(value);
    }
    const text = wanted.text.toLowerCase();
    return operator === "~" ? (value) => value !== null && value.toLowerCase().includes(text)
      : (value) => value !== null && value.toLowerCase() === text;
  }

  // Whether a term holds in a row; column(name) gives a field's values, an unknown or empty one null.
  function holds({ field, operator, values }, fields, column) {
    const tests = values.map((value) => elementTest(operator, value));
    const one = (value) => tests.some((test) => test(value));
    if (field === null) {
      const texts = [...fields.fields.values()].filter((other) => other.in_words).map(({ name }) => column(name));
      return (row) => texts.some((cells) => one(cells[row] ?? null));
    }
    const cells = column(field.name);
    const found = field.list ? (value) => (value?.length ? value.some(one) : one(null)) : one;
    return operator === "!=" ? (row) => !found(cells[row] ?? null) : (row) => found(cells[row] ?? null);
  }

  // Fields that are made of others: the first known of several, the exact or the rounded size.
  function derived(search, column, length) {
    const made = new Map();
    const rows = Array.from({ length }, (_, row) => row);
    for (const { value, word: name, of } of search.first ?? []) {
      const first = rows.map((row) => of.find(([from]) => (column(from)[row] ?? null) !== null) ?? null);
      made.set(value, first.map((found, row) => (found ? column(found[0])[row] : null)));
      made.set(name, first.map((found) => (found ? found[1] : null)));
    }
    if (search.size) {
      const { name, exact, rounded, times } = search.size;
      made.set(name, rows.map((row) => column(exact)[row]
        ?? (((millions) => (millions === null ? null : millions * times))(column(rounded)[row] ?? null))));
    }
    return made;
  }

  /* What a table needs to be searched: search is what its data say of fields, stored(name) a stored column or
   * null, length the number of rows. */
  class Search {
    constructor(search, stored, length) {
      const nothing = [];
      const column = (name) => stored(search.columns?.[name] ?? name) ?? nothing;
      this.made = null;
      this.column = (name) => {
        this.made ??= derived(search, column, length);
        return this.made.get(name) ?? column(name);
      };
      this.command = search.command ?? null;
      this.fields = new Fields(search, (name) => [...new Set(this.column(name).filter((v) => v !== null))]);
      this.fields.elsewhere = new Set(search.elsewhere ?? []);
    }

    parse(text) {
      return parse(text, this.fields);
    }

    termText(one) {
      return termText(this.fields, one);
    }

    // One function from a row to whether it passes, per term.
    tests(query) {
      return query.terms.map((one) => holds(one, this.fields, this.column));
    }
  }

  window.SecurityNet.grid.query = { Search };
})();

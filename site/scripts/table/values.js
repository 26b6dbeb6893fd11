/* Values of a query: words, numbers, ranges, known and unknown. The same as sngen/search/values.py. */
"use strict";

(() => {
  const { quoted } = window.SecurityNet.grid.fields;

  const NUMBER = "[+-]?(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?";
  const whole = (pattern) => new RegExp(`^(?:${pattern})$`);
  const PLAIN = whole(NUMBER);
  const PERCENT = whole(`(${NUMBER})%`);
  const SCALED = whole("([+-]?(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+))([kKmMgG])");
  const RATIO = whole(`(${NUMBER})/(${NUMBER})`);
  const SPAN = whole(`${NUMBER}-${NUMBER}`);
  const POWERS = { k: "e3", m: "e6", g: "e9" };
  const COMPARISONS = new Set([">", ">=", "<", "<="]);
  const NEEDS_QUOTES = /[\s,]|^["'=<>!~≥≤≠:]|^$/u;

  // Decimal text is shifted as text, so that 93.1% is the very number that 0.931 is.
  function shifted(word) {
    const [mantissa, exponent] = word.toLowerCase().split("e");
    return Number(`${mantissa}e${Number(exponent ?? 0) - 2}`);
  }

  function readNumber(word) {
    let value = null, match;
    if (PLAIN.test(word)) value = Number(word);
    else if ((match = PERCENT.exec(word))) value = shifted(match[1]);
    else if ((match = SCALED.exec(word))) value = Number(match[1] + POWERS[match[2].toLowerCase()]);
    else if ((match = RATIO.exec(word)) && Number(match[2]) !== 0) value = Number(match[1]) / Number(match[2]);
    return value !== null && Number.isFinite(value) ? value : null;
  }

  // Numbers as Python writes them: 1e-05 and not 0.00001, 1e+16 and not 10000000000000000.
  function numberText(value) {
    if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
    const size = Math.abs(value);
    if (size >= 1e-4 && size < 1e16) return Number.isInteger(value) ? `${value}.0` : String(value);
    return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  }

  function expectation(field) {
    const { minimum: low, maximum: high } = field;
    const what = field.whole ? "a whole number" : "a number";
    const words = field.list ? (field.whole ? "a list of whole numbers" : "a list of numbers") : what;
    if (low !== null && high !== null) return `${words} in [${low}, ${high}]`;
    return low !== null ? `${words} of at least ${low}` : words;
  }

  function number(field, word) {
    const value = readNumber(word);
    const fraction = field.unit === "fraction";
    if (value === null || (word.endsWith("%") && !fraction)) {
      const hint = SPAN.test(word) ? `; a range is written ${word.replace("-", "..")}`
        : word.endsWith("%") ? "; % is only for fractions" : "";
      throw new Error(`${field.name} is ${expectation(field)}, found ${quoted(word)}${hint}`);
    }
    const { minimum: low, maximum: high } = field;
    if ((low === null || value >= low) && (high === null || value <= high)) return value;
    if (!fraction) throw new Error(`${field.name} is ${expectation(field)}, found ${quoted(word)}`);
    const likely = value > 1 && value <= 100 && !word.endsWith("%");
    const hint = likely ? `; write ${numberText(shifted(word))} or ${word}%` : "";
    throw new Error(`${field.name} is a fraction in [${low}, ${high}]${hint}; found ${quoted(word)}`);
  }

  function numberOrRange(field, operator, word, inQuotes) {
    const dots = word.indexOf("..");
    if (inQuotes || dots < 0) return { kind: "number", value: number(field, word) };
    const [low, high] = [word.slice(0, dots), word.slice(dots + 2)];
    if (COMPARISONS.has(operator)) {
      throw new Error(`${field.name}${operator} takes one number; a range is written ${field.name}=${word}`);
    }
    if (!low && !high) {
      throw new Error(`${field.name}=${word} has no end; write for example ${field.name}=known`);
    }
    const ends = [low, high].map((part) => (part ? number(field, part) : null));
    if (ends[0] !== null && ends[1] !== null && ends[0] > ends[1]) {
      throw new Error(`${field.name}=${word} is empty: ${low} is more than ${high}; write ${high}..${low}`);
    }
    return { kind: "range", low: ends[0], high: ends[1] };
  }

  // The value that a word stands for in a field. Throws an Error in words.
  function read(fields, field, operator, word, inQuotes) {
    if (COMPARISONS.has(operator) && field.kind !== "number") {
      const what = field.kind === "text" ? "a text" : "true or false";
      throw new Error(`${field.name} is ${what}; it can be compared with =, != and ~, not with ${operator}`);
    }
    if (operator === "~" && field.kind !== "text") {
      throw new Error(`${field.name} is no text; it can be compared with = and ranges, not with ~`);
    }
    const keyword = inQuotes || !["=", "!="].includes(operator) ? null : word.toLowerCase();
    if (["known", "unknown"].includes(keyword) && !field.allowed?.includes(keyword)) {
      return { kind: "known", value: keyword === "known" };
    }
    if (field.kind === "number") return numberOrRange(field, operator, word, inQuotes);
    if (field.kind === "truth") {
      if (!["true", "false"].includes(word.toLowerCase())) {
        throw new Error(`${field.name} is true or false, found ${quoted(word)}`);
      }
      return { kind: "truth", value: word.toLowerCase() === "true" };
    }
    return { kind: "word", text: operator === "~" ? word.trim() : fields.resolve(field, word.trim()) };
  }

  function wordText(fields, word, bare, isNamed) {
    const named = word.includes(":") ? fields.find(word.split(":")[0]) !== null : fields.namedAlone(word);
    const reserved = bare && (["AND", "OR", "NOT"].includes(word) || named || isNamed);
    const operator = bare && /^[A-Za-z_][A-Za-z0-9_-]*\s*(==|!=|[=><~≥≤≠])/u.test(word);
    const keyword = !bare && ["known", "unknown"].includes(word.toLowerCase());
    if (!(NEEDS_QUOTES.test(word) || reserved || operator || keyword)) return word;
    return word.includes('"') ? `'${word}'` : `"${word}"`;
  }

  // The value in a query's normal form.
  function write(fields, value, bare) {
    if (value.kind === "number") return numberText(value.value);
    if (value.kind === "truth") return String(value.value);
    if (value.kind === "known") return value.value ? "known" : "unknown";
    if (value.kind === "word") return wordText(fields, value.text, bare, value.named);
    return [value.low, value.high].map((end) => (end === null ? "" : numberText(end))).join("..");
  }

  window.SecurityNet.grid.values = { COMPARISONS, read, write };
})();

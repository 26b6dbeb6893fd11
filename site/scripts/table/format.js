/* How a value is written. */
"use strict";

(() => {
  const DASH = "–";
  const formats = new Map();

  function numberFormat(digits, grouped) {
    const key = `${digits}/${grouped}`;
    if (!formats.has(key)) {
      const fraction = digits === null ? { maximumFractionDigits: 6 }
        : { minimumFractionDigits: digits, maximumFractionDigits: digits };
      formats.set(key, new Intl.NumberFormat("en", { ...fraction, useGrouping: grouped }));
    }
    return formats.get(key);
  }

  // Counts are grouped (1,234,567); a number without a unit, such as a year, is not.
  function number(column, value) {
    if (value === null) return DASH;
    const digits = column.digits ?? null;
    const vanishes = value !== 0 && digits !== null && Math.abs(value) < 0.5 * 10 ** -digits;
    return vanishes ? value.toExponential(1) : numberFormat(digits, Boolean(column.unit)).format(value);
  }

  function plain(column, value) {
    if (value === null) return DASH;
    if (column.kind === "number") return number(column, value);
    return Array.isArray(value) ? value.join(", ") : String(value);
  }

  // "0.9173 [0.9117, 0.9225]"; the value alone where there is no interval.
  function interval(column, value, low, high) {
    const words = number(column, value);
    if (value === null || low === null || high === null) return words;
    return `${words} [${number(column, low)}, ${number(column, high)}]`;
  }

  // The address if it is a web address, null for anything else (javascript:, data:, rubbish).
  function webAddress(text) {
    try {
      const address = new URL(text);
      return ["http:", "https:"].includes(address.protocol) ? address.href : null;
    } catch {
      return null;
    }
  }

  window.SecurityNet.grid.format = { DASH, number, plain, interval, webAddress };
})();

/* One table on the page: holds the reader's view, and brings the page up to it after each change. */
"use strict";

(() => {
  const { grid } = window.SecurityNet;
  const { element, freshId } = grid.dom;

  const STEP = 200; // rows made at once

  const nextDirection = (column, now) => {
    const first = column.kind === "number"; // numbers descend first: the largest is what one looks for
    if (now === undefined) return first;
    return now.descending === first ? !first : null; // first direction, the other, none
  };

  class Table {
    constructor(holder, table) {
      this.rows = new grid.Rows(table);
      this.root = holder.dataset.root ?? "";
      const several = document.querySelectorAll(".sn-table[data-src]").length > 1;
      this.prefix = several ? `${table.name}.` : "";
      const asked = grid.state.read(this.rows, window.location.search, this.prefix);
      this.view = asked.view;
      this.noun = table.noun ?? "rows";
      this.chooser = null; // the chart whose brush chose the rows
      this.build(table, asked.notices);
      holder.replaceChildren(...this.pieces);
      holder.classList.add("sn-live");
      this.render();
      grid.live.set(table.name, this);
    }

    build(table, notices) {
      this.search = element("input", {
        type: "search",
        placeholder: this.rows.search ? "dataset=cifar10 accuracy>=0.9 resnet" : `Search ${this.noun}`, "aria-label": `Search ${table.title}`,
        "aria-describedby": (this.wrong = element("ul", {
          id: freshId("wrong"), class: "sn-wrong", role: "status", hidden: true,
        })).id,
        autocomplete: "off", spellcheck: "false",
        oninput: () => this.change((view) => { view.q = this.search.value; }),
      });
      this.command = grid.command.line(this.rows);
      const parts = () => this.parts;
      const { disclosure, columns, downloads } = grid.panels;
      this.filters = disclosure("Filters", freshId("panel"), () => grid.filters.panel(this.rows, this), parts);
      this.parts = [
        this.filters,
        disclosure("Columns", freshId("panel"), () => columns(this.rows, this), parts),
        disclosure("Download", freshId("panel"), () => downloads(this.rows, this), parts),
      ];
      this.parts.forEach((part) => { part.onopen = () => part.update(this.view, this.counts, this.order); });
      this.picks = grid.picks(this.rows, this.root, () => this.render());
      this.status = element("p", { class: "sn-status", role: "status" });
      this.chips = element("ul", { class: "sn-chips", "aria-label": "Filters in force" });
      this.grid = element("table", { class: "sn-grid", "aria-label": table.title });
      this.scroll = element("div", {
        class: "sn-scroll", role: "region", tabindex: 0, "aria-label": table.title,
      }, this.grid);
      this.pager = element("nav", { class: "sn-pager", "aria-label": `Pages of ${table.title}` });
      this.buildPager();
      this.pieces = [
        notices.length ? element("p", { class: "sn-notice", role: "status" },
          `Part of the address was not understood and is left out: ${notices.join("; ")}.`) : null,
        element("div", { class: "sn-bar" }, this.search, ...this.parts.map(({ button }) => button),
          ...(this.picks ? [this.picks.button] : [])),
        this.wrong,
        this.command?.box ?? null,
        ...this.parts.map(({ panel }) => panel),
        element("div", { class: "sn-line" }, this.status, this.chips),
        this.picks?.line ?? null,
        this.scroll,
        this.pager,
      ].filter(Boolean);
    }

    buildPager() {
      const turn = (words, by) => element("button", {
        type: "button", class: "sn-button", onclick: () => this.turn(by),
      }, words);
      this.back = turn("Previous", -1);
      this.forth = turn("Next", 1);
      this.place = element("span");
      this.size = element("select", {
        onchange: () => this.change((view) => { view.size = Number(this.size.value); }),
      }, ...grid.state.SIZES.map((size) => element("option", { value: size }, size ? String(size) : "all")));
      this.pager.append(this.back, this.place, this.forth,
        element("label", {}, "Rows ", this.size));
    }

    turn(by) {
      this.change((view) => { view.page += by; }, { samePage: true });
      this.scroll.scrollTop = 0;
      if (this.scroll.getBoundingClientRect().top < 0) this.scroll.scrollIntoView();
    }

    // The one way to alter the view. A changed selection starts again at the first page.
    change(alter, { samePage = false } = {}) {
      alter(this.view);
      if (this.view.within === null) this.release(null);
      if (!samePage) this.view.page = 1;
      this.render();
      grid.state.remember(this.rows, this.view, this.prefix);
    }

    // Only rows with these ids, which a chart chose (null: all, if it was this one); not part of the address.
    keepWithin(ids, chooser) {
      if (ids === null && this.chooser !== chooser) return;
      if (ids === null) this.chooser = null;
      else this.release(chooser);
      this.change((view) => { view.within = ids; });
    }

    // Whose choice it was until now is told, unless it goes on.
    release(next) {
      const last = this.chooser;
      this.chooser = next;
      if (last && last !== next) last.released();
    }

    sort(column, further) {
      this.change((view) => {
        const now = view.sort.find(({ name }) => name === column.name);
        const descending = nextDirection(column, now);
        const key = { name: column.name, descending };
        if (!further) view.sort = descending === null ? [] : [key];
        else if (now === undefined) view.sort.push(key);
        else if (descending === null) view.sort = view.sort.filter((other) => other !== now);
        else now.descending = descending;
      });
    }

    render() {
      const { rows, view } = this;
      const { order, counts } = rows.select(view);
      Object.assign(this, { order, counts });
      const size = view.size || Math.max(order.length, 1);
      const pages = Math.max(1, Math.ceil(order.length / size));
      view.page = Math.min(view.page, pages);
      const start = (view.page - 1) * size;
      this.renderGrid(order.slice(start, start + size));
      this.renderControls(pages);
      this.parts.forEach((part) => part.update(view, counts, order));
    }

    renderGrid(shown) {
      const focused = this.grid.querySelector("thead :focus")?.closest("th").dataset.column;
      const head = grid.cells.head(this.rows, this.view, (column, further) => this.sort(column, further));
      const body = element("tbody");
      if (this.picks?.on) head.firstChild.prepend(this.picks.head());
      if (!shown.length) {
        body.append(element("tr", {}, element("td", { colspan: this.view.columns.length + (this.picks?.on ? 1 : 0) },
          `No ${this.noun} pass these filters.`)));
      }
      this.grid.replaceChildren(head, body);
      this.fill(body, shown);
      if (focused) this.grid.querySelector(`th[data-column="${CSS.escape(focused)}"] button`)?.focus();
    }

    /* The first rows at once, the rest in growing steps, so that typing is answered while thousands are
     * made. Each step lays the whole table out again; doubling keeps that to about twice the work. */
    fill(body, shown, from = 0) {
      const to = from + Math.max(STEP, from);
      const made = grid.cells.bodyRows(this.rows, this.view, shown.slice(from, to), this.root);
      if (this.picks?.on) made.forEach((line, i) => line.prepend(this.picks.cell(shown[from + i])));
      body.append(...made);
      const more = to < shown.length;
      this.grid.setAttribute("aria-busy", String(more));
      if (more) setTimeout(() => body.isConnected && this.fill(body, shown, to), 50);
    }

    renderControls(pages) {
      const { view, order, rows } = this;
      const number = (value) => value.toLocaleString("en");
      if (this.search.value !== view.q) this.search.value = view.q;
      this.status.textContent = `${number(order.length)} of ${number(rows.length)} ${this.noun}`;
      this.renderQuery();
      this.renderChips();
      this.filters.count(view.facets.size + view.ranges.size);
      this.place.textContent = `Page ${number(view.page)} of ${number(pages)}`;
      const focused = document.activeElement;
      this.back.disabled = view.page === 1;
      this.forth.disabled = view.page === pages;
      if (focused === this.back && this.back.disabled) this.forth.focus();
      if (focused === this.forth && this.forth.disabled) this.back.focus();
      this.size.value = String(view.size);
      this.pager.hidden = rows.length <= grid.state.SIZES[0];
    }

    // What is wrong with the query, and the view as a command.
    renderQuery() {
      const { problems } = this.rows;
      this.wrong.replaceChildren(...problems.map((words) => element("li", {}, words)),
        ...(problems.length ? [element("li", {}, "The search is not applied.")] : []));
      this.wrong.hidden = !problems.length;
      this.search.setAttribute("aria-invalid", String(problems.length > 0));
      this.command?.update(this.view);
    }

    renderChips() {
      const focused = this.chips.contains(document.activeElement);
      const chips = grid.filters.chips(this.rows, this.view, this);
      if (chips.length) chips.push(this.clearAll());
      this.chips.replaceChildren(...chips);
      this.chips.hidden = chips.length === 0;
      if (focused) (this.chips.querySelector("button") ?? this.search).focus(); // the pressed one is gone
    }

    clearAll() {
      return element("li", {}, element("button", {
        type: "button", class: "sn-chip sn-clear",
        onclick: () => {
          this.change((view) => {
            view.q = "";
            view.facets.clear();
            view.ranges.clear();
            view.within = null;
          });
        },
      }, "Clear all"));
    }
  }

  grid.live = new Map(); // name -> table on the page, for charts
  grid.show = (holder, table) => new Table(holder, table);
})();

/* The page as a whole: which models are chosen, and what changes when one comes or goes. */
"use strict";

(() => {
  const { SecurityNet } = window;
  const { element } = SecurityNet.grid.dom;
  const { MOST, model, asked, remember, scoreRows, sheet, finder } = SecurityNet.comparing;

  class Comparison {
    constructor(holder) {
      this.head = holder.dataset.head;
      this.models = [];
      this.notices = element("p", { class: "sn-notice", role: "status", hidden: true });
      this.status = element("p", { class: "sn-status", role: "status" });
      this.finder = finder(holder.dataset.models, () => this.models.map(({ id }) => id), (id) => this.add(id));
      this.different = element("input", { type: "checkbox", onchange: () => this.render() });
      this.toggle = element("label", { class: "sn-toggle" }, this.different, " Only what differs");
      this.all = element("input", { type: "checkbox", onchange: () => this.changed() });
      this.further = element("span");
      this.every = element("label", { class: "sn-toggle" }, this.all, " ", this.further);
      this.words = element("p", { class: "sn-note" });
      this.scroll = element("div", {
        class: "sn-scroll", role: "region", tabindex: 0, "aria-label": "Models side by side",
      });
      holder.replaceChildren(this.notices, this.finder.box,
        element("div", { class: "sn-line" }, this.status, this.every, this.toggle), this.words, this.scroll);
      holder.classList.add("sn-live");
    }

    async read({ ids, all }) {
      this.all.checked = all;
      const wanted = ids.slice(0, MOST);
      const found = await Promise.all(wanted.map((id) => model(id, this.head)));
      const missing = wanted.filter((_, i) => found[i] === null);
      const words = missing.map((id) => `no model is called “${id}”`);
      if (ids.length > MOST) words.push(`${MOST} models fit side by side, ${ids.length - MOST} are left out`);
      this.models = found.filter(Boolean);
      this.notices.textContent = words.length ? `Of the address: ${words.join("; ")}.` : "";
      this.notices.hidden = !words.length;
      this.render();
    }

    async add(id) {
      const found = await model(id, this.head);
      if (found === null || this.models.length >= MOST) return;
      this.models.push(found);
      this.finder.clear();
      this.changed(`${found.name} added. `);
      this.finder.input.focus();
    }

    remove(id) {
      const place = this.models.findIndex((one) => one.id === id);
      const [gone] = this.models.splice(place, 1);
      this.changed(`${gone.name} removed. `);
      const buttons = this.scroll.querySelectorAll("thead button");
      (buttons[Math.min(place, buttons.length - 1)] ?? this.finder.input).focus();
    }

    changed(words) {
      remember(this.models.map(({ id }) => id), this.all.checked);
      this.render(words);
    }

    render(words = "") {
      const { models } = this;
      const count = models.length;
      const advice = count >= MOST ? ` ${MOST} is the most that fit; remove one to add another.`
        : count === 0 ? " Add two or more." : count === 1 ? " Add another." : "";
      this.status.textContent = `${words}${count} ${count === 1 ? "model" : "models"} chosen.${advice}`;
      this.finder.input.disabled = count >= MOST;
      this.toggle.hidden = count < 2;
      this.scroll.hidden = count === 0;
      const further = scoreRows(models).filter(({ headline }) => !headline).length;
      this.further.textContent = `All scores (${further.toLocaleString("en")} rows beside the headline ones)`;
      this.every.hidden = further === 0;
      const made = sheet(models, { onlyDifferent: count > 1 && this.different.checked, all: this.all.checked },
        (id) => this.remove(id));
      this.words.textContent = made.words;
      this.words.hidden = !made.words;
      this.scroll.replaceChildren(...(count ? [made.table] : []));
    }
  }

  SecurityNet.comparing.show = (holder) => new Comparison(holder).read(asked(window.location.search));
})();

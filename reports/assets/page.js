// Sortable tables, and one tooltip for all charts by mouse, touch and keyboard. The page reads without it.
(() => {
  "use strict";
  const value = (row, column) => {
    const cell = row.cells[column];
    const number = cell.dataset.v;
    return number === undefined ? cell.textContent : Number(number);
  };
  const compare = (a, b) =>
    typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", {numeric: true});
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const body = table.tBodies[0];
        const rows = [...body.rows].map((row, index) => ({row, index, key: value(row, column)}));
        rows.sort((a, b) => (down ? -compare(a.key, b.key) : compare(a.key, b.key)) || a.index - b.index);
        body.append(...rows.map((entry) => entry.row));
      });
    });
  }

  const tip = document.getElementById("tip");
  const place = (x, y) => {
    const box = tip.getBoundingClientRect();
    tip.style.left = Math.max(4, Math.min(x + 12, innerWidth - box.width - 4)) + "px";
    tip.style.top = (y + 16 + box.height > innerHeight ? Math.max(4, y - box.height - 10) : y + 16) + "px";
  };
  const hide = () => { tip.hidden = true; };
  const show = (text, x, y) => { tip.textContent = text; tip.hidden = false; place(x, y); };
  for (const svg of document.querySelectorAll("svg.thaw-chart")) {
    const marks = [...svg.querySelectorAll(".mark")].filter((mark) => mark.querySelector("title"));
    const texts = new Map();
    for (const mark of marks) {
      const title = mark.querySelector("title");
      if (!title) continue;
      texts.set(mark, title.textContent);
      title.remove();  // the browser's own tooltip would cover ours
    }
    if (texts.size === 0) continue;
    svg.tabIndex = 0;
    let current = -1;
    const leave = () => { if (current >= 0) marks[current].classList.remove("current"); };
    const over = (event) => {
      const mark = event.target.closest && event.target.closest(".mark");
      if (mark && texts.has(mark)) show(texts.get(mark), event.clientX, event.clientY); else hide();
    };
    svg.addEventListener("pointermove", over);
    svg.addEventListener("pointerdown", over);
    svg.addEventListener("pointerleave", hide);
    svg.addEventListener("keydown", (event) => {
      const step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[event.key];
      if (event.key === "Escape") { leave(); current = -1; hide(); return; }
      if (!step) return;
      event.preventDefault();
      leave();
      current = (current + step + marks.length) % marks.length;
      marks[current].classList.add("current");
      const box = marks[current].getBoundingClientRect();
      show(texts.get(marks[current]) || "", box.right, box.bottom);
    });
    svg.addEventListener("blur", () => { leave(); hide(); });
  }
})();

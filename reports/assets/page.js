// Sortable tables, and charts that say what is pointed at, by mouse, touch and keyboard. The page reads without it:
// points and lines are drawn by Chart.js over the still pictures, which stay for paper.
(() => {
  "use strict";
  const said = document.getElementById("said");  // read out by screen readers
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
  const stepOf = (event) => ({ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1})[event.key];
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
      const step = stepOf(event);
      if (event.key === "Escape") { leave(); current = -1; hide(); return; }
      if (!step) return;
      event.preventDefault();
      leave();
      current = (current + step + marks.length) % marks.length;
      marks[current].classList.add("current");
      const box = marks[current].getBoundingClientRect();
      show(texts.get(marks[current]) || "", box.right, box.bottom);
      said.textContent = texts.get(marks[current]) || "";
    });
    svg.addEventListener("blur", () => { leave(); hide(); });
  }

  const shapes = {none: false, circle: "circle", ring: "circle", diamond: "rectRot", triangle: "triangle", cross: "crossRot"};
  const hollow = new Set(["ring", "triangle", "cross"]);
  const datasetOf = (series, colours) => ({
    label: series.name,
    data: series.points.map(([x, y, text, label]) => ({x, y, text, label})),
    borderColor: colours(series.colour),
    backgroundColor: colours(series.colour),
    clip: 12,  // marks on the edge are whole
    showLine: series.line !== "none",
    borderWidth: 2,
    borderDash: series.line === "dashed" ? [6, 4] : [],
    stepped: series.steps ? "before" : false,
    pointStyle: shapes[series.shape],
    pointRadius: series.shape === "none" ? 0 : series.shape === "diamond" || series.shape === "triangle" ? series.radius + 1 : series.radius,
    pointHitRadius: series.points.some((point) => point[2]) ? 4 : 0,
    pointHoverRadius: series.radius + 3,
    pointBorderWidth: hollow.has(series.shape) ? 1.6 : 1,
    pointBackgroundColor: hollow.has(series.shape) ? "transparent" : colours(series.colour),
    pointBorderColor: hollow.has(series.shape) ? colours(series.colour) : colours("paper"),
  });
  const axisOf = (axis, colours) => ({
    type: "linear",
    min: axis.low,
    max: axis.high,
    title: {display: true, text: axis.label, color: colours("ink")},
    grid: {color: colours("grid")},
    border: {color: colours("soft")},
    ticks: {stepSize: axis.step, color: colours("soft"), callback: (tick) => tick.toFixed(axis.decimals)},
  });
  // Words beside the marks that have some, such as "chosen".
  const labels = {
    id: "labels",
    afterDatasetsDraw(chart) {
      const draw = chart.ctx;
      draw.save();
      draw.font = "13px " + Chart.defaults.font.family;
      draw.fillStyle = chart.options.color;
      chart.data.datasets.forEach((set, index) => chart.isDatasetVisible(index) && set.data.forEach((point, i) => {
        if (!point.label) return;
        const {x, y} = chart.getDatasetMeta(index).data[i];
        const left = x < (chart.chartArea.left + chart.chartArea.right) / 2;
        draw.textAlign = left ? "left" : "right";
        draw.fillText(point.label, x + (left ? 12 : -12), y - 9);
      }));
      draw.restore();
    },
  };
  // Chart.js would show a series without marks as nothing: here it is a piece of its line.
  const legendOf = (chart) => Chart.defaults.plugins.legend.labels.generateLabels(chart).filter((item) => item.text)
    .map((item) => {
      const set = chart.data.datasets[item.datasetIndex];
      return set.pointRadius ? item
        : {...item, pointStyle: "line", strokeStyle: set.borderColor, lineWidth: 2, lineDash: set.borderDash};
    });
  const optionsOf = (data, colours) => ({
    animation: false,
    maintainAspectRatio: false,
    color: colours("ink"),
    interaction: {mode: "nearest", intersect: true},
    layout: {padding: {top: 8, right: 12}},
    scales: {x: axisOf(data.x, colours), y: axisOf(data.y, colours)},
    plugins: {
      legend: {position: "bottom", labels: {usePointStyle: true, color: colours("ink"), generateLabels: legendOf}},
      tooltip: {
        displayColors: false,
        backgroundColor: colours("ink"),
        bodyColor: colours("paper"),
        filter: (item, index) => index < 3 && item.raw.text,
        callbacks: {title: () => "", label: (item) => wrapped(item.raw.text)},
      },
    },
  });
  // Lines of a length that a phone shows.
  const wrapped = (text) => {
    const most = innerWidth < 600 ? 40 : 70, lines = [];
    for (const line of text.split("\n")) {
      let row = "";
      for (const word of line.split(" ")) {
        if (row && row.length + word.length >= most) { lines.push(row); row = ""; }
        row += (row ? " " : "") + word;
      }
      lines.push(row);
    }
    return lines;
  };
  const draw = (script) => {
    const figure = script.closest("figure"), still = figure.querySelector("svg");
    const data = JSON.parse(script.textContent);
    const colours = (name) => getComputedStyle(still).getPropertyValue("--" + name).trim();
    const frame = document.createElement("div"), canvas = document.createElement("canvas");
    frame.className = "plot";
    frame.append(canvas);
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", still.getAttribute("aria-label"));
    script.before(frame);
    figure.classList.add("drawn");
    const config = () => ({datasets: data.series.map((series) => datasetOf(series, colours))});
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    const chart = new Chart(canvas, {type: "scatter", data: config(), options: optionsOf(data, colours), plugins: [labels]});
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      chart.data = config();
      chart.options = optionsOf(data, colours);
      chart.update();
    });
    const stops = data.series.flatMap((series, datasetIndex) =>
      series.points.map((point, index) => ({datasetIndex, index, text: point[2]}))).filter((stop) => stop.text);
    let current = -1;
    const point = (active) => {
      chart.setActiveElements(active);
      const at = active.length ? chart.getDatasetMeta(active[0].datasetIndex).data[active[0].index] : {x: 0, y: 0};
      chart.tooltip.setActiveElements(active, {x: at.x, y: at.y});
      chart.update();
    };
    canvas.addEventListener("keydown", (event) => {
      const step = stepOf(event);
      if (event.key === "Escape") { current = -1; point([]); return; }
      if (!step || stops.length === 0) return;
      event.preventDefault();
      current = current < 0 && step < 0 ? stops.length - 1 : (current + step + stops.length) % stops.length;
      point([stops[current]]);
      said.textContent = stops[current].text;
    });
    canvas.addEventListener("blur", () => point([]));
  };
  document.querySelectorAll("script.chart-data").forEach(draw);
})();

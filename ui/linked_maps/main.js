// Linked maps: what is picked or touched in one map lights up in all, at once and in the browser.
// Python sends a figure whose points carry row numbers, and gets back the rows that are picked.
"use strict";

const SMALLEST_PANEL = 205, TALLEST_PANEL = 520, GAP = 10, TITLE = 36, SECONDS_A_STOP = 2.2;
const FIRST_HEIGHT = 320;  // until there is something to measure
// The tools are buttons of our own: Plotly's bar would cover the name of the last map.
const CONFIG = {
  displayModeBar: false, showSendToCloud: false, plotlyServerURL: "", scrollZoom: true,
  doubleClick: false, responsive: false,
};
const TOOLS = { lasso: "Loop", select: "Box", pan: "Move" };

const byId = (id) => document.getElementById(id);
const plot = byId("plot"), bar = byId("bar"), slider = byId("slider"), picture = byId("picture");
let payload = null;      // what Python sent
let asked = "", drawn = "";  // its identity, and that of what is drawn
let width = 0;
let ranges = {};         // of the axes, before anybody zooms
let chosen = new Set();  // rows that are picked
let groupOf = new Int32Array();
let where = [];          // for each trace: row -> place in the trace
let places = [];         // morph: Float32Array (N, 2) for each stop
let adding = false;      // whether Shift is held: a new pick is added to the last
let lighting = false;    // taking the loop away looks to Plotly like a pick of nothing
let playing = 0;

// --- talking to Streamlit -----------------------------------------------------------------------

function tell(type, content) {
  window.parent.postMessage({ isStreamlitMessage: true, type: `streamlit:${type}`, ...content }, "*");
}

function bytesOf(text) {
  const raw = atob(text), bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return bytes.buffer;
}

window.addEventListener("message", (event) => {
  if (event.source !== window.parent || event.data.type !== "streamlit:render") return;
  const args = event.data.args;
  if (args.identity !== asked) {
    asked = args.identity;
    inSight.then(plotly).then(() => { if (args.identity === asked) begin(args); });
  } else if (document.documentElement.clientWidth !== width) arrange();
  if (args.selected && args.selected.join() !== [...chosen].join()) {
    chosen = new Set(args.selected);
    if (args.identity === drawn) light();  // else the drawing that is on its way shows it
  }
});

// The page's own font: its rules are copied, with addresses as seen from the page.
function borrowFont() {
  try {
    const base = window.parent.document.baseURI, rules = [];
    for (const sheet of window.parent.document.styleSheets) {
      for (const rule of sheet.cssRules) {
        if (rule.type !== CSSRule.FONT_FACE_RULE || !/Source Sans/.test(rule.cssText)) continue;
        rules.push(rule.cssText.replace(/url\("?([^")]+)"?\)/g,
          (_, url) => `url("${new URL(url, sheet.href || base)}")`));
      }
    }
    document.head.appendChild(document.createElement("style")).textContent = rules.join("\n");
  } catch (error) { /* a page of another origin: the system's font will do */ }
}

// --- drawing ------------------------------------------------------------------------------------

// What lies below the window waits until it is scrolled to: a page opens the faster.
const inSight = new Promise((seen) => {
  new IntersectionObserver((entries, watcher) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watcher.disconnect();
    seen();
  }, { rootMargin: "200px" }).observe(document.documentElement);
});

let library = null;
function plotly() {
  library = library || new Promise((loaded) => {
    const script = document.createElement("script");
    script.src = "../ui.compare_maps.plotly/plotly.min.js";
    script.onload = loaded;
    document.head.append(script);
  });
  return library;
}

function begin(args) {
  payload = JSON.parse(args.payload);
  stop();
  for (const [name, colour] of Object.entries(payload.theme)) {
    document.documentElement.style.setProperty(`--${name}`, colour);
  }
  document.body.style.color = payload.theme.ink;
  document.body.style.background = payload.theme.paper;
  groupOf = new Int32Array(bytesOf(payload.group_of));
  places = payload.places.map((text) => new Float32Array(bytesOf(text)));
  const figure = JSON.parse(payload.figure);
  ranges = {};
  for (const [name, axis] of Object.entries(figure.layout)) {
    if (/^[xy]axis\d*$/.test(name)) ranges[`${name}.range`] = axis.range;
  }
  const keep = [...chosen].filter((row) => row < groupOf.length);
  chosen = new Set(keep);
  drawBar();
  if (payload.kind === "morph") drawStops();
  Plotly.newPlot(plot, figure.data, figure.layout, CONFIG).then(() => {
    // Rows and texts: every trace gets the same cards, in the order of its own points.
    where = plot.data.map((trace) => {
      const rows = numbersOf(trace.customdata), at = new Map();
      rows.forEach((row, i) => at.set(row, i));
      return { at, rows };
    });
    const cards = where.map(({ rows }) => Array.from(rows, (row) => payload.cards[row]));
    return Plotly.restyle(plot, { text: cards });
  }).then(() => {
    drawn = args.identity;
    listen();
    arrange();
    if (chosen.size) light();
  });
}

function numbersOf(value) {
  return value && value.bdata ? new Int32Array(bytesOf(value.bdata)) : value;
}

// Panels side by side as far as they fit, each as high as it is wide.
function arrange() {
  width = document.documentElement.clientWidth;
  if (!plot.layout || !width) return;
  if (payload.kind === "morph") {
    Plotly.relayout(plot, { width, ...structuredClone(ranges) }).then(fit);
    return;
  }
  const count = payload.titles.length;
  let columns = count;
  while (columns > 1 && width / columns < SMALLEST_PANEL) columns = Math.ceil(columns / 2);
  const lines = Math.ceil(count / columns);
  const side = Math.min(TALLEST_PANEL, (width - GAP * (columns - 1)) / columns);
  const height = lines * (side + TITLE);  // without the line below the last panels
  const margin = { "margin.t": 0, "margin.b": 3, "margin.l": 1, "margin.r": 1 };
  const change = { width, height: height + 3, ...margin, ...structuredClone(ranges) };
  for (let i = 0; i < count; i++) {
    const suffix = i ? String(i + 1) : "", column = i % columns, line = Math.floor(i / columns);
    const across = (width + GAP) / columns, left = column * across;
    const top = 1 - (line * (side + TITLE) + TITLE) / height;
    change[`xaxis${suffix}.domain`] = [left / width, Math.min(1, (left + across - GAP) / width)];
    change[`yaxis${suffix}.domain`] = [Math.max(0, top - side / height), top];
    change[`annotations[${i}].x`] = left / width;
    change[`annotations[${i}].y`] = top;
  }
  Plotly.relayout(plot, change).then(fit);
}

function fit() {
  tell("setFrameHeight", { height: document.body.scrollHeight });
}

// --- picking ------------------------------------------------------------------------------------

function listen() {
  // A new drawing has the same element: what listened before must not listen twice.
  for (const name of ["plotly_selected", "plotly_click", "plotly_deselect", "plotly_hover", "plotly_unhover"]) {
    plot.removeAllListeners(name);
  }
  plot.on("plotly_selected", (event) => {
    if (!lighting && event && event.points) pick(event.points.map((point) => point.customdata));
  });
  plot.on("plotly_click", (event) => pick([event.points[0].customdata]));
  plot.on("plotly_deselect", () => { if (!lighting) pick([]); });
  plot.on("plotly_hover", (event) => showRings(event.points[0]));
  plot.on("plotly_unhover", hideRings);
}

plot.addEventListener("mousedown", (event) => {
  adding = event.shiftKey;
  picture.focus({ preventScroll: true });  // so that Escape is heard here
}, true);
plot.addEventListener("dblclick", () => pick([]));
document.addEventListener("keydown", (event) => { if (event.key === "Escape") pick([]); });

function pick(rows) {
  if (payload.kind === "morph") return;  // it shows what is picked on the maps beside it
  const next = new Set(rows);
  if (adding) chosen.forEach((row) => next.add(row));
  adding = false;
  if (next.size === chosen.size && [...next].every((row) => chosen.has(row))) {
    if (next.size) light();
    return;
  }
  chosen = next;
  light();
  tell("setComponentValue", { value: [...chosen].sort((a, b) => a - b), dataType: "json" });
}

// Every trace of every map shows the rows that are picked; the drawn loop has done its work.
function light() {
  const points = where.map(({ at }) => {
    if (!chosen.size) return null;
    const found = [];
    chosen.forEach((row) => { if (at.has(row)) found.push(at.get(row)); });
    return found;
  });
  lighting = true;
  Plotly.update(plot, { selectedpoints: points }, { selections: [] })
    .finally(() => { lighting = false; });
  sayChosen();
}

function sayChosen() {
  byId("said").textContent = chosen.size ? `${chosen.size.toLocaleString("en")} picked` : "";
  byId("clear").style.display = chosen.size ? "" : "none";
  bar.querySelectorAll("button[data-group]").forEach((button) => {
    const group = Number(button.dataset.group);
    const members = rowsOf(group);
    const whole = members.length > 0 && members.length === chosen.size && chosen.has(members[0]) &&
      members.every((row) => chosen.has(row));
    button.setAttribute("aria-pressed", String(whole));
  });
}

function rowsOf(group) {
  const rows = [];
  groupOf.forEach((found, row) => { if (found === group) rows.push(row); });
  return rows;
}

function drawBar() {
  bar.replaceChildren();
  payload.legend.forEach((entry, group) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.group = group;
    const glyph = document.createElement("span"), count = document.createElement("span");
    glyph.textContent = entry.glyph;
    glyph.style.color = entry.colour;
    count.textContent = ` ${entry.count.toLocaleString("en")}`;
    count.className = "count";
    button.append(glyph, ` ${entry.name}`, count);
    button.addEventListener("click", (event) => {
      adding = event.shiftKey;
      pick(button.getAttribute("aria-pressed") === "true" ? [] : rowsOf(group));
    });
    bar.append(button);
  });
  const said = document.createElement("span"), clear = document.createElement("button");
  said.id = "said";
  said.setAttribute("role", "status");
  clear.id = "clear";
  clear.type = "button";
  clear.textContent = "Let go";
  clear.addEventListener("click", () => pick([]));
  bar.append(said, clear, drawTools());
  sayChosen();
}

function drawTools() {
  const tools = document.createElement("span");
  tools.id = "tools";
  const button = (text, title, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.title = title;
    made.addEventListener("click", () => act(made));
    tools.append(made);
    return made;
  };
  for (const [mode, text] of Object.entries(TOOLS)) {
    const title = mode === "pan" ? "Drag to move all maps; the wheel zooms" : "Drag to pick sentences";
    const made = button(text, title, () => {
      Plotly.relayout(plot, { dragmode: mode });
      tools.querySelectorAll("[aria-pressed]").forEach((other) => {
        other.setAttribute("aria-pressed", String(other === made));
      });
    });
    made.setAttribute("aria-pressed", String(mode === "lasso"));
  }
  button("Whole map", "Undo all zooming", () => Plotly.relayout(plot, structuredClone(ranges)));
  return tools;
}

// --- the same sentence in the other maps --------------------------------------------------------

function showRings(point) {
  hideRings();
  if (payload.kind === "morph") return;
  where.forEach(({ at }, trace) => {
    const full = plot._fullData[trace];
    if (!at.has(point.customdata) || full.xaxis === point.fullData.xaxis) return;
    const x = plot._fullLayout[`xaxis${full.xaxis.slice(1)}`];
    const y = plot._fullLayout[`yaxis${full.yaxis.slice(1)}`];
    const i = at.get(point.customdata);
    const across = x.d2p(full.x[i]), down = y.d2p(full.y[i]);
    if (across < 0 || down < 0 || across > x._length || down > y._length) return;
    const ring = document.createElement("div");
    ring.className = "ring";
    ring.style.display = "block";
    ring.style.left = `${x._offset + across}px`;
    ring.style.top = `${y._offset + down}px`;
    picture.append(ring);
  });
}

function hideRings() {
  picture.querySelectorAll(".ring").forEach((ring) => ring.remove());
}

// --- morph --------------------------------------------------------------------------------------

function drawStops() {
  byId("morph").style.display = "flex";
  bar.style.display = "none";
  slider.max = places.length - 1;
  slider.value = 0;
  byId("stops").replaceChildren(...payload.titles.map((title, i) => {
    const stop = document.createElement("button");
    stop.type = "button";
    stop.textContent = title;
    stop.addEventListener("click", () => travel(i));
    return stop;
  }));
  say(0);
}

function say(at) {
  [...byId("stops").children].forEach((stop, i) => {
    stop.className = Math.abs(at - i) < 0.02 ? "here" : "";
  });
  const near = payload.titles[Math.round(at)];
  slider.setAttribute("aria-valuetext", Number.isInteger(at) ? near : `near ${near}`);
}

// Points go from one place to the next on a straight line, slowly at both ends.
let moving = false, wanted = 0;
function move(at) {
  wanted = at;
  if (moving) return;
  moving = true;
  requestAnimationFrame(() => {
    const at = wanted, last = places.length - 1;
    const from = Math.min(Math.floor(at), Math.max(0, last - 1)), share = at - from;
    const eased = share * share * (3 - 2 * share);
    const a = places[from], b = places[Math.min(from + 1, last)];
    const xs = [], ys = [];
    for (const { rows } of where) {
      const x = new Float32Array(rows.length), y = new Float32Array(rows.length);
      for (let i = 0; i < rows.length; i++) {
        const r = 2 * rows[i];
        x[i] = a[r] + eased * (b[r] - a[r]);
        y[i] = a[r + 1] + eased * (b[r + 1] - a[r + 1]);
      }
      xs.push(x);
      ys.push(y);
    }
    say(at);
    Plotly.restyle(plot, { x: xs, y: ys }).then(() => {
      moving = false;
      if (wanted !== at) move(wanted);
    });
  });
}

slider.addEventListener("input", () => { stop(); move(Number(slider.value)); });
byId("play").addEventListener("click", () => {
  if (playing) return stop();
  const last = places.length - 1;
  if (Number(slider.value) >= last) slider.value = 0;
  travel(last);
});

function travel(to) {
  stop();
  const from = Number(slider.value), began = performance.now();
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const seconds = still ? 0 : SECONDS_A_STOP * Math.abs(to - from);
  byId("play").textContent = "Pause";
  const step = (now) => {
    // A frame's time may lie a little before the click that asked for it.
    const share = seconds ? Math.min(1, Math.max(0, (now - began) / 1000 / seconds)) : 1;
    const at = from + share * (to - from);
    slider.value = at;
    move(at);
    if (share < 1) playing = requestAnimationFrame(step);
    else stop();
  };
  playing = requestAnimationFrame(step);
}

function stop() {
  cancelAnimationFrame(playing);
  playing = 0;
  byId("play").textContent = "Play";
}

// --- begin --------------------------------------------------------------------------------------

borrowFont();
new ResizeObserver(() => {
  if (payload && document.documentElement.clientWidth !== width) arrange();
}).observe(document.documentElement);
tell("setFrameHeight", { height: FIRST_HEIGHT });
tell("componentReady", { apiVersion: 1 });

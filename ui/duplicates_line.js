// A histogram with a threshold line that is dragged, clicked or moved by the arrow keys.
// Told: bars, the line's place and colours. Tells: `threshold`, once the line has been let go.
const NS = "http://www.w3.org/2000/svg";
const HEIGHT = 210, TOP = 34, BOTTOM = 26, LEFT = 46, RIGHT = 14;

function node(name, attributes, parent, text) {
  const made = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  if (parent) parent.appendChild(made);
  return made;
}

class Line {
  constructor(root) {
    this.svg = node("svg", { height: HEIGHT, width: "100%", role: "group" }, root);
    this.bars = node("g", {}, this.svg);
    this.handle = node("g", { tabindex: 0, role: "slider", "aria-label": "Threshold" }, this.svg);
    this.rule = node("line", { "stroke-width": 2 }, this.handle);
    this.grip = node("rect", { width: 12, height: 30, rx: 4 }, this.handle);
    this.label = node("text", { y: 20, "font-size": 14, "font-weight": 600 }, this.handle);
    this.dragging = false;
    this.timer = 0;
    this.svg.addEventListener("pointerdown", (e) => this.start(e));
    this.svg.addEventListener("pointermove", (e) => this.dragging && this.move(this.at(e)));
    this.svg.addEventListener("pointerup", () => this.stop());
    this.svg.addEventListener("pointercancel", () => this.stop());
    this.handle.addEventListener("keydown", (e) => this.key(e));
    this.watcher = new ResizeObserver(() => this.data && this.draw());
    this.watcher.observe(root);
  }

  show(data, tell) {
    this.data = data;
    this.tell = tell;
    // What has been moved and not told yet is newer than what the page knows.
    if (!this.dragging && !this.timer) this.value = data.value;
    this.draw();
  }

  x(value) {
    const room = this.width - LEFT - RIGHT;
    return LEFT + (room * (value - this.data.low)) / (1 - this.data.low);
  }

  at(event) {
    const room = this.width - LEFT - RIGHT;
    const across = (event.clientX - this.svg.getBoundingClientRect().left - LEFT) / room;
    return this.data.low + across * (1 - this.data.low);
  }

  start(event) {
    event.preventDefault();
    this.handle.focus();
    this.dragging = true;
    this.svg.setPointerCapture(event.pointerId);
    this.move(this.at(event));
  }

  stop() {
    if (!this.dragging) return;
    this.dragging = false;
    this.tell(this.value);
  }

  key(event) {
    const step = this.data.step;
    const by = { ArrowLeft: -step, ArrowDown: -step, ArrowRight: step, ArrowUp: step,
                 PageDown: -10 * step, PageUp: 10 * step, Home: -2, End: 2 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.move(this.value + by);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { this.timer = 0; this.tell(this.value); }, 350);
  }

  move(value) {
    const step = this.data.step;
    const snapped = Math.round(value / step) * step;
    this.value = Number(Math.min(1, Math.max(this.data.low, snapped)).toFixed(4));
    this.place();
    this.paint();
  }

  above(counts) {
    const from = Math.ceil((this.value - this.data.low) / this.data.step - 1e-6);
    const last = counts.length - 1;
    return counts.reduce((sum, count, i) => (i >= Math.min(from, last) ? sum + count : sum), 0);
  }

  draw() {
    this.width = this.svg.getBoundingClientRect().width || 600;
    const { low, step, real, trivial, colours } = this.data;
    const most = Math.max(1, ...real.map((n, i) => n + trivial[i]));
    const floor = HEIGHT - BOTTOM, room = floor - TOP;
    // Few strong pairs and many weak ones: heights grow with the logarithm of the count.
    const y = (n) => floor - (room * Math.log10(1 + n)) / Math.log10(1 + most);
    this.bars.replaceChildren();
    for (let n = 1; n <= most; n *= 10) {
      node("line", { x1: LEFT, x2: this.width - RIGHT, y1: y(n), y2: y(n), stroke: colours.line,
                     "stroke-width": 0.7 }, this.bars);
      node("text", { x: LEFT - 6, y: y(n) + 4, "text-anchor": "end", "font-size": 12,
                     fill: colours.muted }, this.bars, n.toLocaleString("en"));
    }
    const wide = 1 - low > 0.25 ? 0.1 : 0.05;
    for (let tick = Math.ceil(low / wide - 1e-6); tick * wide <= 1.0001; tick++)
      node("text", { x: this.x(tick * wide), y: HEIGHT - 6, "text-anchor": "middle",
                     "font-size": 12, fill: colours.muted }, this.bars, (tick * wide).toFixed(2));
    this.drawn = [];
    real.forEach((count, i) => {
      const left = this.x(low + i * step), width = Math.max(1, this.x(low + (i + 1) * step) - left - 1);
      for (const [from, to, kind] of [[0, count, "real"], [count, count + trivial[i], "trivial"]])
        if (to > from) {
          const bar = node("rect", { x: left, width, y: y(to), height: y(from) - y(to) }, this.bars);
          this.drawn.push([bar, i, kind]);
        }
    });
    this.place();
    this.paint();
  }

  paint() {
    const from = (this.value - this.data.low) / this.data.step - 1e-6;
    for (const [bar, i, kind] of this.drawn)
      bar.setAttribute("fill", this.data.colours[i < Math.floor(from + 2e-6) ? "below" : kind]);
  }

  place() {
    const { colours, real, trivial, low } = this.data;
    const x = this.x(this.value);
    // The page counts exactly; while the line moves, the bars are counted.
    const known = this.value === this.data.value && this.data.above;
    const [pairs, copies] = known || [this.above(real), this.above(trivial)];
    for (const [key, value] of Object.entries({ x1: x, x2: x, y1: TOP - 6, y2: HEIGHT - BOTTOM,
                                                stroke: colours.ink }))
      this.rule.setAttribute(key, value);
    this.grip.setAttribute("x", x - 6);
    this.grip.setAttribute("y", (TOP + HEIGHT - BOTTOM) / 2 - 15);
    this.grip.setAttribute("fill", colours.ink);
    const share = (x - LEFT) / (this.width - LEFT - RIGHT);
    const anchor = share < 0.25 ? "start" : share > 0.75 ? "end" : "middle";
    const words = `${this.value.toFixed(3)} and above: ${pairs.toLocaleString("en")} paraphrases, ` +
      `${copies.toLocaleString("en")} trivial copies`;
    this.label.setAttribute("x", x);
    this.label.setAttribute("text-anchor", anchor);
    this.label.setAttribute("fill", colours.ink);
    this.label.textContent = words;
    for (const [key, value] of Object.entries({ "aria-valuemin": low, "aria-valuemax": 1,
                                                "aria-valuenow": this.value,
                                                "aria-valuetext": words }))
      this.handle.setAttribute(key, value);
  }
}

const lines = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".threshold-line");
  if (!lines.has(root)) lines.set(root, new Line(root));
  lines.get(root).show(data, (value) => setStateValue("threshold", value));
}

// The pipeline as it was declared, with what flows through it now.

const WIDE = { width: 214, height: 68, gap: 74, space: 18, lane: 18 };
/** For pipelines with many operators. */
const DENSE = { width: 172, height: 46, gap: 50, space: 12, lane: 12 };
const MANY = 24;
const [SMALLEST, LARGEST] = [0.4, 1.6];
/** Texts are readable down to this. */
const READABLE = 0.7;

class Picture {
  /** `open` is called with the name of a node that is chosen. */
  constructor(holder, open) {
    this.holder = holder;
    this.open = open;
    this.nodes = new Map();
    this.scale = null;
    this.enablePanning();
  }

  draw(graph) {
    this.graph = graph;
    this.size = graph.nodes.length > MANY ? DENSE : WIDE;
    const placed = layout(graph, this.size);
    this.area = { width: placed.width + 8, height: placed.height + 8 };
    this.edges = graph.edges.map((edge, index) => {
      const path = s("path", { class: `flow${edge.dead_letters ? " dead" : ""}`, d: this.curve(placed.routes[index]) });
      return { ...edge, path };
    });
    const label = `${graph.nodes.length} sources, operators and sinks`;
    this.svg = s("svg", { viewBox: `-4 -4 ${this.area.width} ${this.area.height}`, role: "group", "aria-label": label });
    this.svg.append(...this.edges.map((edge) => edge.path));
    this.nodes.clear();
    graph.nodes.forEach((node, number) => {
      const shape = this.node(node, placed.nodes[number]);
      this.svg.append(shape.group);
      this.nodes.set(node.name, shape);
    });
    this.holder.replaceChildren(this.svg);
    this.shorten();
    this.zoom(this.scale);
  }

  curve(route) {
    const { width, gap } = this.size;
    const middle = (item) => (item.y + item.height / 2).toFixed(1);
    let path = `M${route[0].x + width} ${middle(route[0])}`;
    route.slice(1).forEach((item, index) => {
      const from = route[index];
      path += `C${from.x + width + gap / 2} ${middle(from)} ${item.x - gap / 2} ${middle(item)} ${item.x} ${middle(item)}`;
      // Straight on between the nodes of this layer.
      if (item.number === null) path += `H${item.x + width}`;
    });
    return path;
  }

  node(node, { x, y }) {
    const { width, height } = this.size;
    const dense = this.size === DENSE;
    const box = { width, height, rx: 7 };
    const text = (className, left, top) => s("text", { class: className, x: left, y: top });
    const title = text("title", 14, dense ? 18 : 21);
    const what = dense ? null : text("what", 14, 38);
    const speed = text("rate", 14, height - (dense ? 11 : 12));
    const flag = text("flag", width - 10, height - (dense ? 11 : 12));
    title.textContent = node.name;
    if (what) what.textContent = describe(node);
    const group = s(
      "g",
      {
        class: `node tone-${node.role}`,
        transform: `translate(${x} ${y})`,
        role: "button",
        tabindex: 0,
        "aria-pressed": "false",
        onclick: () => this.open(node.name),
        onkeydown: (event) => {
          if (event.key !== "Enter" && event.key !== " ") return;
          event.preventDefault();
          this.open(node.name);
        },
      },
      s("title", {}, `${node.name}: ${describe(node)}`),
      s("rect", { class: "box", ...box }),
      s("rect", { class: "side", x: 0, y: 7, width: 4, height: height - 14, rx: 2 }),
      s("rect", { class: "ring", x: -3, y: -3, width: width + 6, height: height + 6, rx: 10 }),
      title,
      what,
      speed,
      flag,
    );
    return { node, group, title, what, speed, flag };
  }

  /** Cuts what does not fit. */
  shorten() {
    for (const { title, what } of this.nodes.values()) {
      for (const text of [title, what]) {
        if (!text) continue;
        const room = this.size.width - 24;
        while (text.getComputedTextLength() > room && text.textContent.length > 2) {
          text.textContent = `${text.textContent.slice(0, -2).trimEnd()}…`;
        }
      }
    }
  }

  update(flags, rates) {
    for (const [name, { node, group, speed: speedText, flag }] of this.nodes) {
      const first = flags.get(name)?.[0];
      const flowing = rates.get(name);
      const unit = node.role === "sink" ? "msg/s" : "rows/s";
      const text = flowing === undefined || flowing === null ? "" : `${rate(flowing)} ${unit}`;
      setText(speedText, text);
      setText(flag, first?.word ?? "");
      setLevel(group, first?.level ?? "good");
      const said = [`${node.role} ${node.name}`, describe(node), text, first ? `${first.word}: ${first.text}` : "no problem"];
      const label = said.filter((part) => part).join(", ");
      if (group.getAttribute("aria-label") !== label) group.setAttribute("aria-label", label);
    }
    for (const { from, to, dead_letters: dead, path } of this.edges) {
      const { name, role } = this.graph.nodes[from];
      const flowing = dead ? rates.get(this.graph.nodes[to].name) : rates.get(name);
      path.classList.toggle("active", (flowing ?? 0) > 0);
      path.classList.add(`tone-${role}`);
    }
  }

  /** Marks a node, and what flows into it and out of it; `null` marks none. */
  mark(name) {
    for (const [other, { group }] of this.nodes) group.setAttribute("aria-pressed", String(other === name));
    for (const { from, to, path } of this.edges) {
      path.classList.toggle("related", [from, to].some((end) => this.graph.nodes[end].name === name));
    }
  }

  focus(name) {
    this.nodes.get(name)?.group.focus();
  }

  fit() {
    const across = (this.holder.clientWidth - 36) / this.area.width;
    const down = (Math.min(0.68 * innerHeight, 820) - 36) / this.area.height;
    return Math.min(Math.max(Math.min(across, down), READABLE), 1.1);
  }

  /** `null` fits the picture into the page, as far as it stays readable. */
  zoom(scale) {
    this.scale = scale === null ? null : Math.min(Math.max(scale, SMALLEST), LARGEST);
    const now = this.scale ?? this.fit();
    this.svg.setAttribute("width", Math.round(this.area.width * now));
    this.svg.setAttribute("height", Math.round(this.area.height * now));
  }

  zoomBy(factor) {
    this.zoom((this.scale ?? this.fit()) * factor);
  }

  enablePanning() {
    const { holder } = this;
    let from = null;
    holder.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || event.pointerType === "touch" || event.target.closest(".node")) return;
      from = { x: event.clientX + holder.scrollLeft, y: event.clientY + holder.scrollTop };
      holder.setPointerCapture(event.pointerId);
      holder.classList.add("dragged");
    });
    holder.addEventListener("pointermove", (event) => {
      if (from) holder.scrollTo(from.x - event.clientX, from.y - event.clientY);
    });
    for (const end of ["pointerup", "pointercancel"]) {
      holder.addEventListener(end, () => {
        from = null;
        holder.classList.remove("dragged");
      });
    }
  }
}


/** What has made a node, and what of. */
function describe(node) {
  const place = { jetstream: "stream", kv: "bucket" }[node.verb];
  const verb = place && node.stream ? `${place} ${node.stream}` : node.verb.replaceAll("_", " ");
  const subject = node.subject && node.subject !== node.name ? node.subject : null;
  return [verb, subject, ...node.parameters].filter((part) => part).join(" · ");
}

"use strict";
// Takes over from the tables that came with the page: asks for /api/v1/status every two seconds and shows what changes.
// What the bridge says becomes text nodes and never markup, because names and reasons come from files and brokers.
(() => {
  const POLL_MS = 2000; // between two questions
  const PATIENCE_MS = 5000; // for an answer
  const WINDOW_MS = 60000; // what is remembered, for quantiles and the small curves
  const RATE_MS = 6000; // a rate is that of so long, because that of one poll jumps
  const MOST_ROUTES = 40; // that the topology draws
  const TOKEN_KEY = "mombridge-token";

  const place = document.getElementById("bridge");
  const login = document.getElementById("login");
  const said = document.getElementById("said");

  // ---- elements

  const SVG = "http://www.w3.org/2000/svg";

  function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }
  const html = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
  const svg = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

  function setText(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }
  function setClass(element, name) {
    if (element.getAttribute("class") !== name) element.setAttribute("class", name);
  }

  // ---- numbers and times as text

  const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
  const NONE = "–";

  const count = (n) => whole.format(n);
  function rate(n) {
    if (n === null) return NONE;
    return n > 0 && n < 9.95 ? n.toFixed(1) : whole.format(n);
  }
  function bytes(n) {
    if (n === null) return NONE;
    for (const unit of ["B", "KiB", "MiB"]) {
      if (n < 1000) return (n > 0 && n < 9.95 && unit !== "B" ? n.toFixed(1) : whole.format(n)) + " " + unit;
      n /= 1024;
    }
    return n.toFixed(1) + " GiB";
  }
  function duration(ms) {
    if (ms === null) return NONE;
    if (ms === Infinity) return "> 60 s";
    if (ms >= 1000) return (ms / 1000).toFixed(ms < 9950 ? 1 : 0) + " s";
    return (ms < 9.95 ? ms.toFixed(1) : whole.format(ms)) + " ms";
  }
  function span(ms) {
    let left = Math.max(0, Math.floor(ms / 1000));
    const parts = [];
    for (const [unit, name] of [[86400, "d"], [3600, "h"], [60, "m"], [1, "s"]]) {
      if (!parts.length && left < unit && unit > 1) continue;
      if (parts.length === 2) break;
      parts.push(Math.floor(left / unit) + name);
      left %= unit;
    }
    return parts.join("");
  }
  const clock = (ms) => new Date(ms).toLocaleTimeString([], { hour12: false });

  // ---- what was heard lately

  /** Polls of the last minute, the latest last: rates are differences between two of them. */
  class History {
    constructor() {
      this.polls = [];
    }
    add(status) {
      const last = this.polls.at(-1);
      if (last && (last.started_unix_ms !== status.started_unix_ms || last.now_unix_ms > status.now_unix_ms)) this.polls = [];
      const by = (list, name) => new Map(list.map((item) => [name(item), item]));
      const name = (item) => item.name;
      status.found = { routes: by(status.routes, name), brokers: by(status.brokers, name), handlers: by(status.handlers, name),
        subscriptions: by(status.subscriptions, placeOf) };
      this.polls.push(status);
      while (this.polls[0].now_unix_ms < status.now_unix_ms - WINDOW_MS) this.polls.shift();
    }
    get latest() {
      return this.polls.at(-1);
    }
    /** Of what `read` finds in a status, in a second; null: not known yet. `read` returns undefined where it is not there. */
    rate(read) {
      const to = this.latest;
      const from = this.polls.find((poll) => poll.now_unix_ms >= to.now_unix_ms - RATE_MS && read(poll) !== undefined);
      return this.between(from, to, read);
    }
    between(from, to, read) {
      if (!from || from === to) return null;
      const seconds = (to.now_unix_ms - from.now_unix_ms) / 1000;
      const [before, after] = [read(from), read(to)];
      return seconds > 0 && before !== undefined && after >= before ? (after - before) / seconds : null;
    }
    /** The colour of what should not happen: bad while it does, warn for a minute after it. */
    trouble(read) {
      if (this.rate(read) > 0) return "bad";
      return this.between(this.polls.find((poll) => read(poll) !== undefined), this.latest, read) > 0 ? "warn" : "idle";
    }
    /** Rates between each two polls. */
    curve(read) {
      return this.polls.slice(1).map((poll, i) => this.between(this.polls[i], poll, read) ?? 0);
    }
    /** Of the last minute; null where nothing was measured in it. `read` returns counts of buckets. */
    quantile(read, share) {
      const to = read(this.latest);
      const first = this.polls.find((poll) => read(poll));
      if (!to || !first || first === this.latest) return null;
      const from = read(first);
      const counts = to.map((n, i) => n - from[i]);
      const all = counts.reduce((sum, n) => sum + n, 0);
      if (all <= 0) return null;
      const bounds = this.latest.time_bounds_ms;
      let below = 0;
      for (let i = 0; i < bounds.length; ++i) {
        if (counts[i] > 0 && below + counts[i] >= share * all) {
          const start = i ? bounds[i - 1] : 0;
          return start + ((bounds[i] - start) * (share * all - below)) / counts[i];
        }
        below += counts[i];
      }
      return Infinity;
    }
  }

  // Finds the same thing in each poll, by its name.
  const route = (name) => (status) => status.found.routes.get(name);
  const broker = (name) => (status) => status.found.brokers.get(name);
  const handler = (name) => (status) => status.found.handlers.get(name);
  const placeOf = (s) => JSON.stringify([s.broker, s.subscription]);
  const subscription = (s) => (status) => status.found.subscriptions.get(placeOf(s));
  const of = (find, key) => (status) => find(status)?.[key];
  /** Where a route takes its messages from: a subscription, a pattern of targets, or both. */
  const source = (from) =>
    [from.broker, from.subscription, from.subscription && from.target === "#" ? null : from.target].filter(Boolean).join(" ");
  const sum = (list, key) => list.reduce((total, item) => total + item[key], 0);

  // ---- states: a word for people and one of ok, warn, bad, idle for the colour

  const LINKS = { up: "ok", connecting: "warn", blocked: "warn", failing: "bad", stopped: "idle" };
  const RANK = ["idle", "ok", "warn", "bad"];

  function stateOfBridge(status) {
    if (!status.alive) return ["bad", `not live: ${status.not_live}`];
    if (status.draining) return ["warn", "draining"];
    return status.ready ? ["ok", "ready"] : ["bad", "not ready"];
  }
  /** The worst of the links; [colour, word, reason]. */
  function stateOfBroker(status, name) {
    const links = status.links.filter((link) => link.broker === name);
    const colour = (link) => LINKS[link.state] ?? "warn";
    let worst = null;
    for (const link of links) if (!worst || RANK.indexOf(colour(link)) > RANK.indexOf(colour(worst))) worst = link;
    return worst ? [colour(worst), worst.state, worst.state === "up" ? "" : worst.detail] : ["idle", "no links", ""];
  }
  function stateOfRoute(history, r) {
    const find = route(r.name);
    if (r.held) return ["bad", `holds ${count(r.held)}`];
    if (history.rate(of(find, "dead_letters")) > 0) return ["bad", "dead-lettering"];
    if (history.rate(of(find, "retries")) > 0) return ["warn", "retrying"];
    const away = r.to.find((to) => to.broker && stateOfBroker(history.latest, to.broker)[0] === "bad");
    if (r.in_flight && away) return ["warn", `waits for ${away.broker}`];
    if (r.limited) return ["warn", `limited to ${r.rate}`];
    return history.rate(of(find, "matched")) > 0 ? ["ok", "flowing"] : ["idle", "idle"];
  }
  function stateOfHandler(history, h) {
    const find = handler(h.name);
    if (h.worker && h.worker.state !== "running")
      return [["starting", "stopping"].includes(h.worker.state) ? "warn" : "bad", `worker ${h.worker.state}`];
    if (h.threads?.written_off >= h.threads?.all) return ["bad", "stuck"];
    if (history.rate(of(find, "rejects")) > 0) return ["bad", "rejecting"];
    if (history.rate(of(find, "retries")) > 0) return ["warn", "failing"];
    return h.in_flight || history.rate(of(find, "calls")) > 0 ? ["ok", "working"] : ["idle", "idle"];
  }

  // ---- tables

  /** A section with a table, of which only what has changed is touched: focus, selection and scrolling stay. */
  class Grid {
    /** columns: [title, class of its cells] */
    constructor(id, title, columns, empty) {
      this.columns = columns;
      this.rows = new Map();
      this.note = html("span", { class: "note" });
      this.body = html("tbody");
      const head = html("tr", {}, ...columns.map(([name, kind]) => html("th", { scope: "col", class: kind ?? null }, name)));
      this.empty = html("tr", {}, html("td", { class: "empty", colspan: columns.length }, empty));
      this.element = html("section", { id, "aria-labelledby": `${id}-title` },
        html("header", {}, html("h2", { id: `${id}-title` }, title), this.note),
        html("div", { class: "scroll", tabindex: "0", role: "region", "aria-labelledby": `${id}-title` },
          html("table", {}, html("thead", {}, head), this.body)));
    }
    /** rows: {key, id, cells}; a cell is a text, or {text, state, pill, curve, title}. */
    show(rows) {
      const keys = new Set(rows.map((row) => row.key));
      for (const [key, element] of this.rows) if (!keys.has(key)) element.remove(), this.rows.delete(key);
      rows.forEach((row, index) => {
        let element = this.rows.get(row.key);
        if (!element) {
          const kinds = this.columns.map(([, kind]) => kind ?? "");
          element = html("tr", { id: row.id ?? null }, ...kinds.map((kind) => html("td", { class: kind })));
          this.rows.set(row.key, element);
        }
        row.cells.forEach((cell, i) => this.showCell(element.cells[i], this.columns[i][1] ?? "", cell));
        if (this.body.rows[index] !== element) this.body.insertBefore(element, this.body.rows[index] ?? null);
      });
      if (rows.length) this.empty.remove();
      else this.body.append(this.empty);
    }
    showCell(td, kind, cell) {
      const { text, state = "", pill = false, curve = null, title = "" } = typeof cell === "string" ? { text: cell } : cell;
      setClass(td, pill ? kind : `${kind} ${state}`.trim());
      if (td.title !== title) td.title = title;
      if (pill) {
        const badge = td.firstElementChild ?? td.appendChild(html("span"));
        setClass(badge, `pill ${state}`);
        setText(badge, text);
      } else if (curve) {
        if (!td.firstElementChild) td.append(svg("svg", { class: "spark", "aria-hidden": "true" }, svg("path")), html("span"));
        td.querySelector("path").setAttribute("d", curvePath(curve));
        setText(td.lastElementChild, text);
      } else {
        setText(td, text);
      }
    }
  }

  function curvePath(values) {
    const most = Math.max(...values, 1e-9);
    const points = Math.round(WINDOW_MS / POLL_MS);
    const step = 72 / (points - 1);
    const shown = values.slice(-points);
    const from = 72 - step * (shown.length - 1);
    return shown.map((v, i) => `${i ? "L" : "M"}${(from + i * step).toFixed(1)} ${(15 - (14 * v) / most).toFixed(1)}`).join("");
  }

  // ---- topology: sources, routes, destinations in columns; a port of its own for each edge, so that no label covers another

  const BOX = 50;
  const GAP = 14;
  const PORT = 19;

  /** Puts boxes as near to where they want to be as they fit, in that order. */
  function stack(boxes, top) {
    boxes.sort((a, b) => a.wish - b.wish);
    let y = top;
    for (const box of boxes) {
      box.y = Math.max(y, box.wish - box.h / 2);
      y = box.y + box.h + GAP;
    }
    return y;
  }

  const middle = (numbers) => numbers.reduce((total, n) => total + n, 0) / numbers.length;

  class Topology {
    constructor() {
      this.note = html("span", { class: "note" });
      this.box = html("div", { class: "scroll topology", tabindex: "0", role: "region", "aria-labelledby": "topology-title" });
      this.element = html("section", { id: "topology", "aria-labelledby": "topology-title" },
        html("header", {}, html("h2", { id: "topology-title" }, "Topology"), this.note), this.box);
      this.drawn = "";
      this.width = 0;
      this.nodes = new Map();
      this.edges = [];
      new ResizeObserver(() => this.history && this.show(this.history)).observe(this.box);
    }

    show(history) {
      this.history = history;
      const status = history.latest;
      const style = getComputedStyle(this.box);
      const inside = this.box.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
      const width = Math.max(Math.floor(inside), 600);
      const plan = this.plan(status);
      const drawing = JSON.stringify([plan, width]);
      if (drawing !== this.drawn) this.draw(plan, width);
      this.drawn = drawing;
      this.update(history);
    }

    /** What there is to draw, without numbers that change. */
    plan(status) {
      const chosen = [...status.routes].sort((a, b) => b.matched - a.matched).slice(0, MOST_ROUTES).map((r) => r.name);
      const routes = status.routes.filter((r) => chosen.includes(r.name));
      setText(this.note, routes.length < status.routes.length
        ? `the ${routes.length} busiest of ${status.routes.length} routes; all are in the table` : "messages a second on each edge");
      return {
        brokers: status.brokers.map((b) => ({ name: b.name, type: b.type, unrouted: b.unrouted > 0 })),
        handlers: status.handlers.map((h) => h.name),
        routes: routes.map((r) => ({
          name: r.name, from: r.from.broker, letters: r.dead_letters > 0,
          to: r.to.map((to) => ({ broker: to.broker, handler: to.handler, reply: to.reply_to })),
        })),
      };
    }

    draw(plan, width) {
      const replies = plan.routes.some((r) => r.to.some((to) => to.reply));
      const right = replies ? 34 : 2;
      const side = Math.min(230, Math.max(136, Math.round(width * 0.2)));
      const centre = Math.min(290, Math.max(148, Math.round(width * 0.24)));
      const x = { source: 2, route: Math.round((width - right - side + side - centre) / 2), target: width - right - side };
      this.nodes.clear();
      this.edges = [];
      let y = 4;
      const node = (key, column, w, h, name, kind, href) => {
        const box = { key, x: x[column], w, h, y: 0, name, kind, href, wish: 0, in: [], out: [] };
        this.nodes.set(key, box);
        return box;
      };
      const edge = (from, to, read, kind) => {
        const line = { from, to, read, kind };
        from.out.push(line);
        to.in.push(line);
        this.edges.push(line);
      };
      // Routes in the order of the file; all else as near to its routes as it fits.
      for (const [i, r] of plan.routes.entries()) {
        const ports = r.to.length + (r.letters ? 1 : 0);
        const box = node(`route ${r.name}`, "route", centre, Math.max(BOX, ports * PORT + 10), r.name, "route", `#route-${i}`);
        box.y = y;
        y += box.h + GAP;
      }
      const unrouted = node("unrouted", "route", centre, BOX, "unrouted", "", "#topology");
      unrouted.y = y;
      const bottom = y + BOX;
      const letters = node("letters", "target", side, BOX, "dead letter", "", "#letters");
      const start = (name) => this.nodes.get(`from ${name}`);
      const target = (to) => this.nodes.get(to.handler ? `handler ${to.handler}` : `to ${to.broker}`);
      for (const b of plan.brokers) {
        const reads = plan.routes.some((r) => r.from === b.name) || b.unrouted;
        const writes = plan.routes.some((r) => r.to.some((to) => to.broker === b.name || to.reply === b.name));
        if (reads || !writes) node(`from ${b.name}`, "source", side, BOX, b.name, b.type, "#links");
        if (writes) node(`to ${b.name}`, "target", side, BOX, b.name, b.type, "#links");
      }
      for (const name of plan.handlers) node(`handler ${name}`, "target", side, BOX, name, "handler", "#handlers");
      for (const r of plan.routes) {
        const box = this.nodes.get(`route ${r.name}`);
        const find = route(r.name);
        if (start(r.from)) edge(start(r.from), box, of(find, "matched"), "");
        r.to.forEach((to, i) => target(to) && edge(box, target(to), (status) => find(status)?.to[i]?.delivered, ""));
        if (r.letters) edge(box, letters, of(find, "dead_letters"), "letters");
      }
      for (const b of plan.brokers)
        if (b.unrouted && start(b.name)) edge(start(b.name), unrouted, of(broker(b.name), "unrouted"), "letters");
      const wish = (box, ends) => { box.wish = ends.length ? middle(ends.map((end) => end.y + end.h / 2)) : bottom; };
      const boxes = [...this.nodes.values()];
      const sources = boxes.filter((box) => box.x === x.source);
      const targets = boxes.filter((box) => box.x === x.target && box !== letters);
      for (const box of sources) wish(box, box.out.map((line) => line.to));
      for (const box of targets) wish(box, box.in.map((line) => line.from));
      stack(sources, 4);
      letters.y = Math.max(stack(targets, 4), unrouted.y);
      for (const box of boxes) {
        box.in.sort((a, b) => a.from.y - b.from.y);
        box.out.sort((a, b) => a.to.y - b.to.y);
      }
      const height = Math.max(...boxes.map((box) => box.y + box.h)) + 4;
      const lines = svg("g");
      const labels = svg("g");
      for (const line of this.edges) this.drawEdge(line, lines, labels);
      for (const r of plan.routes)
        for (const to of r.to)
          if (to.reply && this.nodes.get(`to ${to.reply}`)) this.drawReply(target(to), this.nodes.get(`to ${to.reply}`), lines);
      const drawing = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group",
        "aria-label": "Brokers, routes and handlers, with messages a second between them" }, lines, labels);
      for (const box of boxes) drawing.append(this.drawNode(box));
      this.box.replaceChildren(drawing);
    }

    drawEdge(line, lines, labels) {
      const { from, to } = line;
      const port = (box, ends) => box.y + ((ends.indexOf(line) + 0.5) * box.h) / ends.length;
      const [x1, y1, x2, y2] = [from.x + from.w, port(from, from.out), to.x, port(to, to.in)];
      const bend = (x2 - x1) / 2;
      line.path = svg("path", { d: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}` });
      // At the route's end, where ports are far enough from each other.
      const atEnd = !from.key.startsWith("route ");
      line.label = svg("text", { x: atEnd ? x2 - 7 : x1 + 7, y: (atEnd ? y2 : y1) - 4, "text-anchor": atEnd ? "end" : "start" });
      lines.append(line.path);
      labels.append(line.label);
    }

    drawReply(from, to, lines) {
      const x = from.x + from.w;
      const [y1, y2] = [from.y + from.h / 2, to.y + to.h / 2];
      lines.append(svg("path", { class: "edge replies", d: `M${x} ${y1}C${x + 38} ${y1} ${x + 38} ${y2} ${x} ${y2}` },
        svg("title", {}, "replies")));
    }

    drawNode(box) {
      const letter = 7.2; // pixels, about
      const kind = box.w < 170 ? "" : box.kind;
      const most = Math.floor((box.w - 28 - (kind ? kind.length * 6.6 + 8 : 0)) / letter);
      box.state = svg("text", { class: "state", x: box.x + 26, y: box.y + box.h / 2 + 15 });
      box.title = svg("title");
      box.group = svg("g", { class: "node" }, box.title,
        svg("rect", { class: "box", x: box.x, y: box.y, width: box.w, height: box.h, rx: 7 }),
        svg("text", { class: "name", x: box.x + 12, y: box.y + box.h / 2 - 4 },
          box.name.length > most ? box.name.slice(0, most - 1) + "…" : box.name),
        svg("text", { class: "kind", x: box.x + box.w - 10, y: box.y + box.h / 2 - 4 }, kind),
        svg("circle", { class: "dot", cx: box.x + 16, cy: box.y + box.h / 2 + 11, r: 3.5 }), box.state);
      return svg("a", { href: box.href }, box.group);
    }

    update(history) {
      const status = history.latest;
      const show = (key, [colour, word, reason]) => {
        const box = this.nodes.get(key);
        if (!box) return;
        setClass(box.group, `node ${colour}`);
        const most = Math.floor((box.w - 36) / 6.4);
        const text = reason ? `${word}: ${reason}` : word;
        setText(box.state, text.length > most ? text.slice(0, most - 1) + "…" : text);
        setText(box.title, `${box.name}: ${text}`);
      };
      for (const b of status.brokers)
        for (const end of ["from", "to"]) show(`${end} ${b.name}`, stateOfBroker(status, b.name));
      for (const r of status.routes) show(`route ${r.name}`, stateOfRoute(history, r));
      for (const h of status.handlers) show(`handler ${h.name}`, stateOfHandler(history, h));
      const lost = (read) => [history.trouble(read), read(status) ? `${count(read(status))} ${read(status) === 1 ? "message" : "messages"}` : "none"];
      show("unrouted", lost((s) => s.unrouted));
      show("letters", lost((s) => sum(s.routes, "dead_letters")));
      for (const line of this.edges) {
        const now = history.rate(line.read);
        const broken = line.to.key.startsWith("to ") && stateOfBroker(status, line.to.name)[0] === "bad";
        const bad = broken || (line.kind === "letters" && now > 0);
        setClass(line.path, `edge ${now > 0 ? "flows" : ""} ${bad ? "bad" : ""}`);
        setClass(line.label, `rate ${now > 0 ? "flows" : ""}`);
        setText(line.label, now === null ? "" : rate(now));
      }
    }
  }

  // ---- the whole page

  class Page {
    constructor() {
      this.name = html("h1", {}, "mombridge");
      this.state = html("span", { class: "pill" });
      this.about = html("span", { class: "note" });
      this.figures = new Map();
      const list = html("dl", { class: "figures" });
      for (const title of ["Received/s", "Delivered/s", "In flight", "Held", "Dead letters", "Unrouted", "Memory"]) {
        const value = html("dd", {}, NONE);
        this.figures.set(title, value);
        list.append(html("div", {}, html("dt", {}, title), value));
      }
      this.verdict = html("span", { class: "pill" });
      this.verdictNote = html("span", { class: "note" });
      this.verdictText = html("p");
      this.errors = html("ul", { class: "errors" });
      this.stalls = html("ul", { class: "errors" });
      const reload = html("section", { id: "reload", "aria-labelledby": "reload-title" },
        html("header", {}, html("h2", { id: "reload-title" }, "Configuration"), this.verdict, this.verdictNote),
        this.verdictText, this.errors);
      this.stalled = html("section", { id: "stalls", "aria-labelledby": "stalls-title" },
        html("header", {}, html("h2", { id: "stalls-title" }, "No progress")), this.stalls);
      this.topology = new Topology();
      this.routes = new Grid("routes", "Routes", [["Route"], ["State"], ["From"], ["To", "list"], ["Messages/s", "number"],
        ["In flight", "number"], ["p50", "number"], ["p99", "number"], ["Retries", "number"], ["Dead letters", "number"],
        ["Last error", "words"]], "There are no routes.");
      setText(this.routes.note, "p50 and p99 of the last minute, from receiving to settlement");
      this.links = new Grid("links", "Links", [["Broker"], ["Link"], ["State"], ["Since", "number"], ["Reason", "words"]],
        "There are no links.");
      this.subscriptions = new Grid("subscriptions", "Subscriptions", [["Broker"], ["Subscription"], ["Messages/s", "number"],
        ["Bytes/s", "number"], ["Received", "number"], ["In flight", "number"], ["Memory", "number"]], "Nothing is subscribed to.");
      this.handlers = new Grid("handlers", "Handlers", [["Handler"], ["State"], ["Calls/s", "number"], ["In flight", "number"],
        ["p50", "number"], ["p99", "number"], ["Calls", "number"], ["Retries", "number"], ["Rejects", "number"],
        ["Worker", "words"]], "There are no handlers.");
      this.letters = new Grid("letters", "Dead letters", [["When"], ["Route"], ["From"], ["Target"], ["Attempts", "number"],
        ["Reason", "words"]], "None since the bridge began.");
      setText(this.letters.note, "the last ones that this process has written; all of them: mombridge dead-letters list");
      this.main = html("main", {}, this.stalled, reload, this.topology.element, this.routes.element, this.links.element,
        this.handlers.element, this.subscriptions.element, this.letters.element);
      place.replaceChildren(html("div", { class: "head" }, this.name, this.state, this.about), list, this.main);
    }

    show(history) {
      const status = history.latest;
      const now = status.now_unix_ms;
      const ago = (ms) => (ms === null || ms === undefined ? "" : span(now - ms));
      place.classList.remove("stale");
      const [colour, word] = stateOfBridge(status);
      setText(this.name, status.name);
      setClass(this.state, `pill ${colour}`);
      setText(this.state, word);
      setText(this.about, `mombridge ${status.version}, running for ${ago(status.started_unix_ms)}`);
      document.title = `${word === "ready" ? "" : `${word}: `}${status.name} – mombridge`;
      this.showFigures(history);
      this.showVerdict(status, ago);
      this.stalled.hidden = !status.stalls.length;
      this.list(this.stalls, status.stalls, "bad");
      this.topology.show(history);
      this.showRoutes(history, ago);
      this.showHandlers(history, ago);
      this.links.show(status.links.map((link) => ({
        key: `${link.broker} ${link.link}`,
        cells: [link.broker, link.link, { text: link.state, state: LINKS[link.state] ?? "warn", pill: true },
          ago(link.since_unix_ms), link.state === "up" ? { text: link.detail, state: "muted" } : link.detail],
      })));
      this.subscriptions.show(status.subscriptions.map((s) => ({
        key: `${s.broker} ${s.subscription}`,
        cells: [s.broker, s.subscription, rate(history.rate(of(subscription(s), "received"))),
          bytes(history.rate(of(subscription(s), "received_bytes"))), count(s.received), count(s.in_flight),
          bytes(s.in_flight_bytes)],
      })));
      this.letters.show(status.latest_dead_letters.map((letter, i) => ({
        key: `${letter.at_unix_ms} ${i}`,
        cells: [{ text: `${ago(letter.at_unix_ms)} ago`, title: clock(letter.at_unix_ms) }, letter.route ?? "(unrouted)",
          `${letter.broker} ${letter.subscription}` + (letter.partition === null ? "" : ` [${letter.partition}]`) +
            (letter.offset === null ? "" : ` @${letter.offset}`),
          letter.target, count(letter.attempts), `${letter.code}: ${letter.reason}`],
      })));
    }

    showFigures(history) {
      const status = history.latest;
      const put = (title, text, state = "") => {
        setText(this.figures.get(title), text);
        setClass(this.figures.get(title), state);
      };
      const held = sum(status.routes, "held");
      const dead = (s) => sum(s.routes, "dead_letters");
      put("Received/s", rate(history.rate((s) => sum(s.subscriptions, "received"))));
      put("Delivered/s", rate(history.rate((s) => s.routes.reduce((total, r) => total + sum(r.to, "delivered"), 0))));
      put("In flight", count(sum(status.brokers, "in_flight")));
      put("Memory", `${bytes(status.memory.in_flight_bytes)} of ${bytes(status.memory.budget_bytes)}`);
      put("Held", count(held), held ? "bad" : "");
      put("Dead letters", count(dead(status)), history.trouble(dead));
      put("Unrouted", count(status.unrouted), history.trouble((s) => s.unrouted));
    }

    showVerdict(status, ago) {
      const config = status.config;
      setClass(this.verdict, `pill ${config.ok ? "ok" : "bad"}`);
      setText(this.verdict, config.ok ? "in force" : "last reload failed");
      setText(this.verdictNote, `read ${ago(config.read_unix_ms)} ago` +
        (config.ok ? "" : `; what runs was loaded ${ago(config.loaded_unix_ms)} ago`));
      setText(this.verdictText, config.ok ? config.text : "The running configuration stays as it was.");
      this.list(this.errors, [...config.errors, ...config.notes], config.ok ? "" : "bad");
    }

    list(element, lines, state) {
      element.hidden = !lines.length;
      const shown = [...element.children].map((item) => item.textContent);
      if (shown.join("\n") === lines.join("\n")) return;
      element.replaceChildren(...lines.map((line) => html("li", { class: `code ${state}` }, line)));
    }

    showRoutes(history, ago) {
      this.routes.show(history.latest.routes.map((r, i) => {
        const find = route(r.name);
        const [colour, word] = stateOfRoute(history, r);
        const times = (status) => find(status)?.times?.counts;
        const error = r.last_error ? `${ago(r.last_error.at_unix_ms)} ago: ${r.last_error.text}` : "";
        return {
          key: r.name,
          id: `route-${i}`,
          cells: [r.name, { text: word, state: colour, pill: true }, source(r.from),
            r.to.map((to) => to.destination).join("\n"),
            { text: rate(history.rate(of(find, "matched"))), curve: history.curve(of(find, "matched")) },
            count(r.in_flight), duration(history.quantile(times, 0.5)), duration(history.quantile(times, 0.99)),
            count(r.retries), { text: count(r.dead_letters), state: history.trouble(of(find, "dead_letters")) }, error],
        };
      }));
    }

    showHandlers(history, ago) {
      this.handlers.element.hidden = !history.latest.handlers.length;
      this.handlers.show(history.latest.handlers.map((h) => {
        const find = handler(h.name);
        const [colour, word] = stateOfHandler(history, h);
        const times = (status) => find(status)?.times?.counts;
        return {
          key: h.name,
          cells: [h.name, { text: word, state: colour, pill: true }, rate(history.rate(of(find, "calls"))),
            count(h.in_flight), duration(history.quantile(times, 0.5)), duration(history.quantile(times, 0.99)),
            count(h.calls), count(h.retries), count(h.rejects), this.worker(h, ago)],
        };
      }));
    }

    /** Without a worker of its own, the plugin runs in the bridge. */
    worker(h, ago) {
      if (!h.worker) {
        const off = h.threads?.written_off;
        return off ? `in the bridge, ${count(off)} of ${count(h.threads.all)} threads do not return` : "in the bridge";
      }
      const { state, pid, since_unix_ms: since, restarts, last_end: end } = h.worker;
      return [`${state}${since ? ` for ${ago(since)}` : ""}`, pid && `pid ${pid}`, restarts && `restarts: ${count(restarts)}`,
        end && `${ago(end.at_unix_ms)} ago: ${end.text}`].filter(Boolean).join(", ");
    }

    silent(since, why) {
      place.classList.add("stale");
      setClass(this.state, "pill bad");
      setText(this.state, `no answer since ${clock(since)}`);
      setText(this.about, why);
      document.title = "no answer – mombridge";
    }
  }

  // ---- what a screen reader hears: changes of state, and nothing else

  class Announcer {
    constructor() {
      this.known = null;
    }
    heard(status) {
      const now = new Map([["bridge", `the bridge is ${stateOfBridge(status)[1]}`]]);
      for (const b of status.brokers) {
        const [, word, reason] = stateOfBroker(status, b.name);
        now.set(`broker ${b.name}`, `broker ${b.name}: ${word}${word === "up" || !reason ? "" : `: ${reason}`}`);
      }
      now.set("config", `${status.config.read_unix_ms} ${status.config.text}`);
      const changes = [...now].filter(([key, text]) => this.known && this.known.get(key) !== text)
        .map(([key, text]) => (key === "config" ? status.config.text : text));
      if (changes.length) setText(said, changes.join(". "));
      this.known = now;
    }
    say(text) {
      setText(said, text);
    }
  }

  // ---- asking

  /** Kept for as long as the tab, and never in an address. */
  const token = {
    get() {
      try { return sessionStorage.getItem(TOKEN_KEY) ?? ""; } catch { return this.kept ?? ""; }
    },
    set(text) {
      this.kept = text;
      try { sessionStorage.setItem(TOKEN_KEY, text); } catch { /* for this page only */ }
    },
  };

  class Poller {
    constructor() {
      this.history = new History();
      this.announcer = new Announcer();
      this.page = null;
      this.timer = 0;
      this.asking = false;
      this.silentSince = null;
      this.lastAnswer = Date.now();
      document.addEventListener("visibilitychange", () => (document.hidden ? this.rest() : this.ask()));
      login.addEventListener("submit", (event) => {
        event.preventDefault();
        token.set(login.elements.token.value.trim());
        login.elements.token.value = "";
        this.ask();
      });
    }

    rest() {
      clearTimeout(this.timer);
    }

    async ask() {
      this.rest();
      if (this.asking || document.hidden) return;
      this.asking = true;
      let again = true;
      try {
        again = await this.once();
      } catch (error) {
        this.silent(error.name === "TimeoutError" ? `not within ${PATIENCE_MS / 1000} s` : "the bridge cannot be reached");
      } finally {
        this.asking = false;
      }
      if (again && !document.hidden) this.timer = setTimeout(() => this.ask(), POLL_MS);
    }

    /** Returns false where there is no use in asking again by itself. */
    async once() {
      const headers = token.get() ? { Authorization: `Bearer ${token.get()}` } : {};
      const response = await fetch("/api/v1/status",
        { headers, cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(PATIENCE_MS) });
      if (response.status === 401) return this.askForToken(token.get() ? "The bridge refuses this token." : "");
      if (!response.ok) {
        this.silent((await response.text()).trim());
        return true;
      }
      const status = await response.json();
      login.hidden = true;
      place.hidden = false;
      if (this.silentSince) this.announcer.say("The bridge answers again.");
      this.silentSince = null;
      this.lastAnswer = Date.now();
      this.history.add(status);
      this.page ??= new Page();
      this.page.show(this.history);
      this.announcer.heard(status);
      return true;
    }

    askForToken(why) {
      place.hidden = true;
      login.hidden = false;
      setText(document.getElementById("refused"), why);
      document.getElementById("token").focus();
      return false;
    }

    silent(why) {
      if (!this.silentSince) {
        this.silentSince = this.lastAnswer;
        this.announcer.say(`No answer since ${clock(this.silentSince)}: ${why}`);
      }
      this.page?.silent(this.silentSince, why);
    }
  }

  const poller = new Poller();
  if (place.querySelector("[data-token]") && !token.get()) poller.askForToken("");
  else poller.ask();
})();

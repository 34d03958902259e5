// The programme of the page: unpacked, changed by edits, solved, and what its answer comes to.
const readPlanes = (bytes, at, count, size) => {
  const found = new Array(count).fill(0);
  for (let plane = size - 1; plane >= 0; plane--) {
    for (let i = 0; i < count; i++) found[i] = found[i] * 256 + bytes[at + plane * count + i];
  }
  return found;
};

// Numbers by their bits, each as its step from the one before, in two halves.
const readList = (bytes, at, count) => {
  const [low, high] = [0, 4].map((plane) => readPlanes(bytes, at + plane * count, count, 4));
  const bits = new Uint32Array(2 * count);
  for (let i = 0, least = 0, most = 0; i < count; i++) {
    least += low[i];
    most = (most + high[i] + (least >= 2 ** 32 ? 1 : 0)) % 2 ** 32;
    least %= 2 ** 32;
    bits.set([least, most], 2 * i);
  }
  return new Float64Array(bits.buffer);
};

raastof.unpack = (bytes) => {
  const body = bytes.subarray(4 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true));
  const told = JSON.parse(new TextDecoder().decode(bytes.subarray(4, -body.length)));
  told.read = (name) => {
    const [count, size, at, known, from] = told.arrays[name];
    const codes = readPlanes(body, at, count, size);
    if (known === undefined) return codes;
    const list = readList(body, from, known);
    return Float64Array.from(codes, (code) => list[code]);
  };
  return told;
};

// splitmix64, as stated.py draws weights for moves.
const scatter = (drawn, ends) => {
  const wide = (1n << 64n) - 1n;
  const mix = (z) => {
    z = ((z ^ (z >> 30n)) * 0xBF58476D1CE4E5B9n) & wide;
    z = ((z ^ (z >> 27n)) * 0x94D049BB133111EBn) & wide;
    return z ^ (z >> 31n);
  };
  const keys = Object.keys(drawn).map((key) => [ends[key], drawn[key].map((it) => BigInt(it))]);
  return (j) => Number(keys.reduce((found, [of, list]) => mix(found ^ list[of[j]]), 0n)) / 2 ** 64;
};

const add = (list, x) => list.reduce((sum, one, j) => sum + one * x[j], 0);
// Whether one list of values comes before another.
const less = (one, other) => {
  const off = (value, at) => Math.abs(value - other[at]) > 1e-9 * Math.max(1, Math.abs(other[at]));
  const at = one.findIndex(off);
  return at >= 0 && one[at] < other[at];
};

raastof.Programme = class {
  constructor(told) {
    const { columns: count, arrays, left } = told, counts = told.read("entries");
    const start = new Int32Array(count + 1);
    counts.forEach((one, j) => (start[j + 1] = start[j] + one));
    const row = new Int32Array(start[count]), limit = told.read("limit");
    for (let place = 0; arrays["rows" + place]; place++) {
      const rows = told.read("rows" + place)[Symbol.iterator]();
      counts.forEach((one, j) => one > place && (row[start[j] + place] = rows.next().value));
    }
    this.lp = { count, rows: limit.length, start, row, value: told.read("values") };
    this.given = { limit, value: this.lp.value.slice() };
    this.sense = Int8Array.from(told.read("sense"), (one) => one - 1);
    const moves = ["giver", "taker", "vehicle", "period", "needed", "load", "length", "reference"];
    for (const key of [...moves, "whole", "orders", "basis", "ties"]) this[key] = told.read(key);
    this.cost = {};
    told.costs.forEach((name, at) => {
      const cost = told.read("cost" + at), base = this.cost[told.transport];
      this.cost[name] = name === told.added ? cost.map((one, j) => one + base[j]) : cost;
    });
    this.short = told.short ? told.read("short") : null;
    this.counted = [];
    for (let at = 0; arrays["counted" + at]; at++) this.counted.push(told.read("counted" + at));
    this.draw = scatter(told.drawn, this);
    this.decided = new Map(told.read("decided").map((one, at) => [this.whole[at], one]));
    this.reactions = ["", "_row", "_value"].map((name) => told.read("reaction" + name));
    told.aims.forEach((aim, at) => (aim.values = told.read("aim" + at)));
    for (const key of left ? ["price", "reach"] : []) left[key] = told.read("left_" + key);
    Object.assign(this, { told, most: 4000 });
  }

  // Edits: entries { at: { value, shift, accepts: [...] } }, closed { "pit/3": true }, aims
  // { at: level }, first: the name of an objective.
  ask({ entries = {}, closed = {}, aims = {}, first } = {}) {
    const { told, lp, given, giver, taker, period } = this, limit = given.limit.slice();
    lp.value.set(given.value);
    const moved = told.aims.map((aim, at) => (aims[at] ?? aim.level) - aim.level);
    told.aims.forEach((aim, at) => {
      limit[aim.row] += moved[at] * aim.limit;
      for (let to = 0, j = 0; moved[at] && to < lp.row.length; to++) {
        if (to === lp.start[j + 1]) j++;
        if (lp.row[to] === aim.row) lp.value[to] += moved[at] * aim.values[j];
      }
    });
    const windows = told.adjustable.map((one) => one.window), accepted = new Map();
    const [keys, rows, values] = this.reactions;
    for (const [key, { value, shift = 0, accepts = [] }] of Object.entries(entries)) {
      const at = Number(key), one = told.adjustable[at], by = (value ?? one.value) - one.value;
      const place = at * told.shifts.length + told.shifts.indexOf(shift);
      keys.forEach((one, i) => {
        if (one >> 1 === place) limit[rows[i]] += values[i] * (one & 1 ? by : 1);
      });
      told.aims.forEach(({ crossed, row }, k) => {
        const mine = crossed.find(([of, its]) => of === at && its === shift);
        if (mine) limit[row] += moved[k] * (mine[2] + mine[3] * by);
      });
      if (shift) windows[at] = one.moves[shift];
      accepted.set(at, accepts);
    }
    const order = Math.max(0, told.orders.indexOf(first)), open = new Uint8Array(lp.count);
    const spell = ([site, , at, kind]) =>
      closed[kind + "/" + site] ? [1, 0] : windows[at] ?? [0, Infinity];
    const [gives, takes] = [told.givers, told.takers].map((ends) => ends.map(spell));
    for (let j = 0; j < lp.count; j++) {
      open[j] = (this.orders[j] >> order) & 1;
      if (!open[j] || j >= giver.length) continue;
      const t = period[j], give = gives[giver[j]], take = takes[taker[j]];
      const mine = this.needed[j] ? accepted.get(told.takers[taker[j]][2]) ?? [] : [];
      const lacks = told.sets[this.needed[j]].some((name) => !mine.includes(name));
      if (lacks || t < give[0] || t > give[1] || t < take[0] || t > take[1]) open[j] = 0;
    }
    const before = told.orders[order], { sense, whole } = this;
    const names = [before, ...told.objectives.filter((one) => one !== before)];
    const turns = told.aims.map((aim, at) => aim.values.some(Boolean) && moved[at]);
    const turned = turns.some(Boolean) ? turns.join() : "";
    return { limit, open, sense, whole, names, turned };
  }

  // What decides among equally good plans, for columns that are still open.
  weigh(open) {
    const moves = this.giver.length, found = new Float64Array(open.length);
    const weigh = (j) => j < moves ? this.period[j] + this.draw(j) : this.ties[j - moves];
    open.forEach((one, j) => one && (found[j] = weigh(j)));
    return found;
  }

  // Solve with some decisions held: their columns are closed, and limits have what they take. Where
  // the way from the last answer is lost, it begins at the plan, and at last at nothing.
  branch({ limit, open, sense }, costs, held) {
    const { start, row, value } = this.lp;
    [limit, open] = [limit.slice(), open.slice()];
    for (const [j, one] of held) {
      open[j] = 0;
      for (let k = start[j]; k < start[j + 1]; k++) limit[row[k]] -= one * value[k];
    }
    const aim = costs[0](open);
    if (this.short) costs[1]?.(open).forEach((one, j) => (aim[j] = 1e4 * aim[j] + one));
    const what = { limit, open, sense, costs, aim, scale: this.told.scale };
    for (const basis of [this.anew && this.basis, this.basis, []]) {
      const found = this.solver.solve({ ...what, basis }, this.most);
      this.anew = false;
      if (found?.kept) held.forEach((one, j) => (found.x[j] = one));
      if (found) return { ...found, held };
    }
    return null;
  }

  // Look for the best over all ways to decide, or as the plan decides where they are many. A branch
  // that is no better by what is minimised first, as far as it is decided, is not followed.
  search(asked) {
    const { whole } = this, named = asked.names.map((name) => this.cost[name]);
    const costs = [...(this.short ? [this.short] : []), ...named].map((cost) => () => cost.slice());
    costs.push((open) => this.weigh(open));
    const few = whole.length <= this.told.decisions, leaves = [];
    const waiting = [few ? new Map() : this.decided], main = this.short ? 2 : 1;
    let best = null;
    while (waiting.length) {
      const held = waiting.pop(), next = whole.find((j) => !held.has(j));
      const some = next === undefined ? costs : costs.slice(0, main);
      const found = this.branch(asked, some, held);
      if (!found) return null;
      leaves.push(found);
      if (!found.kept) continue;
      const used = found.x.map((one) => (one > 0 ? 1 : 0));
      const told = whole.length ? some : some.slice(0, main);
      found.values = told.map((cost) => add(cost(used), found.x));
      if (best && less(best.values.slice(0, main), found.values)) continue;
      if (next === undefined) best = best && !less(found.values, best.values) ? best : found;
      else {
        leaves.pop();
        const up = found.x[next] > 0.5 ? 1 : 0;
        for (const one of [1 - up, up]) waiting.push(new Map([...held, [next, one]]));
      }
    }
    return { best, leaves, decided: !few };
  }

  // Answer edits: the plan with its proof, or that there is none. Where prices a hair off leave a
  // gap, it is solved once more to the last digits.
  answer(edits, tamper) {
    const asked = this.ask(edits);
    this.anew = !this.solver || this.solver.tamper || tamper || this.turned !== asked.turned;
    this.solver ??= new raastof.Simplex(this.lp);
    Object.assign(this.solver, { tamper });
    this.turned = asked.turned;
    let answer = { proved: false, proofs: [] };
    for (const finest of [1e-9, 1e-12]) {
      this.solver.finest = finest;
      const found = this.search(asked);
      if (found) answer = this.prove(asked, found);
      if (answer.proofs.every(({ why }) => why !== "gap")) break;
    }
    return { ...answer, first: asked.names[0] };
  }

  prove(asked, { best, leaves, decided }) {
    const { told, short } = this, { left, gap } = told, { x } = best ?? {};
    const first = this.cost[asked.names[0]];
    const same = left && !short && asked.names[0] === told.objectives[0] && !asked.turned;
    const limits = { gap, violation: told.violation / told.scale, decided };
    if (left) limits.left = { ...left, same };
    const proofs = (short && best ? [short, first] : [first]).map((cost, at) => {
      const what = { ...asked, cost, limit: asked.limit.slice() };
      const branches = leaves.map((one) => ({ ...one, prices: one.prices?.[at] }));
      const held = at && best.values[0] > 1e-6 ? best.values[0] : 0;
      for (const row of at ? told.goals : []) what.limit[row] = held;
      for (const one of at ? branches : []) one.prices &&= this.join(what, one, leaves);
      return raastof.prove(this.lp, what, { x, branches }, limits);
    });
    const proved = proofs.every((one) => one.proved);
    const beyond = !proved && proofs.every((one) => one.proved || one.why === "left");
    const heavy = (at) => !best && leaves.some(({ ray }) => ray && Math.abs(ray[at]) > 1e-7);
    const conflict = [...told.bends.keys()].filter((at) => told.bends[at] !== "never" && heavy(at));
    return { none: !best, x, proved, beyond, decided, proofs, conflict };
  }

  // Prices among plans that are as near the goals as can be: those of the objective, and of missing
  // the goals so many times that no column is worth more than it costs.
  join({ open, sense, cost }, { held, prices }, leaves) {
    const { lp } = this, { goals } = this.told;
    const near = leaves.find((one) => one.held === held).prices[0];
    let times = 0;
    for (let j = 0; j < lp.count; j++) {
      if (!open[j] || held.has(j)) continue;
      const lacks = raastof.dot(lp, j, prices) - cost[j];
      const gives = this.short[j] - raastof.dot(lp, j, near);
      if (lacks > 1e-9 && gives > 1e-9) times = Math.max(times, lacks / gives);
    }
    sense.forEach((one, at) => {
      if (one * prices[at] >= 0 || one * near[at] <= 1e-9) return;
      times = Math.max(times, -prices[at] / near[at]);
    });
    return prices.map((one, at) => goals.includes(at) ? -times : one + times * near[at]);
  }

  // How far one could get: what each rule lacks where needs, surplus and targets may be missed, as
  // little in all as can be, with the plan that does; where targets alone are enough, only these.
  reach(edits) {
    const { lp, told } = this, { limit, sense, open } = this.ask(edits), { count } = lp;
    const bends = [...told.bends.keys()].filter((at) => told.bends[at] === "first");
    for (const rows of [bends.filter((at) => told.aims.some((aim) => aim.row === at)), bends]) {
      const bent = rows.flatMap((at) => (sense[at] ? [sense[at]] : [1, -1]).map((by) => [at, by]));
      const wider = {
        rows: lp.rows,
        count: count + bent.length,
        start: [...lp.start, ...bent.map((_, i) => lp.start[count] + i + 1)],
        row: [...lp.row, ...bent.map(([at]) => at)],
        value: [...lp.value, ...bent.map(([, sign]) => sign)],
      };
      const cost = new Float64Array(wider.count).fill(1, count);
      const what = { limit, sense, aim: cost, costs: [() => cost], scale: told.scale };
      what.open = [...open, ...bent.map(() => 1)];
      what.basis = this.basis.map((j) => (j < count ? j : j + bent.length));
      const found = new raastof.Simplex(wider).solve(what, this.most);
      if (!found?.kept) continue;
      const lacks = bent.map(([row], i) => ({ row, t: found.x[count + i] }));
      return { x: found.x.slice(0, count), lacks: lacks.filter(({ t }) => t > 1e-3) };
    }
    return { lacks: [] };
  }

  // What an answer comes to, beside the plan and the baseline as given.
  figures(x) {
    const needed = add(this.reference, x) || 1;
    const now = (cost, at) => cost ? add(this.cost[cost], x) : add(this.counted[at], x) / needed;
    return this.told.figures.map(([title, factor, digits, plan, before, ...of]) => (
      { title, factor, digits, plan, before, now: now(...of) }
    ));
  }

  // What to write where in the scenario's file for the same edits: paths with their values.
  patch({ entries = {}, closed = {}, aims = {}, first } = {}) {
    const { told } = this, found = [], put = (value, ...path) => found.push([path, value]);
    for (const [at, { value, shift, accepts = [] }] of Object.entries(entries)) {
      const one = told.adjustable[at], { path } = one, ends = shift ? one.moves[shift] : [];
      if (value !== undefined) put(`${value} ${one.unit}`, ...path, one.key);
      ends.forEach((end, i) => put(told.periods[end], ...path, i ? "to" : "from"));
      if (accepts.length) put([...one.said, ...accepts], ...path, "accepts");
    }
    for (const key of Object.keys(closed).filter((one) => closed[one])) {
      const [kind, site] = key.split("/");
      put("0 t", "sites", told.sites[site], kind, "capacity_total");
    }
    for (const [at, level] of Object.entries(aims)) {
      const place = told.lists ? [told.aims[at].number] : [];
      put(`${Math.round(level * 1e8) / 1e6} %`, "targets", "secondary_share", ...place, "at_least");
    }
    if (first && first !== told.objectives[0]) {
      const names = [first, ...told.objectives.filter((one) => one !== first)];
      put(names.map((one) => one.includes("+") ? { minimise: one.split("+") } : one), "objectives");
    }
    return found;
  }
};

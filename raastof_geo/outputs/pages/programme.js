// The programme of the page: unpacked, changed by edits, solved, and what its answer comes to.
const readPlanes = (bytes, at, count, size) => {
  const found = new Array(count);
  for (let i = 0; i < count; i++) {
    let value = 0;
    for (let plane = size - 1; plane >= 0; plane--) {
      value = value * 256 + bytes[at + plane * count + i];
    }
    found[i] = value;
  }
  return found;
};

raastof.unpack = (bytes) => {
  const long = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  let text = "";
  for (let at = 4; at < 4 + long; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, Math.min(4 + long, at + 8192)));
  }
  const told = JSON.parse(text), body = bytes.subarray(4 + long);
  told.read = (name) => {
    const [kind, count, size, at, known, from] = told.arrays[name];
    const codes = readPlanes(body, at, count, size);
    if (kind === "i") return codes;
    const bits = new Uint8Array(8 * known), list = new DataView(bits.buffer);
    for (let i = 0; i < known; i++) {
      for (let plane = 0; plane < 8; plane++) bits[8 * i + plane] = body[from + plane * known + i];
    }
    return Float64Array.from(codes, (code) => list.getFloat64(8 * code, true));
  };
  told.walk = (name) => {
    let sum = 0;
    return told.read(name).map((one) => (sum += one & 1 ? -(one + 1) / 2 : one / 2));
  };
  return told;
};

// splitmix64, as ties.py draws weights for moves.
const scatter = (told, giver, taker, vehicle, period) => {
  const wide = (1n << 64n) - 1n;
  const mix = (z) => {
    z = ((z ^ (z >> 30n)) * 0xBF58476D1CE4E5B9n) & wide;
    z = ((z ^ (z >> 27n)) * 0x94D049BB133111EBn) & wide;
    return z ^ (z >> 31n);
  };
  const drawn = Object.fromEntries(
    Object.entries(told.ties).map(([key, list]) => [key, list.map((one) => BigInt("0x" + one))]),
  );
  return (j) => {
    let spread = mix(drawn.giver[giver[j]]);
    spread = mix(spread ^ drawn.taker[taker[j]]);
    spread = mix(spread ^ drawn.vehicle[vehicle[j]]);
    spread = mix(spread ^ drawn.period[period[j]]);
    return period[j] + Number(spread) / 2 ** 64;
  };
};

class Programme {
  constructor(told) {
    this.told = told;
    const { columns: count } = told, counts = told.read("entries");
    const start = new Int32Array(count + 1);
    for (let j = 0; j < count; j++) start[j + 1] = start[j] + counts[j];
    const row = new Int32Array(start[count]), limit = told.read("limit");
    for (let place = 0; told.arrays["rows" + place]; place++) {
      let at = 0;
      const rows = told.walk("rows" + place);
      for (let j = 0; j < count; j++) if (counts[j] > place) row[start[j] + place] = rows[at++];
    }
    this.lp = { count, rows: limit.length, start, row, value: told.read("values") };
    this.given = { limit, value: this.lp.value.slice() };
    this.sense = Int8Array.from(told.read("sense"), (one) => one - 1);
    for (const key of ["giver", "taker", "vehicle", "period"]) this[key] = told.walk(key);
    for (const key of ["needed", "load", "whole", "reference"]) this[key] = told.read(key);
    this.orders = told.read("orders");
    this.costs = told.costs.map((_, at) => told.read("cost" + at));
    const km = told.costs.indexOf("tonne_km");
    this.length = km < 0 ? told.read("length") : this.costs[km];
    this.short = told.short ? told.read("short") : null;
    this.counted = told.shares.map((_, at) => told.read("counted" + at));
    this.draw = scatter(told, this.giver, this.taker, this.vehicle, this.period);
    this.tiesOfOthers = told.read("ties");
    this.decided = new Map(told.read("decided").map((one, at) => [this.whole[at], one]));
    this.basis = told.read("basis");
    this.reactions = new Map();
    const rows = told.read("reaction_row"), values = told.read("reaction_value");
    told.read("reaction").forEach((key, at) => {
      if (!this.reactions.has(key)) this.reactions.set(key, []);
      this.reactions.get(key).push([rows[at], values[at]]);
    });
    told.aims.forEach((aim, at) => {
      aim.columns = told.read(`aim${at}_columns`);
      aim.values = told.read(`aim${at}_values`);
      aim.also = new Map(aim.crossed.map(([entry, shift, ...both]) => [entry + "/" + shift, both]));
    });
    this.most = 4000;
  }

  // Edits: entries { at: { value, shift, accepts: [...] } }, closed { "pit/3": true }, aims
  // { at: level }, first: the name of an objective.
  ask({ entries = {}, closed = {}, aims = {}, first } = {}) {
    const { told, lp, given } = this, limit = given.limit.slice();
    lp.value.set(given.value);
    const moved = told.aims.map((aim, at) => (aims[at] ?? aim.level) - aim.level);
    told.aims.forEach((aim, at) => {
      if (!moved[at]) return;
      limit[aim.row] += moved[at] * aim.limit;
      aim.columns.forEach((j, i) => {
        for (let k = lp.start[j]; k < lp.start[j + 1]; k++) {
          if (lp.row[k] === aim.row) lp.value[k] += moved[at] * aim.values[i];
        }
      });
    });
    const windows = told.adjustable.map((one) => one.window);
    const accepted = told.adjustable.map(() => new Set());
    for (const [key, { value, shift = 0, accepts = [] }] of Object.entries(entries)) {
      const at = Number(key), one = told.adjustable[at], by = (value ?? one.value) - one.value;
      const place = (at * told.shifts.length + told.shifts.indexOf(shift)) * 2;
      for (const [row, change] of this.reactions.get(place) ?? []) limit[row] += change;
      for (const [row, slope] of this.reactions.get(place + 1) ?? []) limit[row] += slope * by;
      told.aims.forEach((aim, k) => {
        const [change, slope] = aim.also.get(at + "/" + shift) ?? [0, 0];
        limit[aim.row] += moved[k] * (change + slope * by);
      });
      if (shift) windows[at] = one.moves[shift];
      accepts.forEach((name) => accepted[at].add(name));
    }
    const order = Math.max(0, told.orders.indexOf(first)), open = new Uint8Array(lp.count);
    const within = (at, period) => at < 0 || (windows[at][0] <= period && period <= windows[at][1]);
    const shut = (end) => closed[told.kinds[end[3]] + "/" + end[0]];
    for (let j = 0; j < lp.count; j++) {
      if (!((this.orders[j] >> order) & 1)) continue;
      if (j < this.giver.length) {
        const gives = told.givers[this.giver[j]], takes = told.takers[this.taker[j]];
        if (!within(gives[2], this.period[j]) || !within(takes[2], this.period[j])) continue;
        if (shut(gives) || shut(takes)) continue;
        const lacking = told.sets[this.needed[j]];
        if (lacking.some((name) => !accepted[takes[2]]?.has(name))) continue;
      }
      open[j] = 1;
    }
    const names = [
      told.orders[order],
      ...told.objectives.filter((one) => one !== told.orders[order]),
    ];
    this.first = this.costOf(names[0]);
    const turned = told.aims.map((aim, at) => (aim.columns.length ? moved[at] : 0)).join();
    return { limit, open, sense: this.sense, whole: this.whole, names, turned };
  }

  costOf(name) {
    return this.costs[this.told.costs.indexOf(name)];
  }

  // What decides among equally good plans, for columns that are still open.
  ties(open) {
    const cost = new Float64Array(this.lp.count), moves = this.giver.length;
    for (let j = 0; j < cost.length; j++) {
      if (open[j]) cost[j] = j < moves ? this.draw(j) : this.tiesOfOthers[j - moves];
    }
    return cost;
  }

  // Solve with some decisions held: their columns are closed, and limits have what they take. Where
  // the way from the last answer is lost, it begins at the plan, and at last at nothing.
  branch(asked, costs, held) {
    const { start, row, value } = this.lp, limit = asked.limit.slice(), open = asked.open.slice();
    for (const [j, one] of held) {
      open[j] = 0;
      if (one) { for (let k = start[j]; k < start[j + 1]; k++) limit[row[k]] -= value[k]; }
    }
    const aim = costs[0](open);
    if (this.short) costs[1]?.(open).forEach((one, j) => (aim[j] = 1e4 * aim[j] + one));
    const what = { limit, open, sense: asked.sense, costs, aim, scale: this.told.scale };
    let found = { ended: false };
    for (const basis of [this.anew && this.basis, this.basis, []]) {
      found = this.solver.solve({ ...what, basis }, this.most);
      this.anew = false;
      if (found.ended) break;
    }
    if (found.x) { for (const [j, one] of held) found.x[j] = one; }
    return { ...found, held };
  }

  // Look for the best over all ways to decide, or as the plan decides where they are many.
  search(asked, costs) {
    const few = this.whole.length <= this.told.decisions, leaves = [], named = costs.length - 1;
    const waiting = [few ? new Map() : this.decided];
    let best = null;
    while (waiting.length) {
      const held = waiting.pop(), full = held.size === this.whole.length;
      const found = this.branch(asked, full ? costs : costs.slice(0, this.short ? 2 : 1), held);
      if (!found.ended) return null;
      leaves.push(found);
      if (!found.kept) continue;
      found.values = found.values.map((value, at) =>
        [...held].reduce((sum, [j, one]) => sum + one * costs[at](asked.open)[j], value)
      );
      const [least, most] = best ? [found.values, best.values] : [];
      if (best && this.less(most.slice(0, this.short ? 2 : 1), least)) continue;
      const next = this.whole.find((j) => !held.has(j));
      if (next !== undefined) {
        leaves.pop();
        const up = found.x[next] > 0.5 ? 1 : 0;
        for (const one of [1 - up, up]) waiting.push(new Map([...held, [next, one]]));
      } else if (!best || this.less(least, most)) best = found;
    }
    return { best, leaves, decided: !few, named };
  }

  less(one, other) {
    for (let at = 0; at < one.length; at++) {
      const least = 1e-9 * Math.max(1, Math.abs(other[at]));
      if (Math.abs(one[at] - other[at]) > least) return one[at] < other[at];
    }
    return false;
  }

  // Answer edits: the plan with its proof, or that there is none.
  answer(edits, tamper) {
    const { told } = this, asked = this.ask(edits);
    if (this.solver?.tamper || tamper || !this.solver || this.turned !== asked.turned) {
      this.solver = new raastof.Simplex(this.lp, tamper);
      this.anew = true;
    }
    this.turned = asked.turned;
    const named = asked.names.map((name) => this.costOf(name)), { short } = this;
    const costs = [...(short ? [short] : []), ...named].map((cost) => () => cost.slice());
    const found = this.search(asked, [...costs, (open) => this.ties(open)]);
    if (!found) return { proved: false, asked };
    const limits = {
      gap: told.gap,
      violation: told.violation / told.scale,
      decided: found.decided,
    };
    const { best, leaves } = found,
      prove = (at) => {
        const branches = leaves.map(({ held, ray, prices }) => ({
          held,
          ray,
          prices: prices?.[at],
        }));
        const what = {
          ...asked,
          cost: short && !at ? short : named[0],
          limit: asked.limit.slice(),
        };
        if (at && best) {
          for (const row of told.goals) {
            what.limit[row] = best.values[0] > 1e-6 ? best.values[0] : 0;
          }
          for (const one of branches) if (one.prices) one.prices = this.join(what, one, leaves);
        }
        return raastof.prove(this.lp, what, { x: best?.x, branches }, limits);
      };
    const proofs = short && best ? [prove(0), prove(1)] : [prove(0)];
    const proved = proofs.every((one) => one.proved);
    if (!best) return { none: true, proved, conflict: this.conflict(leaves), asked };
    return { x: best.x, proved, decided: found.decided, proofs, asked };
  }

  // Prices among plans that are as near the goals as can be: those of the objective, and of missing
  // the goals so many times that no column is worth more than it costs.
  join({ open, sense }, { held, prices }, leaves) {
    const { count, rows, start, row, value } = this.lp, { told, short } = this;
    const near = leaves.find((one) => one.held === held).prices[0], cost = this.first;
    let times = 0;
    const worth = (y, j) => {
      let sum = 0;
      for (let at = start[j]; at < start[j + 1]; at++) sum += y[row[at]] * value[at];
      return sum;
    };
    for (let j = 0; j < count; j++) {
      if (!open[j] || held.has(j)) continue;
      const lacks = worth(prices, j) - cost[j], gives = short[j] - worth(near, j);
      if (lacks > 1e-9 && gives > 1e-9) times = Math.max(times, lacks / gives);
    }
    for (let at = 0; at < rows; at++) {
      if (sense[at] * prices[at] < 0 && sense[at] * near[at] > 1e-9) {
        times = Math.max(times, -prices[at] / near[at]);
      }
    }
    const y = prices.map((one, at) => one + times * near[at]);
    for (const at of told.goals) y[at] = -times;
    return y;
  }

  // How far one could get: what each rule lacks where needs, surplus and targets may be missed, as
  // little in all as can be; where a target is not kept, only targets if that is enough.
  reach(edits) {
    const { lp, told } = this, asked = this.ask(edits), { count } = lp;
    const aimed = told.aims.map(({ row }) => row).filter((at) => told.bends[at] === 3);
    for (const rows of [aimed, [...told.bends.keys()].filter((at) => told.bends[at] === 3)]) {
      const bent = rows.flatMap((at) =>
        asked.sense[at] ? [[at, asked.sense[at]]] : [[at, 1], [at, -1]]
      );
      const start = [...lp.start], row = [...lp.row], value = [...lp.value];
      for (const [at, sign] of bent) {
        row.push(at);
        value.push(sign);
        start.push(row.length);
      }
      const wider = { ...lp, count: count + bent.length, start, row, value };
      const open = Uint8Array.from([...asked.open, ...bent.map(() => 1)]);
      const cost = new Float64Array(wider.count).fill(1, count), { limit, sense } = asked;
      for (const j of this.whole) open[j] = 1;
      const solver = new raastof.Simplex(wider), scale = told.scale;
      const basis = this.basis.map((j) => (j < count ? j : j + bent.length));
      const what = { limit, open, sense, costs: [() => cost], aim: cost, basis, scale };
      const found = solver.solve(what, this.most);
      if (!found.kept) continue;
      return bent.map(([at], i) => ({ row: at, t: found.x[count + i] })).filter(({ t }) =>
        t > 1e-3
      );
    }
    return [];
  }

  // What an answer comes to, beside the plan and the baseline as given.
  figures(x) {
    const add = (list) => list.reduce((sum, one, j) => sum + one * x[j], 0),
      needed = add(this.reference);
    return [
      ...this.told.counted.map((one) => ({ ...one, now: add(this.costs[one.cost]) })),
      ...this.told.shares.map((one, at) => ({
        ...one,
        now: add(this.counted[at]) / (needed || 1),
      })),
    ];
  }

  // What to write where in the scenario's file for the same edits: paths with their values.
  patch({ entries = {}, closed = {}, aims = {}, first } = {}) {
    const { told } = this, found = [];
    for (const [at, { value, shift, accepts = [] }] of Object.entries(entries)) {
      const one = told.adjustable[at], path = ["sites", one.site, one.list, one.number];
      if (value !== undefined) found.push([[...path, one.key], `${value} ${one.unit}`]);
      const ends = shift && one.moves[shift];
      if (ends) {
        ["from", "to"].forEach((key, i) => found.push([[...path, key], told.periods[ends[i]]]));
      }
      if (accepts.length) found.push([[...path, "accepts"], [...one.said, ...accepts]]);
    }
    for (const key of Object.keys(closed).filter((one) => closed[one])) {
      const [kind, site] = key.split("/");
      found.push([["sites", told.sites[site], kind, "capacity_total"], "0 t"]);
    }
    for (const [at, level] of Object.entries(aims)) {
      const path = ["targets", "secondary_share", ...(told.lists ? [told.aims[at].number] : [])];
      found.push([[...path, "at_least"], `${Math.round(level * 1e8) / 1e6} %`]);
    }
    if (first && first !== told.objectives[0]) {
      const names = [first, ...told.objectives.filter((one) => one !== first)];
      const written = (one) => one.includes("+") ? { minimise: one.split("+") } : one;
      found.push([["objectives"], names.map(written)]);
    }
    return found;
  }

  // The rows that cannot be kept together.
  conflict(leaves) {
    const weight = new Map();
    for (const { ray } of leaves) {
      ray?.forEach((one, at) => {
        if (Math.abs(one) > 1e-7) weight.set(at, Math.abs(one));
      });
    }
    return [...weight.keys()].filter((at) => this.told.bends[at]);
  }
}
raastof.Programme = Programme;

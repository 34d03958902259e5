// The least of a programme whose columns are all at least zero, from where an earlier one stood.
// Rows are `sum + slack = limit`; what is not in the basis is zero, slacks and columns alike, so
// that a corner is B⁻¹ limit. Slacks are numbered after the columns. Nothing here is believed:
// `proof.js` checks what comes out.
const TINY = 1e-12, PIVOT = 1e-7, KEPT = 1e-7, FREE = 1e-8, ANEW = 90, STILL = 200;

// What is largest by some size above a least one; -1 where there is none.
const pick = (list, size, least) => {
  let found = -1;
  for (const one of list) {
    const now = size(one);
    if (now > least) [found, least] = [one, now];
  }
  return found;
};

raastof.Simplex = class {
  // lp: rows, count, start, row, value (by column).
  constructor(lp, tamper) {
    const { rows: m, count: n } = lp, total = n + m;
    Object.assign(this, { lp, tamper, m, n, total, since: 0, finest: 0.1 * FREE, touched: [] });
    // What the rows hold: columns, and where in the lists of the columns.
    for (const key of ["column", "place"]) this[key] = new Int32Array(lp.row.length);
    const begin = this.begin = new Int32Array(m + 2);
    for (const k of lp.row) begin[k + 2]++;
    for (let k = 0; k < m; k++) begin[k + 2] += begin[k + 1];
    for (let j = 0, at = 0; j < n; j++) {
      for (; at < lp.start[j + 1]; at++) {
        const to = begin[lp.row[at] + 1]++;
        [this.column[to], this.place[to]] = [j, at];
      }
    }
    this.inverse = new Float64Array(m * m);
    for (const key of ["x", "y", "work"]) this[key] = new Float64Array(m);
    for (const key of ["d", "alpha"]) this[key] = new Float64Array(total);
    Object.assign(this, { sign: new Int8Array(total), where: new Int32Array(total) });
    this.every = Array.from({ length: total }, (_, at) => at);
    this.rows = this.every.slice(0, m);
  }

  // Which way each may move from zero: 1 up, -1 down, 0 not at all.
  bound(open, sense) {
    this.sign.set(open);
    this.sign.set(sense.map((one) => -one), this.n);
    this.free = Int32Array.from(this.every.filter((j) => this.sign[j]));
  }

  // Stand at a basis; what cannot stand gives way to slacks.
  stand(basic) {
    const { m, n, lp: { start }, work } = this;
    this.head = new Int32Array(m).fill(-1);
    this.where.fill(-1);
    this.inverse.fill(0);
    for (const key of ["used", "within"]) this[key] = this.rows.map((at) => [at]);
    for (const at of this.rows) this.inverse[at * m + at] = 1;
    const place = (at, j) => {
      this.head[at] = j;
      this.where[j] = at;
    };
    const long = (j) => start[j + 1] - start[j];
    for (const j of basic) if (j >= n) place(j - n, j);
    for (const j of [...basic].filter((j) => j < n).sort((a, b) => long(a) - long(b) || a - b)) {
      this.through(j);
      const best = pick(this.rows, (at) => this.head[at] < 0 ? Math.abs(work[at]) : 0, PIVOT);
      if (best < 0) continue;
      this.turn(best);
      place(best, j);
    }
    for (let at = 0; at < m; at++) if (this.head[at] < 0) place(at, n + at);
    this.since = 0;
  }

  // Put B⁻¹ times a column into `work`.
  through(j) {
    const { m, n, inverse, work, lp: { start, row, value } } = this;
    const add = (k, times) => {
      for (const at of this.within[k]) work[at] += times * inverse[at * m + k];
    };
    work.fill(0);
    if (j >= n) add(j - n, 1);
    else for (let k = start[j]; k < start[j + 1]; k++) add(row[k], value[k]);
  }

  // Change the inverse, and where its rows and columns are used, so that `work` stands in row `r`.
  turn(r) {
    const { m, inverse, work, used, within } = this, own = inverse.subarray(r * m, r * m + m);
    for (const k of used[r]) {
      own[k] = Math.abs(own[k]) > TINY ? own[k] / work[r] : 0;
      if (own[k] === 0) within[k].splice(within[k].indexOf(r), 1);
    }
    used[r] = used[r].filter((k) => own[k] !== 0);
    for (let at = 0, from = 0; at < m; at++, from += m) {
      if (at === r || Math.abs(work[at]) <= TINY) continue;
      for (const k of used[r]) {
        if (inverse[from + k] === 0) {
          used[at].push(k);
          within[k].push(at);
        }
        inverse[from + k] = (inverse[from + k] - work[at] * own[k]) || 1e-300;
      }
    }
  }

  // Put a row of B⁻¹ times all columns into `alpha`; only those that are `touched` are not zero.
  across(r) {
    const { m, n, alpha, where, sign, begin, column, place, lp: { value } } = this;
    const rho = this.rho = this.inverse.slice(r * m, r * m + m);
    for (const j of this.touched) alpha[j] = 0;
    const touched = this.touched = [];
    const add = (j, more) => {
      if (!sign[j] || where[j] >= 0) return;
      if (alpha[j] === 0) touched.push(j);
      alpha[j] = alpha[j] + more || 1e-300;
    };
    for (const k of this.used[r]) {
      add(n + k, rho[k]);
      for (let at = begin[k]; at < begin[k + 1]; at++) add(column[at], rho[k] * value[place[at]]);
    }
  }

  // What one more of a column or slack costs beyond its worth.
  reduced(j, cost) {
    return j < this.n ? cost[j] - raastof.dot(this.lp, j, this.y) : -this.y[j - this.n];
  }

  // Add what prices lack so that no column of the basis costs more or less than its worth; or count
  // them anew, and where the corner is.
  refine(cost, anew) {
    const { m, inverse, used, x, y, d, limit } = this;
    for (const list of anew ? [x, y] : []) list.fill(0);
    const lacks = Array.from(this.head, (j) => this.reduced(j, cost));
    for (let at = 0, from = 0; at < m; at++, from += m) {
      for (const k of used[at]) {
        y[k] += lacks[at] * inverse[from + k];
        if (anew) x[at] += inverse[from + k] * limit[k];
      }
    }
    for (const j of this.free) d[j] = this.where[j] < 0 ? this.reduced(j, cost) : 0;
  }

  anew(cost) {
    this.stand(Array.from(this.head));
    this.refine(cost, true);
  }

  // What is in `work` comes in for what stands in row `r`; `alpha` is of that row.
  swap(r, q, cost) {
    const { x, y, d, alpha, work, rho, m } = this, out = this.head[r];
    this.tamper?.(this, r, q);
    const theta = d[q] / work[r], far = x[r] / work[r];
    for (const j of this.touched) d[j] -= theta * alpha[j];
    for (let k = 0; k < m; k++) y[k] += theta * rho[k];
    for (let at = 0; at < m; at++) x[at] -= far * work[at];
    this.turn(r);
    [x[r], d[q], d[out]] = [far, 0, -theta];
    [this.head[r], this.where[q], this.where[out]] = [q, r, -1];
    this.touched.push(out);
    if (++this.since >= ANEW) this.anew(cost);
  }

  // By how much what stands in a row is beyond what it may be.
  beyond(at) {
    const sign = this.sign[this.head[at]], x = this.x[at];
    return sign ? Math.max(0, -sign * x) : Math.abs(x);
  }

  // Make the corner keep all rows while no column gets worse than it is: the dual simplex. Where it
  // cannot, give the row of the inverse that shows it.
  repair(cost, most) {
    const { x, d, alpha, sign } = this, shifted = Float64Array.from(cost);
    this.refine(shifted, true);
    for (let step = 0; step < most; step++) {
      // What is not the least now is taken for as good as any, until the rows are kept.
      for (const j of step && this.since ? this.touched : this.free) {
        if (sign[j] * d[j] >= 0) continue;
        if (j < this.n) shifted[j] -= d[j];
        d[j] = 0;
      }
      const r = pick(this.rows, (at) => this.beyond(at), KEPT);
      if (r < 0) return { kept: true };
      const up = x[r] < 0 ? 1 : -1;
      this.across(r);
      const fits = this.touched.filter((j) => sign[j] * alpha[j] * up < -PIVOT);
      const ratio = (j, more) => (Math.abs(d[j]) + more) / Math.abs(alpha[j]);
      const least = fits.reduce((least, j) => Math.min(least, ratio(j, 1e-9)), Infinity);
      const q = pick(fits, (j) => ratio(j, 0) > least ? 0 : Math.abs(alpha[j]), 0);
      if (q >= 0) this.through(q);
      const off = q < 0 || Math.abs(this.work[r] - alpha[q]) > 1e-7 * (1 + Math.abs(alpha[q]));
      // Whether it really cannot is asked of an inverse that is new.
      if (off && this.since) this.anew(shifted);
      else if (q < 0) return { kept: false, ray: this.rho.map((one) => -up * one) };
      else this.swap(r, q, shifted);
    }
    return null;
  }

  // Make a cost least from a corner that keeps all rows: the primal simplex. Nothing where it fails.
  improve(cost, steps) {
    const { x, d, work, sign, rows, free, where } = this;
    const least = this.finest * this.dearest(cost);
    this.refine(cost, true);
    for (let step = 0, still = 0, sure = false; step < steps; step++) {
      // After many steps that led nowhere, the first that helps is taken: that ends circles.
      let q = -1, most = least;
      for (let at = 0; at < free.length && !(q >= 0 && still > STILL); at++) {
        const j = free[at], gain = -sign[j] * d[j];
        if (gain > most && where[j] < 0) [q, most] = [j, gain];
      }
      if (q < 0) {
        if (rows.some((at) => this.beyond(at) > 10 * KEPT)) return false;
        if (sure) return true;
        this.refine(cost);
        sure = true;
        continue;
      }
      this.through(q);
      const room = (at) => {
        const move = -sign[q] * work[at], own = sign[this.head[at]];
        if (own * move > 0) return Infinity;
        return own ? Math.max(0, own * x[at]) / Math.abs(move) : 0;
      };
      const moved = rows.filter((at) => Math.abs(work[at]) >= PIVOT);
      const reach = (at) => room(at) + (0.1 * KEPT) / Math.abs(work[at]);
      const far = moved.reduce((far, at) => Math.min(far, reach(at)), Infinity);
      if (far === Infinity) return false;
      const size = (at) => still > STILL ? -this.head[at] : Math.abs(work[at]);
      const r = pick(moved, (at) => room(at) > far ? -Infinity : size(at), -Infinity);
      still = room(r) > 1e-9 ? 0 : still + 1;
      this.across(r);
      this.swap(r, q, cost);
      sure = false;
    }
    return false;
  }

  dearest(cost) {
    const size = (j) => j < this.n ? Math.abs(cost[j]) : 0;
    return this.free.reduce((most, j) => Math.max(most, size(j)), 1e-3);
  }

  // The least by several costs, each among the least by those before it, from where the last one
  // ended or from a basis. `costs` are functions, so that a later one is made for what is open only;
  // `aim` is the cost that the way there keeps small. What did not end is nothing.
  solve({ limit, open, sense, costs, aim, basis, scale = 1 }, most) {
    const { n, x, y, d } = this, prices = [];
    this.limit = limit.map((one) => one * scale);
    this.bound(open, sense);
    if (basis || !this.head) this.stand(basis ?? []);
    const found = this.repair(aim, most);
    if (!found?.kept) return found;
    const face = Uint8Array.from(open), held = Int8Array.from(sense);
    for (const make of costs) {
      const cost = make(face), least = FREE * this.dearest(cost);
      if (!this.improve(cost, most)) return null;
      prices.push(y.slice());
      for (const j of this.free) if (j < n && this.where[j] < 0 && d[j] > least) face[j] = 0;
      y.forEach((one, at) => (held[at] = Math.abs(one) > least ? 0 : held[at]));
      this.bound(face, held);
    }
    const plan = new Float64Array(n);
    this.head.forEach((j, at) => j < n && (plan[j] = x[at] / scale));
    return { kept: true, x: plan, prices };
  }
};

// The least of a programme whose columns are all at least zero, from where an earlier one stood.
// Rows are `sum + slack = limit`; what is not in the basis is zero, slacks and columns alike, so
// that a corner is B⁻¹ limit. The inverse is kept as sparse columns; all of it is made anew now and
// then. Nothing here is believed: `proof.js` checks what comes out.
const TINY = 1e-12, PIVOT = 1e-7, KEPT = 1e-7, FREE = 1e-8, ANEW = 60;

class Simplex {
  // lp: rows, count, start, row, value (by column); sense: -1, 0, 1 for <=, =, >=.
  constructor(lp, tamper) {
    this.lp = lp;
    this.tamper = tamper;
    const { rows: m, count: n, start, row, value } = lp;
    this.total = n + m;
    this.begin = new Int32Array(m + 1);
    for (let at = 0; at < start[n]; at++) this.begin[row[at] + 1]++;
    for (let at = 0; at < m; at++) this.begin[at + 1] += this.begin[at];
    const next = this.begin.slice();
    this.column = new Int32Array(start[n]);
    this.entry = new Float64Array(start[n]);
    for (let j = 0; j < n; j++) {
      for (let at = start[j]; at < start[j + 1]; at++) {
        const to = next[row[at]]++;
        this.column[to] = j;
        this.entry[to] = value[at];
      }
    }
    this.sign = new Int8Array(this.total);
    this.work = new Float64Array(m);
    this.d = new Float64Array(this.total);
    this.alpha = new Float64Array(this.total);
    this.pivots = 0;
  }

  // Which way each may move from zero: 1 up, -1 down, 0 not at all.
  bound(open, sense) {
    const { count } = this.lp;
    for (let j = 0; j < count; j++) this.sign[j] = open[j] ? 1 : 0;
    for (let at = 0; at < sense.length; at++) this.sign[count + at] = -sense[at];
    this.free = [];
    for (let j = 0; j < this.total; j++) if (this.sign[j]) this.free.push(j);
  }

  // Stand at a basis: columns by number, slacks after them; what cannot stand gives way to slacks.
  stand(basic) {
    const { rows: m, count: n, start } = this.lp;
    this.head = new Int32Array(m).fill(-1);
    this.where = new Int32Array(this.total).fill(-1);
    this.inverse = Array.from({ length: m }, (_, at) => ({ at: [at], is: [1] }));
    const free = new Uint8Array(m).fill(1), columns = [];
    for (const j of basic) {
      if (j < n) columns.push(j);
      else free[j - n] = 0;
    }
    for (let at = 0; at < m; at++) if (!free[at]) this.place(at, n + at);
    columns.sort((a, b) => start[a + 1] - start[a] - (start[b + 1] - start[b]) || a - b);
    for (const j of columns) {
      const reach = this.through(j);
      let best = -1;
      for (const at of reach.at) {
        if (free[at] && (best < 0 || Math.abs(this.work[at]) > Math.abs(this.work[best]))) {
          best = at;
        }
      }
      if (best >= 0 && Math.abs(this.work[best]) > 1e-7) {
        free[best] = 0;
        this.turn(best, reach);
        this.place(best, j);
      }
      this.clear(reach);
    }
    for (let at = 0; at < m; at++) if (free[at]) this.place(at, n + at);
    this.since = 0;
  }

  place(at, j) {
    this.head[at] = j;
    this.where[j] = at;
  }

  // B⁻¹ times a column, in `work`, with the rows where it is not zero.
  through(j) {
    const { count: n, start, row, value } = this.lp, at = [], work = this.work;
    const add = (k, times) => {
      const { at: rows, is } = this.inverse[k];
      for (let i = 0; i < rows.length; i++) {
        if (work[rows[i]] === 0) at.push(rows[i]);
        work[rows[i]] += times * is[i];
        if (work[rows[i]] === 0) work[rows[i]] = 1e-300;
      }
    };
    if (j >= n) add(j - n, 1);
    else for (let k = start[j]; k < start[j + 1]; k++) add(row[k], value[k]);
    return { at };
  }

  clear({ at }) {
    for (const row of at) this.work[row] = 0;
  }

  // Change the inverse so that the column in `work` stands in row `r`.
  turn(r, { at }) {
    const { work } = this, m = this.lp.rows, pivot = work[r];
    const rows = at.filter((row) => row !== r && Math.abs(work[row]) > TINY);
    const held = (this.held ??= new Float64Array(m));
    for (const one of this.inverse) {
      const found = one.at.indexOf(r);
      if (found < 0) continue;
      const times = one.is[found] / pivot;
      for (let i = 0; i < one.at.length; i++) held[one.at[i]] = one.is[i];
      const seen = one.at.slice();
      for (const row of rows) {
        if (held[row] === 0) seen.push(row);
        held[row] -= times * work[row];
      }
      held[r] = times;
      one.at.length = one.is.length = 0;
      for (const row of seen) {
        if (Math.abs(held[row]) > TINY) {
          one.at.push(row);
          one.is.push(held[row]);
        }
        held[row] = 0;
      }
    }
  }

  corner() {
    const x = new Float64Array(this.lp.rows), { limit } = this;
    this.inverse.forEach(({ at, is }, k) => {
      if (limit[k]) { for (let i = 0; i < at.length; i++) x[at[i]] += limit[k] * is[i]; }
    });
    return (this.x = x);
  }

  // What one unit more on each row is worth.
  prices(cost) {
    const { head } = this, { count: n } = this.lp, y = new Float64Array(this.lp.rows);
    this.inverse.forEach(({ at, is }, k) => {
      let sum = 0;
      for (let i = 0; i < at.length; i++) {
        if (head[at[i]] < n) sum += cost[head[at[i]]] * is[i];
      }
      y[k] = sum;
    });
    return y;
  }

  // What one unit more of each that may move would cost beyond its worth.
  reduce(cost) {
    const { count: n, start, row, value } = this.lp, y = this.prices(cost), { d } = this;
    for (const j of this.free) {
      let sum = 0;
      if (this.where[j] < 0) {
        if (j >= n) sum = -y[j - n];
        else {
          sum = cost[j];
          for (let at = start[j]; at < start[j + 1]; at++) sum -= y[row[at]] * value[at];
        }
      }
      d[j] = sum;
    }
    return y;
  }

  // By how much what stands in a row is beyond what it may be.
  beyond(at) {
    const sign = this.sign[this.head[at]], x = this.x[at];
    return sign > 0 ? Math.max(0, -x) : sign < 0 ? Math.max(0, x) : Math.abs(x);
  }

  swap(r, q, reach) {
    const out = this.head[r];
    if (this.tamper) this.tamper(this, r, q, reach);
    this.turn(r, reach);
    this.where[out] = -1;
    this.place(r, q);
    this.pivots++;
    if (++this.since >= ANEW) this.anew();
    return out;
  }

  anew() {
    this.stand(Array.from(this.head));
  }

  // A row of B⁻¹ times all columns, in `alpha`, with those that are not zero.
  across(r) {
    const { count: n } = this.lp, { alpha } = this, rho = [], found = [];
    this.inverse.forEach(({ at, is }, k) => {
      const place = at.indexOf(r);
      if (place >= 0) rho.push([k, is[place]]);
    });
    for (const [k, weight] of rho) {
      if (alpha[n + k] === 0) found.push(n + k);
      alpha[n + k] += weight;
      for (let at = this.begin[k]; at < this.begin[k + 1]; at++) {
        const j = this.column[at];
        if (!this.sign[j] || this.where[j] >= 0) continue;
        if (alpha[j] === 0) found.push(j);
        alpha[j] += weight * this.entry[at];
        if (alpha[j] === 0) alpha[j] = 1e-300;
      }
    }
    return { rho, found };
  }

  // Make the corner keep all rows while no column gets worse than it is: the dual simplex. Where it
  // cannot, give the row of the inverse that shows it.
  repair(cost, most) {
    const { count: n } = this.lp, shifted = Float64Array.from(cost);
    // What is not the least now is taken for as good as any, until the rows are kept.
    const shift = () => {
      this.reduce(shifted);
      for (const j of this.free) {
        if (this.where[j] >= 0 || this.sign[j] * this.d[j] >= 0) continue;
        if (j < n) shifted[j] -= this.d[j];
        this.d[j] = 0;
      }
    };
    shift();
    this.corner();
    for (let step = 0; step < most; step++) {
      let r = -1, worst = KEPT;
      for (let at = 0; at < this.lp.rows; at++) {
        const far = this.beyond(at);
        if (far > worst) [r, worst] = [at, far];
      }
      if (r < 0) return { kept: true };
      const up = this.x[r] < 0 ? 1 : -1, { rho, found } = this.across(r);
      const fits = found.filter((j) =>
        this.where[j] < 0 && this.sign[j] && this.sign[j] * this.alpha[j] * up < -PIVOT
      );
      let q = -1;
      if (fits.length) {
        const least = Math.min(
          ...fits.map((j) => (Math.abs(this.d[j]) + 1e-9) / Math.abs(this.alpha[j])),
        );
        for (const j of fits) {
          if (Math.abs(this.d[j]) / Math.abs(this.alpha[j]) > least) continue;
          if (q < 0 || Math.abs(this.alpha[j]) > Math.abs(this.alpha[q])) q = j;
        }
      }
      if (q < 0) {
        for (const j of found) this.alpha[j] = 0;
        if (this.since) {
          // Whether it really cannot is asked of an inverse that is new.
          this.anew();
          this.corner();
          shift();
          continue;
        }
        const ray = new Float64Array(this.lp.rows);
        for (const [k, weight] of rho) ray[k] = -up * weight;
        return { kept: false, ray };
      }
      const reach = this.through(q), theta = this.d[q] / this.alpha[q];
      const off = Math.abs(this.work[r] - this.alpha[q]) > 1e-7 * (1 + Math.abs(this.work[r]));
      for (const j of found) {
        if (this.where[j] < 0) this.d[j] -= theta * this.alpha[j];
        this.alpha[j] = 0;
      }
      if (off && this.since) {
        this.clear(reach);
        this.anew();
        this.corner();
        shift();
        continue;
      }
      const t = this.x[r] / this.work[r];
      for (const at of reach.at) this.x[at] -= t * this.work[at];
      this.x[r] = t;
      const anew = this.since + 1 >= ANEW;
      const out = this.swap(r, q, reach);
      this.clear(reach);
      this.d[q] = 0;
      this.d[out] = -theta;
      if (anew) {
        this.corner();
        shift();
      }
    }
    return null;
  }

  // Make a cost least from a corner that keeps all rows: the primal simplex.
  improve(cost, most) {
    const least = 0.1 * FREE * this.dearest(cost);
    this.corner();
    let still = 0;
    for (let step = 0; step < most; step++) {
      const y = this.reduce(cost);
      let q = -1, best = 0;
      for (const j of this.free) {
        if (this.where[j] >= 0) continue;
        const gain = -this.sign[j] * this.d[j];
        // After many steps that led nowhere, the first that helps is taken: that ends circles.
        if (gain > least && gain > best) {
          [q, best] = [j, gain];
          if (still > 200) break;
        }
      }
      if (q < 0) {
        if (!this.since) return y;
        this.anew();
        this.corner();
        if (this.worst() > 10 * KEPT) return null;
        continue;
      }
      const reach = this.through(q), way = this.sign[q];
      let far = Infinity, r = -1;
      const room = (at) => {
        const move = -way * this.work[at], sign = this.sign[this.head[at]];
        if (Math.abs(move) < PIVOT || (sign && sign * move > 0)) return Infinity;
        return sign ? Math.max(0, sign * this.x[at]) / Math.abs(move) : 0;
      };
      for (const at of reach.at) {
        const t = room(at) + KEPT / 10 / Math.abs(this.work[at]);
        if (t < far) far = t;
      }
      for (const at of reach.at) {
        if (room(at) > far) continue;
        if (
          r < 0 ||
          (still > 200
            ? this.head[at] < this.head[r]
            : Math.abs(this.work[at]) > Math.abs(this.work[r]))
        ) r = at;
      }
      if (r < 0) {
        this.clear(reach);
        return null;
      }
      const t = way * room(r);
      still = Math.abs(t) > 1e-9 ? 0 : still + 1;
      for (const at of reach.at) this.x[at] -= t * this.work[at];
      this.x[r] = t;
      const anew = this.since + 1 >= ANEW;
      this.swap(r, q, reach);
      this.clear(reach);
      if (anew) this.corner();
    }
    return null;
  }

  worst() {
    let most = 0;
    for (let at = 0; at < this.lp.rows; at++) most = Math.max(most, this.beyond(at));
    return most;
  }

  dearest(cost) {
    let most = 1e-3;
    for (const j of this.free) if (j < this.lp.count) most = Math.max(most, Math.abs(cost[j]));
    return most;
  }

  // The least by several costs, each among the least by those before it, from where the last one
  // ended or from a basis. `costs` are functions, so that a later one is made for what is open only;
  // `aim` is the cost that the way there keeps small.
  solve({ limit, open, sense, costs, aim, basis, scale = 1 }, most) {
    const { count: n, rows: m } = this.lp;
    this.limit = limit.map((one) => one * scale);
    this.bound(open, sense);
    if (basis || !this.head) this.stand(basis ?? []);
    const found = this.repair(aim, most);
    if (!found?.kept) return { ended: !!found, kept: false, ray: found?.ray };
    const prices = [], values = [], face = Uint8Array.from(open), held = Int8Array.from(sense);
    for (const make of costs) {
      const cost = make(face), y = this.improve(cost, most), least = FREE * this.dearest(cost);
      if (!y) return { ended: false };
      prices.push(y);
      let value = 0;
      this.head.forEach((j, at) => (value += j < n ? (cost[j] * this.x[at]) / scale : 0));
      values.push(value);
      for (const j of this.free) {
        if (j < n && this.where[j] < 0 && this.d[j] > least) face[j] = 0;
      }
      for (let at = 0; at < m; at++) if (Math.abs(y[at]) > least) held[at] = 0;
      this.bound(face, held);
    }
    const x = new Float64Array(n);
    this.head.forEach((j, at) => j < n && (x[j] = this.x[at] / scale));
    return { ended: true, kept: true, x, prices, values };
  }
}
raastof.Simplex = Simplex;

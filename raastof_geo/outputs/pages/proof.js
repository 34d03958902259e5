// Whether an answer is proved. This part knows the rules and no solver: it adds up every row, and
// bounds what any plan comes to by the prices that it is given, whatever they are worth.
// With prices y of the right sign and r = c - yA, every plan has c x >= y b + sum of u min(0, r).

// What the rows never let a column exceed.
const mostOf = ({ count, rows, start, row, value }, { limit, sense, whole }) => {
  const bounds = new Uint8Array(rows);
  for (let at = 0; at < rows; at++) bounds[at] = sense[at] <= 0 ? 1 : 0;
  for (let at = 0; at < start[count]; at++) if (value[at] < 0) bounds[row[at]] = 0;
  const most = new Float64Array(count).fill(Infinity);
  for (const j of whole) most[j] = 1;
  for (let j = 0; j < count; j++) {
    for (let at = start[j]; at < start[j + 1]; at++) {
      if (!bounds[row[at]] || value[at] <= 0) continue;
      most[j] = Math.min(most[j], Math.max(0, limit[row[at]]) / value[at]);
    }
  }
  return most;
};

// The least that any plan comes to: columns are open or not, decisions held at 0 or 1 or free.
const bound = (lp, asked, cost, prices, held) => {
  const { count, start, row, value } = lp, { limit, sense, open } = asked;
  const y = prices.map((one, at) => (sense[at] * one < 0 ? 0 : one));
  const most = (asked.most ??= mostOf(lp, asked));
  let sum = 0;
  for (let at = 0; at < limit.length; at++) sum += y[at] * limit[at];
  for (let j = 0; j < count; j++) {
    if (!open[j] || held.get(j) === 0) continue;
    let reduced = cost ? cost[j] : 0;
    for (let at = start[j]; at < start[j + 1]; at++) reduced -= y[row[at]] * value[at];
    if (held.get(j) === 1) sum += reduced;
    else if (reduced < 0) sum += reduced * most[j];
  }
  return sum;
};

// The farthest that a row, a sign, a decision or a closed column is broken.
const broken = ({ count, rows, start, row, value }, { limit, sense, open, whole }, x) => {
  const sum = new Float64Array(rows);
  let most = 0;
  for (let j = 0; j < count; j++) {
    most = Math.max(most, open[j] ? -x[j] : Math.abs(x[j]));
    for (let at = start[j]; at < start[j + 1]; at++) sum[row[at]] += value[at] * x[j];
  }
  for (const j of whole) most = Math.max(most, Math.abs(x[j] - Math.round(x[j])));
  for (let at = 0; at < rows; at++) {
    const over = sum[at] - limit[at];
    most = Math.max(most, sense[at] < 0 ? over : sense[at] > 0 ? -over : Math.abs(over));
  }
  return most;
};

// Whether every way to decide is on one of the branches.
const covers = (whole, branches) => {
  const few = whole.filter((j) => branches.some(({ held }) => held.has(j)));
  for (let way = 0; way < 2 ** few.length; way++) {
    const fits = ({ held }) =>
      few.every((j, at) => !held.has(j) || held.get(j) === ((way >> at) & 1));
    if (!branches.some(fits)) return false;
  }
  return true;
};

// Check an answer: { x or nothing, branches: [{ held, prices, ray }] }, each branch a part of all
// ways to decide. Given are the largest gap and violation that count as none.
raastof.prove = (lp, asked, answer, { gap, violation, decided }) => {
  const { branches, x } = answer, { cost } = asked;
  const number = (list) => list && list.every(Number.isFinite);
  if (!decided && !covers(asked.whole, branches)) return { proved: false, why: "branches" };
  let least = Infinity;
  for (const { held, prices, ray } of branches) {
    if (ray) {
      if (!number(ray)) return { proved: false, why: "ray" };
      const size = ray.reduce((sum, one, at) => sum + Math.abs(one * asked.limit[at]), 1e-9);
      if (!(bound(lp, asked, null, ray, held) > 1e-9 * size)) return { proved: false, why: "ray" };
    } else if (number(prices)) least = Math.min(least, bound(lp, asked, cost, prices, held));
    else return { proved: false, why: "prices" };
  }
  if (!x) return { proved: least === Infinity, why: "none" };
  if (!number(x)) return { proved: false, why: "plan" };
  const worst = broken(lp, asked, x), comes = x.reduce((sum, one, j) => sum + one * cost[j], 0);
  const off = (comes - least) / Math.max(Math.abs(comes), 1);
  return { proved: worst <= violation && off <= gap, why: "gap", worst, gap: off, comes, least };
};

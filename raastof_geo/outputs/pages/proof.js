// Whether an answer is proved. This part knows the rules and no solver: it adds up every row, and
// bounds what any plan comes to by the prices that it is given, whatever they are worth.
// With prices y of the right sign and r = c - yA, every plan has c x >= y b + sum of u min(0, r).

// What a column counts in all rows, each weighed.
raastof.dot = ({ start, row, value }, j, weights) => {
  let sum = 0;
  for (let at = start[j]; at < start[j + 1]; at++) sum += weights[row[at]] * value[at];
  return sum;
};

// What the rows never let a column exceed.
const mostOf = ({ count, rows, start, row, value }, { limit, sense, whole }) => {
  const bounds = Uint8Array.from({ length: rows }, (_, at) => sense[at] <= 0 ? 1 : 0);
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
  const { limit, sense, open, most } = asked;
  const y = prices.map((one, at) => (sense[at] * one < 0 ? 0 : one));
  let sum = y.reduce((sum, one, at) => sum + one * limit[at], 0);
  for (let j = 0; j < lp.count; j++) {
    if (!open[j] || held.get(j) === 0) continue;
    const reduced = (cost ? cost[j] : 0) - raastof.dot(lp, j, y);
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
  return sum.reduce((most, one, at) => {
    const over = one - limit[at];
    return Math.max(most, sense[at] ? -sense[at] * over : Math.abs(over));
  }, most);
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

// Whether no column that is left out of the page could help: prices have moved by less than what
// the best of them lacks, along as many rows as any of them is in.
const reaches = (left, prices) => {
  const moved = prices.map((one, at) => Math.abs(one - left.price[at]) * left.reach[at]);
  const worst = [...moved].sort((a, b) => b - a).slice(0, left.most);
  return worst.reduce((sum, one) => sum + one, 0) > left.least;
};

// Check an answer: { x or nothing, branches: [{ held, prices, ray }] }, each branch a part of all
// ways to decide. Given are the largest gap and violation that count as none, and what is left out.
// Why not: by branches, ray, prices, plan or gap, or only because of what is left out.
raastof.prove = (lp, asked, { branches, x }, { gap, violation, decided, left }) => {
  const number = (list) => list && list.every(Number.isFinite), no = (why) => ({ why });
  if (!decided && !covers(asked.whole, branches)) return no("branches");
  const what = { ...asked, most: mostOf(lp, asked) };
  let least = Infinity, beyond = false;
  for (const { held, prices, ray } of branches) {
    if (!number(ray ?? prices)) return no(ray ? "ray" : "prices");
    const found = bound(lp, what, ray ? null : asked.cost, ray ?? prices, held);
    const size = ray?.reduce((sum, one, at) => sum + Math.abs(one * asked.limit[at]), 1e-9);
    if (ray && !(found > 1e-9 * size)) return no("ray");
    if (!ray) least = Math.min(least, found);
    beyond ||= left && (ray || !left.same || reaches(left, prices));
  }
  if (x ? !number(x) : least < Infinity) return no("plan");
  const worst = x ? broken(lp, asked, x) : 0;
  const comes = x ? x.reduce((sum, one, j) => sum + one * asked.cost[j], 0) : 0;
  const off = x ? (comes - least) / Math.max(Math.abs(comes), 1) : 0;
  if (!(worst <= violation && off <= gap)) return { why: "gap", worst, gap: off, comes, least };
  return beyond ? no("left") : { proved: true, worst, gap: off };
};

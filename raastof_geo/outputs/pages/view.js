// What is looked at on one map: the state that all of its layers share, and what follows from it.
const { readTable, readNumbers, readLine, obtain } = raastof;
const views = new WeakMap();

class View {
  constructor(map) {
    Object.assign(this, { map, kept: new Map(), lines: [], ways: [] });
    for (const key of ["kinds", "listeners", "straight"]) this[key] = new Set();
    const all = { period: 0, without: new Set(), project: "", municipality: "", least: 0 };
    this.on = { mode: "plan", as: "roads", ...all, site: null, flow: null, zones: true };
  }

  // Take over what an element knows; several may tell the same.
  learn({ story, traffic }) {
    if (story && !this.story) {
      this.story = story;
      this.places = new Map(story.sites.map((site, at) => [site.id, at]));
    }
    if (traffic && !this.traffic) {
      this.traffic = traffic;
      const read = ({ plan, before }) => ({ plan: readTable(plan), before: readTable(before) });
      Object.assign(this, { flows: read(traffic.flows), trips: read(traffic.trips) });
    }
    return this;
  }

  listen(kind, listener) {
    this.kinds.add(kind);
    this.listeners.add(listener);
    return () => {
      this.kinds.delete(kind);
      this.listeners.delete(listener);
    };
  }

  change(values) {
    Object.assign(this.on, values);
    cancelAnimationFrame(this.waiting);
    this.waiting = requestAnimationFrame(() => this.tell());
  }

  tell() {
    this.kept.clear();
    for (const listener of this.listeners) listener(this);
  }

  // Work out what hangs on the state once, until it changes.
  keep(name, work) {
    return obtain(this.kept, name, work);
  }

  // The two sides that are held against each other, if any; and whether one is an answer to an edit.
  get differs() {
    return { difference: ["plan", "before"], change: ["tried", "plan"] }[this.on.mode];
  }

  get tries() {
    return ["tried", "change"].includes(this.on.mode);
  }

  // Roads or single flows: what is wished, unless only the other is on the map.
  get as() {
    const wished = this.tries && this.on.as === "burden" ? "roads" : this.on.as;
    if (wished === "flows") return this.kinds.has("flows") ? "flows" : "roads";
    return this.kinds.has("roads") || !this.kinds.has("flows") ? wished : "flows";
  }

  get chosen() {
    return this.on.site !== null || this.on.flow !== null;
  }

  // Whether everything of a period is shown: then the books say what it comes to.
  get isWhole() {
    return !this.chosen && !this.on.without.size && !this.on.project && !this.on.municipality;
  }

  total(side, name) {
    const { period } = this.on;
    const told = this.story.totals[side].filter((_, at) => !period || at === period - 1);
    return told.reduce((sum, one) => sum + one[name], 0);
  }

  write(value, digits) {
    return raastof.write(this.story, value, digits);
  }

  signed(value, digits) {
    return (this.differs && value > 0 ? "+" : "") + this.write(value, digits);
  }

  line(segment) {
    const { segments, decimals } = this.traffic;
    return (this.lines[segment] ??= readLine(segments[segment], decimals));
  }

  way(route) {
    return route < 0 ? [] : (this.ways[route] ??= readNumbers(this.traffic.routes[route]));
  }

  passes(flow) {
    const { on } = this, { sites } = this.story;
    const ends = [sites[flow.origin], sites[flow.destination]];
    const fits = (key) => !on[key] || ends.some((site) => site[key] === on[key]);
    return !on.without.has(flow.material) && (!on.period || flow.period === on.period - 1) &&
      fits("project") && fits("municipality");
  }

  // Flows of one side that pass the filters, joined over periods and trucks.
  join(side) {
    return this.keep("join " + side, () => {
      const groups = new Map();
      for (const flow of this.flows[side]) {
        if (!this.passes(flow)) continue;
        const key = [flow.origin, flow.destination, flow.material, flow.use].join("-");
        const group = obtain(groups, key, () => {
          const { origin: from, destination: to, material, use, length_km: km } = flow;
          const sets = { periods: new Set(), trucks: new Set(), routes: new Map() };
          return { key, from, to, material, use, km, t: 0, loads: 0, kg: 0, largest: 0, ...sets };
        });
        group.t += flow.tonnes;
        group.loads += flow.loads;
        group.kg += flow.kg_co2e;
        group.periods.add(flow.period);
        group.trucks.add(flow.truck);
        group.routes.set(flow.route, (group.routes.get(flow.route) ?? 0) + flow.tonnes);
        if (flow.tonnes > group.largest) {
          group.largest = flow.tonnes;
          group.km = flow.length_km;
        }
      }
      return groups;
    });
  }

  // All groups of the view, largest first; in the difference what the plan has more or less of.
  get groups() {
    return this.keep("groups", () => {
      const size = (group) => Math.abs(group.t), order = (a, b) => size(b) - size(a);
      if (!this.differs) return [...this.join(this.on.mode).values()].sort(order);
      const [plan, before] = this.differs.map((side) => this.join(side));
      return [...new Map([...before, ...plan])].map(([key, group]) => {
        const now = plan.get(key), then = before.get(key);
        const less = (name) => (now?.[name] ?? 0) - (then?.[name] ?? 0);
        const routes = new Map(now?.routes);
        for (const [route, t] of then?.routes ?? []) {
          routes.set(route, (routes.get(route) ?? 0) - t);
        }
        return { ...group, t: less("t"), loads: less("loads"), kg: less("kg"), routes };
      }).filter((group) => size(group) > (this.tries ? 0.5 : 0.05)).sort(order);
    });
  }

  get shown() {
    return this.keep("shown", () => this.groups.filter((one) => Math.abs(one.t) >= this.on.least));
  }

  isLit(group) {
    const { site, flow } = this.on;
    return flow !== null ? group.key === flow : group.from === site || group.to === site;
  }

  // The groups that are drawn one by one: those of what is chosen, else the largest.
  get single() {
    const choose = () =>
      this.chosen ? this.shown.filter((one) => this.isLit(one)) : this.shown.slice(0, View.most);
    return this.keep("single", choose);
  }

  // Add up what passes each stretch, in each direction: tonnes of some groups.
  addUp(groups, key = () => 0) {
    const sums = new Map();
    for (const group of groups) {
      for (const [route, t] of group.routes) {
        for (const step of this.way(route)) {
          const here = obtain(sums, step, () => new Map()), name = key(group, t);
          here.set(name, (here.get(name) ?? 0) + t);
        }
      }
    }
    return sums;
  }

  // The same without parts: numbers by stretch and direction.
  addAll(groups) {
    return new Map([...this.addUp(groups)].map(([step, here]) => [step, here.get(0)]));
  }

  // Trucks each weekday, loaded and empty, in each direction of each stretch.
  countTrucks(side) {
    const { weekdays } = this.story, { period } = this.on;
    const days = period ? weekdays[period - 1] : weekdays.reduce((sum, one) => sum + one, 0);
    const passing = this.trips[side].filter((trip) => !period || trip.period === period - 1);
    const groups = passing.map((trip) => ({ routes: [[trip.route, trip.trips / days]] }));
    return this.keep("trucks " + side, () => this.addAll(groups));
  }

  // What passes each stretch in each direction, as the view asks for it.
  get passing() {
    return this.keep("passing", () => {
      const { mode } = this.on;
      if (this.as !== "burden") return this.addAll(this.shown);
      if (mode !== "difference") return this.countTrucks(mode);
      const plan = this.countTrucks("plan"), before = this.countTrucks("before");
      const less = (step) => (plan.get(step) ?? 0) - (before.get(step) ?? 0);
      return new Map([...plan.keys(), ...before.keys()].map((step) => [step, less(step)]));
    });
  }

  // The most tonnes on any stretch in one direction, plan or before, which widths are held against.
  get most() {
    const routed = ({ route, tonnes }) => ({ routes: [[route, tonnes]] });
    const all = (side) => [...this.addAll(this.flows[side].map(routed)).values()];
    const largest = () => [...all("plan"), ...all("before")].reduce((a, b) => Math.max(a, b), 1);
    return (this.largest ??= largest());
  }

  get stretch() {
    return Math.min(1.35, Math.max(0.7, 0.7 + 0.13 * (this.map.getZoom() - 8)));
  }

  width(tonnes) {
    return (1.3 + 10 * Math.sqrt(Math.min(1, Math.abs(tonnes) / this.most))) * this.stretch;
  }

  classOf(trucks) {
    return this.story.classes.reduce((found, one) => Math.abs(trucks) >= one.least ? one : found);
  }

  // How much of a thing a lane shows, and how: by material, or by what the plan has more of.
  laneOf(step, name, tonnes) {
    const { colour, virgin } = this.story.materials[name] ?? {};
    return this.lookOf(step, tonnes, { colour, dash: virgin ? [9, 3] : null });
  }

  // Where no road is known, a lane is dashed as if it were a thought.
  lookOf(step, tonnes, own) {
    const { more, less } = raastof.colours;
    const both = tonnes > 0 ? { colour: more, dash: null } : { colour: less, dash: [7, 4] };
    const look = { ...(this.differs ? both : own), width: this.width(tonnes), step };
    return this.straight.has(step >> 1) ? { ...look, dash: [2, 6] } : look;
  }

  nameOfPeriod(at = this.on.period) {
    return at ? this.story.periods[at - 1] : this.story.texts.all;
  }

  get bounds() {
    const found = L.latLngBounds(this.story.sites.map((site) => site.at));
    return found.isValid() ? found : null;
  }

  // Show the whole plan, clear of what stands in the corners of the map.
  fit() {
    const options = { paddingTopLeft: L.point(56, 44), paddingBottomRight: L.point(30, 34) };
    if (this.bounds) this.map.fitBounds(this.bounds, { animate: false, ...options });
  }
}
View.most = 40;

raastof.of = (map) => raastof.obtain(views, map, () => new View(map));

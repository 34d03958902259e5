// After base.js.
const T = D.texts, S = D.sites, M = D.materials;
const FLOWS = { plan: readTable(D.flows.plan), before: readTable(D.flows.before) };
const MOST_LINES = 400, MOST_ROWS = 500, MORE = D.colours.more, LESS = D.colours.less, CLASSES = D.classes, SHAPES = D.shapes;
const on = { mode: "plan", period: 0, materials: new Set(M.map((_, at) => at)), project: "", municipality: "", least: 0, burden: false, zones: true };
const numberOf = Object.fromEntries(S.map((site, at) => [site.id, at]));
if (matchMedia("(prefers-reduced-motion: reduce)").matches) Object.assign(map.options, { zoomAnimation: false, fadeAnimation: false, markerZoomAnimation: false }), (map._zoomAnimated = false);

// Routes are encoded polylines, decoded when they are first drawn.
const decode = (text) => {
  const points = [], sums = [0, 0];
  for (let at = 0, axis = 0; at < text.length; axis = 1 - axis) {
    let value = 0, shift = 0, code;
    do { code = text.charCodeAt(at++) - 63; value |= (code & 31) << shift; shift += 5; } while (code >= 32);
    sums[axis] += value & 1 ? ~(value >> 1) : value >> 1;
    if (axis) points.push([sums[0] / 1e4, sums[1] / 1e4]);
  }
  return points;
};
const decoded = [];
const lineOf = (route) => (decoded[route] ??= decode(D.routes[route]));
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const table = (heads, rows, caption, words = 1) => {
  const grid = make("table");
  if (caption) grid.append(make("caption", caption));
  if (heads) {
    const row = grid.appendChild(make("thead")).appendChild(make("tr"));
    heads.forEach((head, at) => { const cell = make("th", head, at >= words ? "n" : ""); cell.scope = "col"; row.append(cell); });
  }
  const body = grid.appendChild(make("tbody"));
  for (const cells of rows) {
    const row = body.appendChild(make("tr"));
    cells.forEach((cell, at) => { const made = make(at ? "td" : "th", cell, at >= words ? "n" : ""); if (!at) made.scope = "row"; made.dir = "auto"; row.append(made); });
  }
  return grid;
};

// Flows that pass the filters, joined over periods and trucks.
const passes = (flow) =>
  on.materials.has(flow.material) && (!on.period || flow.period === on.period - 1) &&
  (!on.project || S[flow.origin].project === on.project || S[flow.destination].project === on.project) &&
  (!on.municipality || S[flow.origin].municipality === on.municipality || S[flow.destination].municipality === on.municipality);
const join = (flows) => {
  const groups = new Map();
  for (const flow of flows) {
    if (!passes(flow)) continue;
    const key = [flow.origin, flow.destination, flow.material, flow.use].join();
    let group = groups.get(key);
    if (!group) groups.set(key, (group = { key, route: flow.route, from: flow.origin, to: flow.destination, material: flow.material, use: flow.use, t: 0, loads: 0, kg: 0, km: flow.length_km, largest: 0, periods: new Set(), trucks: new Set() }));
    group.t += flow.tonnes; group.loads += flow.loads; group.kg += flow.kg_co2e;
    group.periods.add(flow.period); group.trucks.add(flow.truck);
    if (flow.tonnes > group.largest) { group.largest = flow.tonnes; group.route = flow.route; group.km = flow.length_km; }
  }
  return groups;
};
const chosen = () => {
  if (on.mode !== "difference") return [...join(FLOWS[on.mode]).values()];
  const plan = join(FLOWS.plan), before = join(FLOWS.before), all = new Map(before);
  for (const [key, group] of plan) all.set(key, group);
  return [...all].map(([key, group]) => {
    const now = plan.get(key), then = before.get(key), less = (name) => (now ? now[name] : 0) - (then ? then[name] : 0);
    return { ...group, t: less("t"), loads: less("loads"), kg: less("kg") };
  }).filter((group) => Math.abs(group.t) > 0.05);
};
const most = Math.max(1, ...["plan", "before"].flatMap((side) => [...join(FLOWS[side]).values()].map((group) => group.t)));
const width = (t) => 1.5 + 10.5 * Math.sqrt(Math.min(1, Math.abs(t) / most));
const colourOf = (group) => (on.mode === "difference" ? (group.t > 0 ? MORE : LESS) : M[group.material].colour);
const dashOf = (group) => (on.mode === "difference" ? (group.t > 0 ? null : "2 5") : M[group.material].virgin ? "8 4" : null);
const signed = (value, digits = 0) => (on.mode === "difference" && value > 0 ? "+" : "") + number(value, digits);

// Zones: areas in which soil needs a condition, under everything that moves.
const zoneCanvas = pane("zones", 300), zoneLayer = L.layerGroup().addTo(map);
for (const { rings } of D.zones)
  L.polygon(rings.map(decode), { renderer: zoneCanvas, pane: "zones", color: D.colours.zone, weight: 1.5, dashArray: "6 4", fillColor: D.colours.zone, fillOpacity: 0.12, interactive: false }).addTo(zoneLayer);

// Lines with arrows.
const flowLayer = L.layerGroup().addTo(map), roadLayer = L.layerGroup().addTo(map);
const arrow = (line, colour) => {
  const middle = Math.max(1, Math.floor(line.length / 2)), [a, b] = [line[middle - 1], line[middle]];
  const angle = Math.atan2(a[0] - b[0], (b[1] - a[1]) * Math.cos((a[0] * Math.PI) / 180)) * 180 / Math.PI;
  const svg = `<svg width="14" height="14" viewBox="-7 -7 14 14" aria-hidden="true"><path d="M-5,-5L6,0L-5,5Z" fill="${colour}" stroke="#fff" transform="rotate(${angle.toFixed(1)})"/></svg>`;
  return L.marker([(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], { pane: "flows", interactive: false, keyboard: false, icon: L.divIcon({ className: "arrow", iconSize: [14, 14], html: svg }) });
};
const flowPopup = (group) => {
  const box = make("div");
  box.append(make("h2", S[group.from].name + " → " + S[group.to].name), make("p", M[group.material].name + " → " + D.uses[group.use]));
  box.append(table(null, [[T.tonnes, signed(group.t) + " t"], [T.km, number(group.km, 1)], [T.loads, signed(group.loads)], [T.kg, signed(group.kg)], [T.vehicle, [...group.trucks].map((at) => D.vehicles[at]).join(", ")], [T.period, [...group.periods].sort((a, b) => a - b).map((at) => D.periods[at]).join(", ")]]));
  return box;
};
const classOf = (value) => CLASSES.reduce((found, one) => (value >= one.least ? one : found));
const drawRoads = () => {
  roadLayer.clearLayers();
  if (!on.burden) return;
  for (const { plan, before, line } of readTable(D.burden[on.period])) {
    const value = on.mode === "plan" ? plan : on.mode === "before" ? before : plan - before;
    if (!value) continue;
    const { colour, width: weight } = classOf(Math.abs(value));
    const told = [[T.plan, number(plan, 1)], [T.before, number(before, 1)], [T.difference, number(plan - before, 1)]];
    L.polyline(decode(line), { renderer: flowCanvas, pane: "flows", color: on.mode === "difference" ? (value > 0 ? MORE : LESS) : colour, weight, opacity: 0.9, dashArray: on.mode === "difference" && value < 0 ? "2 6" : null })
      .bindPopup(() => { const box = make("div"); box.append(make("h2", T.burden), table(null, told)); return box; }).addTo(roadLayer);
  }
};
let shown = [];
const draw = () => {
  flowLayer.clearLayers();
  const all = chosen().sort((a, b) => Math.abs(b.t) - Math.abs(a.t)), sum = (groups) => groups.reduce((total, one) => total + Math.abs(one.t), 0);
  shown = all.filter((group) => Math.abs(group.t) >= on.least);
  if (!on.burden)
    shown.slice(0, MOST_LINES * 4).forEach((group, rank) => {
      const line = lineOf(group.route), colour = colourOf(group);
      if (line.length < 2) return;
      L.polyline(line, { renderer: flowCanvas, pane: "flows", color: colour, weight: width(group.t), opacity: 0.8, lineCap: "butt", dashArray: dashOf(group) })
        .bindPopup(() => flowPopup(group), { maxWidth: 320 }).addTo(flowLayer);
      if (rank < 150) arrow(line, colour).addTo(flowLayer);
    });
  drawRoads();
  const told = fill(T.count, { shown: number(shown.length), all: number(all.length), share: number(all.length ? (100 * sum(shown)) / sum(all) : 100) });
  if (status.textContent !== told) status.textContent = told;
  Object.assign(map.getContainer().dataset, { flows: String(flowLayer.getLayers().length), roads: String(roadLayer.getLayers().length), mode: on.mode });
  writeRows();
  if (open !== null) tellSite(open, false);
};
let waiting = 0;
const later = () => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(draw); };

// The table twin of the map.
const twin = document.getElementById("rows"), twinBox = twin.querySelector(".scroll"), status = document.getElementById("told");
const writeRows = () => {
  if (!twin.open) return;
  const rows = shown.slice(0, MOST_ROWS).map((group) => [S[group.from].name, S[group.to].name, M[group.material].name, D.uses[group.use], signed(group.t), signed(group.loads), number(group.km, 1), signed(group.kg)]);
  twinBox.replaceChildren(table([T.from, T.to, T.material, T.purpose, "t", T.loads, "km", T.kg], rows, undefined, 4));
  if (shown.length > MOST_ROWS) twinBox.append(make("p", fill(T.rows, { most: number(MOST_ROWS), all: number(shown.length) })));
};
twin.addEventListener("toggle", () => { writeRows(); map.invalidateSize(); });
addEventListener("beforeprint", () => { twin.open = true; writeRows(); });

// Sites: the shape says the role; what they are is told in a panel of its own.
const shapeOf = (roles) => SHAPES[roles.includes("need") ? "need" : roles[0]] || SHAPES.depot;
const svgOf = (shape) => `<svg width="24" height="24" viewBox="-12 -12 24 24" aria-hidden="true">${shape}</svg>`;
const about = document.getElementById("about");
let open = null, asker = null;
const close = () => { about.hidden = true; open = null; if (asker) asker.focus(); };
const tellSite = (at, focus = true) => {
  const site = S[at], kept = open === at && about.querySelector("select") ? about.querySelector("select").value : "";
  open = at;
  const head = make("h2", site.name), shut = make("button", "×", "shut");
  head.tabIndex = -1; head.dir = "auto"; shut.type = "button"; shut.title = T.close; shut.setAttribute("aria-label", T.close);
  shut.addEventListener("click", close);
  about.replaceChildren(shut, head, make("p", site.roles.map((role) => T[role]).join(", ") + (site.municipality ? " · " + site.municipality : "")));
  if (site.note) about.append(make("p", site.note));
  const groups = chosen();
  let any = false;
  for (const [title, own, other] of [[T.comes, "to", "from"], [T.goes, "from", "to"]]) {
    const mine = groups.filter((group) => group[own] === at && group.from !== group.to).sort((a, b) => b.t - a.t);
    if (!mine.length) continue;
    any = true;
    about.append(table([own === "to" ? T.from : T.to, T.material, "t", T.loads, "kg CO2e"], mine.map((group) => [S[group[other]].name, M[group.material].name, signed(group.t), signed(group.loads), signed(group.kg)]), title, 2));
  }
  if (!any) about.append(make("p", T.none));
  if (site.effect.length) about.append(table(["", T.before, T.plan, T.saved], site.effect.map(({ name, before, plan }) => [name, number(before, 1), number(plan, 1), number(before - plan, 1)]), T.effect));
  const reasons = D.why[site.id];
  if (reasons) {
    const label = about.appendChild(make("label", T.why + " ")), choice = label.appendChild(make("select"));
    const told = about.appendChild(make("p", "", "why"));
    told.setAttribute("aria-live", "polite");
    choice.append(new Option("", ""), ...Object.keys(reasons).map((id) => new Option(S[numberOf[id]].name, id)));
    const tell = () => { told.textContent = reasons[choice.value] || ""; };
    choice.value = kept; tell();
    choice.addEventListener("change", tell);
  }
  about.hidden = false;
  if (focus) { asker = document.activeElement; about.scrollTop = 0; head.focus({ preventScroll: true }); }
};
about.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
S.forEach((site, at) => {
  const marker = L.marker(site.at, { title: site.name.slice(0, 200), alt: site.name.slice(0, 200), icon: L.divIcon({ className: "site", iconSize: [24, 24], html: svgOf(shapeOf(site.roles)) }) });
  marker.on("click", () => tellSite(at)).addTo(map);
  marker.getElement().setAttribute("aria-label", site.name.slice(0, 200));
  marker.on("keypress", (event) => { if (event.originalEvent.key === "Enter") tellSite(at); });
});

// The panel: what is shown, filters, legend.
const panel = document.getElementById("panel"), toggle = document.getElementById("toggle");
toggle.addEventListener("click", () => toggle.setAttribute("aria-expanded", String(panel.classList.toggle("open"))));
const field = (name) => { const set = panel.appendChild(make("fieldset")); set.append(make("legend", name)); return set; };
const labelled = (into, text, input, before) => {
  const label = into.appendChild(make("label"));
  if (before !== undefined) label.className = "tick";
  if (before) label.append(before);
  before === undefined ? label.append(make("span", text), input) : label.append(input, make("span", text));
  return input;
};
const input = (type, values = {}) => Object.assign(make("input"), { type, ...values });
const modes = field(T.show);
for (const mode of ["plan", "before", "difference"])
  labelled(modes, T[mode], input("radio", { name: "mode", value: mode, checked: mode === on.mode }), null).addEventListener("change", () => { on.mode = mode; legend(); later(); });
const nameOfPeriod = (at) => (at ? D.periods[at - 1] : T.all);
if (D.periods.length > 1) {
  const told = make("output", nameOfPeriod(0)), slider = input("range", { min: 0, max: D.periods.length, value: 0, step: 1, id: "period" });
  labelled(panel, T.periods, slider); slider.parentNode.append(told);
  const say = () => { on.period = Number(slider.value); told.textContent = nameOfPeriod(on.period); slider.setAttribute("aria-valuetext", told.textContent); later(); };
  slider.setAttribute("aria-valuetext", nameOfPeriod(0));
  slider.addEventListener("input", say);
}
const finder = panel.appendChild(make("form", undefined, "find")), names = finder.appendChild(make("datalist"));
names.id = "names"; names.append(...S.map((site) => new Option("", site.name.slice(0, 200))));
const wanted = labelled(finder, T.search, input("search", { id: "search", autocomplete: "off" }));
wanted.setAttribute("list", "names");
finder.append(Object.assign(make("button", T.find), { type: "submit" }));
const missed = finder.appendChild(make("p", "")); missed.setAttribute("role", "status");
finder.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = wanted.value.trim().toLowerCase(), at = [(name) => name === text, (name) => text && name.includes(text)].map((fits) => S.findIndex((site) => fits(site.name.slice(0, 200).toLowerCase()))).find((found) => found >= 0);
  missed.textContent = at === undefined ? T.unknown : "";
  if (at === undefined) return;
  map.setView(S[at].at, Math.max(12, map.getZoom()), { animate: false });
  panel.classList.remove("open"); toggle.setAttribute("aria-expanded", "false");
  tellSite(at);
});
wanted.addEventListener("change", () => { if (S.some((site) => site.name === wanted.value)) finder.requestSubmit(); });
const choose = (key, text, options) => {
  if (options.length < 2) return;
  const select = labelled(panel, text, make("select"));
  select.id = key;
  select.append(new Option(T.everything, ""), ...options.map(([value, name]) => new Option(name.slice(0, 80), value)));
  select.addEventListener("change", () => { on[key] = select.value; later(); });
};
choose("project", T.project, D.projects.map(({ id, name }) => [id, name]));
choose("municipality", T.municipality, [...new Set(S.map((site) => site.municipality).filter(Boolean))].sort().map((name) => [name, name]));
const leastSlider = input("range", { min: 0, max: 100, value: 0, step: 1, id: "least" }), leastTold = make("output", "0 t");
const tonnesAt = (share) => (share ? most * (share / 100) ** 3 : 0);
labelled(panel, T.least, leastSlider); leastSlider.parentNode.append(leastTold);
const setLeast = () => { on.least = tonnesAt(Number(leastSlider.value)); leastTold.textContent = number(on.least) + " t"; leastSlider.setAttribute("aria-valuetext", leastTold.textContent); };
leastSlider.addEventListener("input", () => { setLeast(); later(); });
labelled(panel, T.burden, input("checkbox", { id: "burden" }), null).addEventListener("change", (event) => { on.burden = event.target.checked; legend(); later(); });
if (D.zones.length)
  labelled(panel, T.zones, input("checkbox", { id: "zones", checked: on.zones }), null).addEventListener("change", (event) => { on.zones = event.target.checked; on.zones ? zoneLayer.addTo(map) : zoneLayer.remove(); legend(); });
if (D.tiles) {
  const tiles = L.tileLayer(D.tiles, { maxZoom: 18, attribution: "© OpenStreetMap contributors" });
  labelled(panel, T.tiles, input("checkbox", { id: "tiles" }), null).addEventListener("change", (event) => { event.target.checked ? tiles.addTo(map) : tiles.remove(); map.getContainer().classList.toggle("tiled", event.target.checked); });
}
const materials = field(T.materials);
M.forEach((material, at) => {
  const swatch = make("span", "", "line" + (material.virgin ? " virgin" : "")); swatch.style.color = material.colour;
  labelled(materials, material.name + (material.virgin ? " (" + T.virgin + ")" : ""), input("checkbox", { checked: true, name: "material" }), swatch)
    .addEventListener("change", (event) => { event.target.checked ? on.materials.add(at) : on.materials.delete(at); later(); });
});
const keys = panel.appendChild(make("div", undefined, "keys"));
const legend = () => {
  keys.replaceChildren();
  const stripe = (colour, height, text) => {
    const key = keys.appendChild(make("div", undefined, "key")), line = key.appendChild(make("span", "", "line"));
    line.style.color = colour; line.style.height = height + "px"; key.append(make("span", text));
  };
  if (on.mode === "difference") { stripe(MORE, 5, T.more); stripe(LESS, 3, T.less); }
  if (on.burden) {
    keys.append(make("h2", T.trucks));
    CLASSES.forEach(({ least, colour, width: weight }, at) => stripe(on.mode === "difference" ? "#6b6b6b" : colour, weight, number(least) + (CLASSES[at + 1] ? " – " + number(CLASSES[at + 1].least) : " +")));
  } else {
    keys.append(make("h2", T.width));
    for (const share of [1, 0.25, 0.04]) stripe("#6b6b6b", width(most * share), number(most * share) + " t");
  }
  if (D.zones.length && on.zones) {
    keys.append(make("h2", T.zones));
    for (const name of new Set(D.zones.map((zone) => zone.name))) {
      const key = keys.appendChild(make("div", undefined, "key")), area = key.appendChild(make("span", "", "area"));
      area.style.color = D.colours.zone; key.append(make("span", name));
    }
  }
  keys.append(make("h2", T.sites));
  for (const role of Object.keys(SHAPES).filter((one) => S.some((site) => site.roles.includes(one)))) {
    const key = keys.appendChild(make("div", undefined, "key"));
    key.innerHTML = svgOf(SHAPES[role]);
    key.append(make("span", T[role]));
  }
};
panel.append(Object.assign(make("button", T.print), { type: "button", id: "print", onclick: () => print() }));

// Begin with so few flows that they can be told apart.
const first = [...join(FLOWS.plan).values()].map((group) => group.t).sort((a, b) => b - a);
if (first.length > MOST_LINES) leastSlider.value = Math.ceil(100 * Math.cbrt(first[MOST_LINES] / most));
setLeast(); legend();
const box = map.getContainer();
box.setAttribute("role", "region"); box.setAttribute("aria-label", T.map);
for (const [name, text] of [["in", T.zoomin], ["out", T.zoomout]]) { const button = box.querySelector(".leaflet-control-zoom-" + name); button.title = text; button.setAttribute("aria-label", text); }
map.invalidateSize();
map.fitBounds(L.latLngBounds(S.map((site) => site.at)).pad(0.06));
zoomed(); draw();
map.attributionControl.setPrefix(false);
map.attributionControl.addAttribution(document.createTextNode(D.attribution).textContent);

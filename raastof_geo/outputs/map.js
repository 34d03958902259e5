// After base.js.
const siteOf = Object.fromEntries(D.sites.map((site) => [site.id, site]));
const materialOf = Object.fromEntries(D.materials.map((material) => [material.id, material]));
// Flows: one line for each origin, destination, material and set of periods shown.
const on = { material: new Set(D.materials.map((m) => m.id)), period: new Set(D.periods) };
const most = Math.max(1, ...D.flows.map((flow) => flow.t));
const width = (t) => 1.5 + 10.5 * Math.sqrt(t / most);
const flowLayer = L.layerGroup().addTo(map);
const table = (rows) => {
  const grid = make("table"), body = grid.appendChild(make("tbody"));
  for (const [what, value] of rows) {
    const row = body.appendChild(make("tr"));
    row.append(make("td", what), make("td", value, "n"));
  }
  return grid;
};
const merged = () => {
  const groups = new Map();
  for (const flow of D.flows) {
    if (!on.material.has(flow.material) || !on.period.has(flow.period)) continue;
    const key = [flow.route, flow.material, flow.use].join("|");
    const group = groups.get(key) || { ...flow, t: 0, loads: 0, kg: 0, periods: new Set() };
    group.t += flow.t; group.loads += flow.loads; group.kg += flow.kg; group.periods.add(flow.period);
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => b.t - a.t);
};
const flowPopup = (flow) => {
  const box = make("div"), T = D.texts;
  box.append(make("h3", siteOf[flow.from].name + " → " + siteOf[flow.to].name));
  box.append(make("p", materialOf[flow.material].name + " → " + (flow.use || T.reception)));
  box.append(table([[T.tonnes, number(flow.t) + " t"], [T.km, number(flow.km, 1)], [T.loads, number(flow.loads)], [T.kg, number(flow.kg)], [T.vehicle, flow.vehicle], [T.period, [...flow.periods].join(", ")]]));
  return box;
};
const arrow = (line, colour) => {
  if (line.length < 2) return null;
  const middle = Math.max(1, Math.floor(line.length / 2)), [a, b] = [line[middle - 1], line[middle]];
  const angle = Math.atan2(a[0] - b[0], (b[1] - a[1]) * Math.cos((a[0] * Math.PI) / 180)) * 180 / Math.PI;
  const svg = `<svg width="14" height="14" viewBox="-7 -7 14 14" aria-hidden="true"><path d="M-5,-5L6,0L-5,5Z" fill="${colour}" stroke="#fff" transform="rotate(${angle.toFixed(1)})"/></svg>`;
  return L.marker([(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], { pane: "flows", interactive: false, keyboard: false, icon: L.divIcon({ className: "arrow", iconSize: [14, 14], html: svg }) });
};
const draw = () => {
  flowLayer.clearLayers();
  merged().forEach((flow, rank) => {
    const line = D.routes[flow.route], material = materialOf[flow.material];
    if (line.length < 2) return;
    L.polyline(line, { renderer: flowCanvas, pane: "flows", color: material.colour, weight: width(flow.t), opacity: 0.8, lineCap: "butt", dashArray: material.virgin ? "8 4" : null, className: "flow" })
      .bindPopup(() => flowPopup(flow), { maxWidth: 320 }).addTo(flowLayer);
    const head = rank < 150 ? arrow(line, material.colour) : null;
    if (head) head.addTo(flowLayer);
  });
  map.getContainer().dataset.flows = String(flowLayer.getLayers().length);
};

// Sites: the shape says the role.
const SHAPES = {
  need: '<circle r="7" fill="#fff" stroke="#0b3d5c" stroke-width="4"/>',
  offer: '<path d="M0,-9L9,7L-9,7Z" fill="#f2a900" stroke="#3d2b00" stroke-width="1.5"/>',
  pit: '<rect x="-7" y="-7" width="14" height="14" fill="#8c6d46" stroke="#fff" stroke-width="1.5"/>',
  receiver: '<path d="M0,-9L9,0L0,9L-9,0Z" fill="#5c3c7a" stroke="#fff" stroke-width="1.5"/>',
  plant: '<path d="M-9,8L-9,-4L-3,0L-3,-4L3,0L3,-4L9,0L9,8Z" fill="#00695c" stroke="#fff" stroke-width="1.5"/>',
  depot: '<path d="M-10,7L-4,-5L0,1L4,-5L10,7Z" fill="#455a64" stroke="#fff" stroke-width="1.5"/>',
};
const shapeOf = (roles) => SHAPES[roles.includes("need") ? "need" : roles[0]];
const svgOf = (shape) => `<svg width="22" height="22" viewBox="-11 -11 22 22" aria-hidden="true">${shape}</svg>`;
const sitePopup = (site) => {
  const box = make("div"), T = D.texts;
  box.append(make("h3", site.name));
  box.append(make("p", site.roles.map((role) => T[role]).join(", ") + (site.municipality ? " · " + site.municipality : "")));
  if (site.note) box.append(make("p", site.note));
  for (const [title, own, other] of [[T.comes, "to", "from"], [T.goes, "from", "to"]]) {
    const rows = merged().filter((flow) => flow[own] === site.id).map((flow) => [materialOf[flow.material].name + (own === "to" ? " ← " : " → ") + siteOf[flow[other]].name, number(flow.t) + " t"]);
    if (rows.length) box.append(make("h3", title), table(rows));
  }
  const reasons = D.why[site.id];
  if (reasons) {
    const label = box.appendChild(make("label", T.why + " ")), choice = label.appendChild(make("select"));
    const told = box.appendChild(make("p", "", "why"));
    told.setAttribute("aria-live", "polite");
    choice.append(new Option("", ""), ...Object.keys(reasons).map((id) => new Option(siteOf[id].name, id)));
    choice.addEventListener("change", () => { told.textContent = reasons[choice.value] || ""; });
  }
  return box;
};
for (const site of D.sites)
  L.marker(site.at, { title: site.name, alt: site.name, icon: L.divIcon({ className: "site", iconSize: [22, 22], html: svgOf(shapeOf(site.roles)) }) })
    .bindPopup(() => sitePopup(site), { maxWidth: 340 }).addTo(map);

// The panel: layers and legend.
const panel = document.getElementById("panel"), toggle = document.getElementById("toggle");
toggle.addEventListener("click", () => toggle.setAttribute("aria-expanded", String(panel.classList.toggle("open"))));
const tick = (set, id, text, colour) => {
  const label = panel.appendChild(make("label")), box = label.appendChild(make("input"));
  box.type = "checkbox"; box.checked = true;
  box.addEventListener("change", () => { box.checked ? set.add(id) : set.delete(id); draw(); });
  if (colour) label.appendChild(make("span", "", "line")).style.background = colour;
  label.append(make("span", text));
};
panel.append(make("h2", D.texts.materials));
for (const material of D.materials) tick(on.material, material.id, material.name + (material.virgin ? " (" + D.texts.virgin + ")" : ""), material.colour);
panel.append(make("h2", D.texts.periods));
for (const period of D.periods) tick(on.period, period, period);
panel.append(make("h2", D.texts.sites));
for (const role of Object.keys(SHAPES).filter((one) => D.sites.some((site) => site.roles.includes(one)))) {
  const key = panel.appendChild(make("div", undefined, "key"));
  key.innerHTML = svgOf(SHAPES[role]);
  key.append(make("span", D.texts[role]));
}
panel.append(make("h2", D.texts.width));
for (const share of [1, 0.25, 0.04]) {
  const key = panel.appendChild(make("div", undefined, "key")), line = key.appendChild(make("span", "", "line"));
  line.style.height = width(most * share) + "px"; line.style.background = "#6b6b6b";
  key.append(make("span", number(most * share) + " t"));
}
map.fitBounds(L.latLngBounds(D.sites.map((site) => site.at)).pad(0.06));
map.invalidateSize();
map.fitBounds(L.latLngBounds(D.sites.map((site) => site.at)).pad(0.06));
zoomed(); draw();

// The panel: what is shown, the legend, the search, and filters.
const make = raastof.element, { labelled, titled } = raastof;

const input = (type, values = {}) => Object.assign(make("input"), { type, ...values });
const tick = (into, text, values, before, act) => {
  const box = labelled(into, text, input("checkbox", values), before);
  box.addEventListener("change", () => act(box.checked));
  return box;
};

// One of a few, side by side.
const choice = (view, into, name, key, values) => {
  const set = titled(into, "fieldset", view.story.texts[name], { className: "choice" });
  const inputs = values.map((value) =>
    labelled(set, view.story.texts[value], input("radio", { name: key, value }), null)
  );
  set.addEventListener("change", (event) => view.change({ [key]: event.target.value }));
  return () => inputs.forEach((one) => (one.checked = one.value === view.on[key]));
};

// A slider that says in words where it stands.
const ranged = (into, text, values, act) => {
  const range = labelled(into, text, input("range", { min: 0, step: 1, ...values }));
  const told = range.parentNode.appendChild(make("output"));
  range.addEventListener("input", () => act(Number(range.value)));
  return (value, said) => {
    told.textContent = said;
    Object.assign(range, { value, ariaValueText: said });
  };
};

const slider = (view, into) => {
  const { texts, periods } = view.story;
  if (periods.length < 2) return () => {};
  const values = { max: periods.length, id: "period" };
  const set = ranged(into, texts.periods, values, (period) => view.change({ period }));
  return () => set(view.on.period, view.nameOfPeriod());
};

const finder = (view, into) => {
  const { texts, sites } = view.story, form = into.appendChild(make("form", undefined, "find"));
  const nameOf = (site) => site.name.slice(0, 200), names = make("datalist");
  form.append(Object.assign(names, { id: "names" }));
  names.append(...sites.map((site) => new Option("", nameOf(site))));
  const wanted = input("search", { id: "search", autocomplete: "off" });
  labelled(form, texts.search, wanted).setAttribute("list", "names");
  form.append(Object.assign(make("button", texts.find), { type: "submit" }));
  const missed = form.appendChild(Object.assign(make("p", ""), { role: "status" }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = wanted.value.trim().toLowerCase();
    const known = sites.map((site) => nameOf(site).toLowerCase()), same = known.indexOf(text);
    const at = same < 0 && text ? known.findIndex((name) => name.includes(text)) : same;
    missed.textContent = at < 0 ? texts.unknown : "";
    if (at < 0) return;
    view.map.setView(sites[at].at, Math.max(11, view.map.getZoom()), { animate: false });
    raastof.fold?.();
    view.change({ site: at, flow: null });
  });
  wanted.addEventListener("change", () => {
    if (sites.some((site) => site.name === wanted.value)) form.requestSubmit();
  });
};

const chooser = (view, into, key, options) => {
  const { texts } = view.story, all = [["", texts.everything], ...options];
  if (options.length < 2) return () => {};
  const select = raastof.select(into, texts[key], all, (value) => view.change({ [key]: value }));
  select.id = key;
  return () => (select.value = view.on[key]);
};

// The smallest flow that is shown, on a scale that is fine where flows are small.
const threshold = (view, into) => {
  const sums = ["plan", "before"].flatMap((side) => [...view.join(side).values()]);
  const most = Math.max(1, ...sums.map((one) => one.t));
  const set = ranged(into, view.story.texts.least, { max: 100, id: "least" }, (value) => {
    view.change({ least: most * (value / 100) ** 3 });
  });
  const place = () => Math.round(100 * Math.cbrt(view.on.least / most));
  return () => set(place(), view.write(view.on.least) + " t");
};

const materialFilter = (view, into) => {
  const { texts, materials, families } = view.story;
  let set = null, family = "";
  const boxes = materials.map((material, at) => {
    if (material.family !== family) {
      family = material.family;
      set = titled(into, "fieldset", families[family]);
    }
    const swatch = raastof.swatch(material.colour, material.virgin);
    const name = material.name + (material.virgin ? ` (${texts.virgin})` : "");
    return tick(set, name, { name: "material" }, swatch, (wanted) => {
      const without = new Set(view.on.without);
      without[wanted ? "delete" : "add"](at);
      view.change({ without });
    });
  });
  return () => boxes.forEach((box, at) => (box.checked = !view.on.without.has(at)));
};

raastof.panel = (view, page) => {
  const { texts, projects, sites } = view.story, steps = document.getElementById("steps");
  const shows = [
    choice(view, steps, "show", "mode", ["plan", "before", "difference"]),
    choice(view, steps, "drawn", "as", ["roads", "burden", "flows"]),
    slider(view, steps),
  ];
  const legend = steps.appendChild(make("section", undefined, "keys"));
  legend.id = "legend";
  raastof.legend(view, legend);
  finder(view, steps);
  raastof.whatif(view, steps);
  const filters = titled(steps, "details", texts.filters, { id: "filters" });
  const towns = [...new Set(sites.map((site) => site.municipality).filter(Boolean))].sort();
  shows.push(
    chooser(view, filters, "project", projects.map(({ id, name }) => [id, name])),
    chooser(view, filters, "municipality", towns.map((name) => [name, name])),
    threshold(view, filters),
    materialFilter(view, filters),
  );
  if (view.zones?.areas.length) {
    const show = (zones) => view.change({ zones });
    const box = tick(steps, texts.zones, { id: "zones" }, null, show);
    shows.push(() => (box.checked = view.on.zones));
  }
  if (page.tiles) {
    const attribution = "© OpenStreetMap contributors";
    const tiles = L.tileLayer(page.tiles, { maxZoom: 18, attribution });
    tick(steps, texts.tiles, { id: "tiles" }, null, (wanted) => {
      view.map[wanted ? "addLayer" : "removeLayer"](tiles);
      view.map.getContainer().classList.toggle("tiled", wanted);
    });
  }
  steps.append(Object.assign(raastof.button(texts.print, () => print()), { id: "print" }));
  view.listen("panel", () => shows.forEach((show) => show()));
};

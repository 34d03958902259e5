// The panel: what is shown, the legend, the search, and filters.
const make = raastof.element;

const labelled = (into, text, input, before) => {
  const label = into.appendChild(make("label"));
  if (before === undefined) label.append(make("span", text), input);
  else {
    label.className = "tick";
    label.append(input, ...(before ? [before] : []), make("span", text));
  }
  return input;
};
const input = (type, values = {}) => Object.assign(make("input"), { type, ...values });
const group = (into, name) => {
  const set = into.appendChild(make("fieldset"));
  set.append(make("legend", name));
  return set;
};

// One of a few, side by side.
const choice = (view, into, name, key, values) => {
  const set = group(into, view.story.texts[name]);
  set.className = "choice";
  const inputs = values.map((value) =>
    labelled(set, view.story.texts[value], input("radio", { name: key, value }), null)
  );
  set.addEventListener("change", (event) => view.change({ [key]: event.target.value }));
  return () => inputs.forEach((one) => (one.checked = one.value === view.on[key]));
};

const slider = (view, into) => {
  const { texts, periods } = view.story;
  if (periods.length < 2) return () => {};
  const told = make("output"), values = { min: 0, max: periods.length, step: 1, id: "period" };
  const range = labelled(into, texts.periods, input("range", values));
  range.parentNode.append(told);
  range.addEventListener("input", () => view.change({ period: Number(range.value) }));
  return () => {
    range.value = view.on.period;
    told.textContent = view.nameOfPeriod();
    range.setAttribute("aria-valuetext", told.textContent);
  };
};

const finder = (view, into) => {
  const { texts, sites } = view.story, form = into.appendChild(make("form", undefined, "find"));
  const nameOf = (site) => site.name.slice(0, 200);
  const names = form.appendChild(make("datalist"));
  names.id = "names";
  names.append(...sites.map((site) => new Option("", nameOf(site))));
  const search = input("search", { id: "search", autocomplete: "off" });
  const wanted = labelled(form, texts.search, search);
  wanted.setAttribute("list", "names");
  form.append(Object.assign(make("button", texts.find), { type: "submit" }));
  const missed = form.appendChild(make("p", ""));
  missed.setAttribute("role", "status");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = wanted.value.trim().toLowerCase();
    const tests = [(name) => name === text, (name) => text && name.includes(text)];
    const at = tests.map((fits) => sites.findIndex((site) => fits(nameOf(site).toLowerCase())))
      .find((found) => found >= 0);
    missed.textContent = at === undefined ? texts.unknown : "";
    if (at === undefined) return;
    view.map.setView(sites[at].at, Math.max(11, view.map.getZoom()), { animate: false });
    raastof.fold?.();
    view.change({ site: at, flow: null });
  });
  wanted.addEventListener("change", () => {
    if (sites.some((site) => site.name === wanted.value)) form.requestSubmit();
  });
};

const chooser = (view, into, key, options) => {
  const { texts } = view.story;
  if (options.length < 2) return () => {};
  const select = labelled(into, texts[key], make("select"));
  select.id = key;
  const made = options.map(([value, name]) => new Option(name.slice(0, 80), value));
  select.append(new Option(texts.everything, ""), ...made);
  select.addEventListener("change", () => view.change({ [key]: select.value }));
  return () => (select.value = view.on[key]);
};

// The smallest flow that is shown, on a scale that is fine where flows are small.
const threshold = (view, into) => {
  const { texts } = view.story;
  const most = Math.max(
    1,
    ...["plan", "before"].flatMap((side) => [...view.join(side).values()].map((one) => one.t)),
  );
  const range = labelled(
    into,
    texts.least,
    input("range", { min: 0, max: 100, step: 1, id: "least" }),
  );
  const told = range.parentNode.appendChild(make("output"));
  range.addEventListener("input", () => view.change({ least: most * (range.value / 100) ** 3 }));
  return () => {
    range.value = Math.round(100 * Math.cbrt(view.on.least / most));
    told.textContent = view.write(view.on.least) + " t";
    range.setAttribute("aria-valuetext", told.textContent);
  };
};

const tick = (into, text, key, act) => {
  const box = labelled(into, text, input("checkbox", { id: key }), null);
  box.addEventListener("change", () => act(box.checked));
  return box;
};

const materialFilter = (view, into) => {
  const { texts, materials, families } = view.story, boxes = [];
  let set = null, family = "";
  materials.forEach((material, at) => {
    if (material.family !== family) {
      family = material.family;
      set = group(into, families[family]);
    }
    const swatch = make("span", "", "line" + (material.virgin ? " dashed" : ""));
    swatch.style.color = material.colour;
    const name = material.name + (material.virgin ? ` (${texts.virgin})` : "");
    const box = labelled(set, name, input("checkbox", { name: "material" }), swatch);
    box.addEventListener("change", () => {
      const without = new Set(view.on.without);
      if (box.checked) without.delete(at);
      else without.add(at);
      view.change({ without });
    });
    boxes.push(box);
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
  const filters = steps.appendChild(make("details"));
  filters.id = "filters";
  filters.append(make("summary", texts.filters));
  const towns = [...new Set(sites.map((site) => site.municipality).filter(Boolean))].sort();
  shows.push(
    chooser(view, filters, "project", projects.map(({ id, name }) => [id, name])),
    chooser(view, filters, "municipality", towns.map((name) => [name, name])),
    threshold(view, filters),
    materialFilter(view, filters),
  );
  if (view.zones?.areas.length) {
    const box = tick(steps, texts.zones, "zones", (zones) => view.change({ zones }));
    shows.push(() => (box.checked = view.on.zones));
  }
  if (page.tiles) {
    const attribution = "© OpenStreetMap contributors";
    const tiles = L.tileLayer(page.tiles, { maxZoom: 18, attribution });
    tick(steps, texts.tiles, "tiles", (wanted) => {
      if (wanted) tiles.addTo(view.map);
      else tiles.remove();
      view.map.getContainer().classList.toggle("tiled", wanted);
    });
  }
  const printing = { type: "button", id: "print", onclick: () => print() };
  steps.append(Object.assign(make("button", texts.print), printing));
  view.listen("panel", () => shows.forEach((show) => show()));
};

// What is looked at stands in the address, so that a view can be sent to somebody.
const MODES = ["plan", "before", "difference"], KINDS = ["roads", "burden", "flows"];

const write = (view, place) => {
  const { on, story } = view, said = new URLSearchParams();
  if (on.mode !== "plan" && MODES.includes(on.mode)) said.set("show", on.mode);
  if (on.as !== "roads") said.set("as", on.as);
  if (on.period) said.set("period", story.periods[on.period - 1]);
  const without = [...on.without].map((at) => story.materials[at].id).join();
  if (without) said.set("without", without);
  for (const key of ["project", "municipality"]) if (on[key]) said.set(key, on[key]);
  if (on.least) said.set("least", String(Math.round(on.least)));
  if (on.site !== null) said.set("site", story.sites[on.site].id);
  if (on.flow !== null) said.set("flow", writeFlow(view, on.flow));
  if (!on.zones) said.set("zones", "off");
  if (place) said.set("at", place);
  return said.toString();
};

const writeFlow = ({ story, traffic }, key) => {
  const [from, to, material, use] = key.split("-").map(Number);
  const ids = [story.sites[from], story.sites[to], story.materials[material]].map(({ id }) => id);
  return [...ids, traffic.uses[use]].join("~");
};

const readFlow = ({ story, traffic, places }, text) => {
  const [from, to, material, use] = (text ?? "").split("~");
  const ends = [from, to].map((site) => places.get(site) ?? -1);
  const what = story.materials.findIndex(({ id }) => id === material);
  const key = [...ends, what, traffic.uses.indexOf(use)];
  return key.every((at) => at >= 0) ? key.join("-") : null;
};

// What an address says, as far as this map knows of it.
const read = (view, text) => {
  const said = new URLSearchParams(text), { story } = view;
  const one = (key, known, otherwise) => known.includes(said.get(key)) ? said.get(key) : otherwise;
  const gone = (said.get("without") ?? "").split(",");
  return {
    mode: one("show", MODES, "plan"),
    as: one("as", KINDS, "roads"),
    period: story.periods.indexOf(said.get("period")) + 1,
    without: new Set(story.materials.flatMap(({ id }, at) => gone.includes(id) ? [at] : [])),
    project: one("project", story.projects.map(({ id }) => id), ""),
    municipality: one("municipality", story.sites.map((site) => site.municipality), ""),
    least: Math.max(0, Number(said.get("least")) || 0),
    site: view.places.get(said.get("site")) ?? null,
    flow: readFlow(view, said.get("flow")),
    zones: said.get("zones") !== "off",
  };
};

const readPlace = (text) => {
  const found = (new URLSearchParams(text).get("at") ?? "").split(",").map(Number);
  return found.length === 3 && found.every(Number.isFinite) ? found : null;
};

// Keep state and address the same; give what the address says about the place on the map.
raastof.address = (view) => {
  const here = () => location.hash.slice(1);
  let moved = readPlace(here()), last = here();
  const save = () => {
    last = write(view, moved && [...moved.slice(0, 2).map((at) => at.toFixed(4)), moved[2]].join());
    try {
      history.replaceState(null, "", "#" + last);
    } catch {
      // A page inside another, as in a notebook, has no address of its own.
    }
  };
  Object.assign(view.on, read(view, here()));
  const go = ([lat, lon, zoom]) => view.map.setView([lat, lon], zoom, { animate: false });
  view.listen("address", save);
  view.map.on("moveend", () => {
    if (!view.ready || view.printing) return;
    const { lat, lng } = view.map.getCenter();
    moved = [lat, lng, view.map.getZoom()];
    save();
  });
  addEventListener("hashchange", () => {
    if (here() === last) return;
    view.change(read(view, here()));
    moved = readPlace(here());
    if (moved) go(moved);
  });
  return moved && (() => go(moved));
};

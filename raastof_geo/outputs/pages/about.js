// What is told of a site, of a flow and of a road; and the map moves so that nothing covers it.
const make = raastof.element, { button } = raastof;

raastof.about = (view, page) => {
  const { texts, sites, materials, periods, vehicles } = view.story, { uses } = view.traffic;
  const about = document.getElementById("about");
  let asker = null, told = "";

  const digits = (value) => (Math.abs(value) < 10 && value % 1 ? 1 : 0);
  const whole = (value) => view.signed(value, digits(value));
  const when = (group) =>
    group.periods.size === periods.length
      ? texts.all
      : [...group.periods].sort((a, b) => a - b).map((at) => periods[at]).join(", ");
  const openFlow = (group, text) =>
    button(text, () => view.change({ flow: group.key, site: null }), "open");

  const close = () => view.change({ site: null, flow: null });
  const head = (name) => {
    const title = Object.assign(make("h2", name), { tabIndex: -1, dir: "auto" });
    const named = { title: texts.close, ariaLabel: texts.close };
    about.replaceChildren(Object.assign(button("×", close, "shut"), named), title);
  };

  const tellTrade = (at) => {
    for (const [title, own, other] of [[texts.comes, "to", "from"], [texts.goes, "from", "to"]]) {
      const mine = view.groups.filter((one) => one[own] === at && one.from !== one.to);
      if (!mine.length) continue;
      const rows = mine.map((one) => [
        openFlow(one, sites[one[other]].name),
        `${materials[one.material].name} · ${uses[one.use]} · ${when(one)}`,
        whole(one.t),
        whole(one.loads),
      ]);
      const heads = [own === "to" ? texts.from : texts.to, texts.material, "t", texts.loads];
      about.append(raastof.table(heads, rows, title, 2));
    }
    if (!about.querySelector("table")) about.append(make("p", texts.none));
  };

  const tellWhy = (site, kept) => {
    const pairs = page.why.pairs[site.id];
    if (!pairs) return;
    const reason = Object.assign(make("p", "", "why"), { ariaLive: "polite" });
    const options = Object.keys(pairs).map((id) => [id, sites[view.places.get(id)].name]);
    const tell = (id) => (reason.textContent = page.why.reasons[pairs[id]] ?? "");
    raastof.select(about, texts.why + " ", [["", ""], ...options], tell).value = kept;
    about.append(reason);
    tell(kept);
  };

  const tellSite = (at) => {
    const site = sites[at], kept = about.querySelector("select")?.value ?? "";
    head(site.name);
    const roles = site.roles.map((role) => texts[role]).join(", ");
    about.append(make("p", roles + (site.municipality ? " · " + site.municipality : "")));
    if (site.note) about.append(make("p", site.note));
    tellTrade(at);
    if (site.effect.length) {
      const rows = site.effect.map(({ name, before, plan }) => [
        name,
        ...[before, plan, before - plan].map((value) => view.write(value, digits(value))),
      ]);
      const heads = ["", texts.before, texts.plan, texts.saved];
      about.append(raastof.table(heads, rows, texts.effect));
    }
    tellWhy(site, told === "site " + at ? kept : "");
  };

  const tellFlow = (key) => {
    const group = view.groups.find((one) => one.key === key);
    const [from, to, material] = key.split("-").map(Number);
    head(`${sites[from].name} → ${sites[to].name}`);
    if (!group) return about.append(make("p", materials[material].name), make("p", texts.none));
    about.append(make("p", `${materials[material].name} → ${uses[group.use]}`));
    const [tonnes, loads, kg] = [group.t, group.loads, group.kg].map(whole);
    const vehicle = [...group.trucks].map((at) => vehicles[at]).join(", ");
    const told = { tonnes: tonnes + " t", km: view.write(group.km, 1), loads, kg, vehicle };
    const rows = Object.entries({ ...told, period: when(group) });
    about.append(raastof.table(null, rows.map(([key, value]) => [texts[key], value])));
    for (const at of [from, to]) {
      const go = () => view.change({ site: at, flow: null });
      about.append(button(sites[at].name, go, "open site-link"));
    }
  };

  // Move the map so that what is told about lies in the part that nothing covers.
  const uncover = () => {
    if (!view.chosen) return;
    const { map } = view, size = map.getSize(), box = map.getContainer().getBoundingClientRect();
    const over = about.getBoundingClientRect(), narrow = over.width > 0.8 * box.width;
    const low = L.point(narrow ? 40 : over.right - box.left + 40, 40);
    const high = L.point(40, narrow ? size.y - Math.max(60, over.top - box.top) + 40 : 40);
    const clear = { paddingTopLeft: low, paddingBottomRight: high, animate: false };
    const { site, flow } = view.on, chosen = flow?.split("-").slice(0, 2) ?? [site];
    const ends = chosen.map((at) => sites[at].at);
    const bounds = L.latLngBounds(ends), corners = [bounds.getSouthEast(), bounds.getNorthWest()];
    const [most, least] = corners.map((at) => map.latLngToContainerPoint(at));
    const wide = most.subtract(least), free = size.subtract(low).subtract(high);
    if (wide.x > free.x || wide.y > free.y) map.fitBounds(bounds, clear);
    else ends.forEach((at) => map.panInside(at, clear));
  };

  const tell = () => {
    const { site, flow } = view.on;
    const now = flow !== null ? "flow " + flow : site !== null ? "site " + site : "";
    if (!now) {
      about.hidden = true;
      if (told && asker?.isConnected) asker.focus({ preventScroll: true });
      told = "";
      return;
    }
    view.map.closePopup();
    if (flow !== null) tellFlow(flow);
    else tellSite(site);
    about.hidden = false;
    if (now === told) return;
    const active = document.activeElement;
    if (!told || !about.contains(active)) asker = active;
    told = now;
    about.scrollTop = 0;
    uncover();
    about.querySelector("h2").focus({ preventScroll: true });
  };
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && told) close();
  });
  view.uncover = uncover;
  view.listen("about", tell);
};

// A road that was touched: what passes it, and the flows in it, each of which can be chosen.
const MOST_NAMED = 6;
raastof.tellRoad = (view, lane, event) => {
  const { texts, sites, materials } = view.story, box = make("div");
  const passing = view.shown.filter((group) =>
    [...group.routes.keys()].some((route) => view.way(route).includes(lane.step)) &&
    (lane.name === undefined || view.differs || lane.name === group.material)
  );
  box.append(make("h2", lane.name === undefined ? texts.road : texts.lane));
  if (view.as === "burden") {
    const sides = ["plan", "before"].map((side) => view.countTrucks(side).get(lane.step) ?? 0);
    const rows = ["plan", "before", "difference"].map((key, at) => [
      texts[key],
      view.write(sides[at] ?? sides[0] - sides[1], 1),
    ]);
    box.append(raastof.table(null, rows, texts.trucks));
  } else box.append(make("p", view.signed(lane.value ?? lane.tonnes) + " t"));
  for (const group of passing.slice(0, MOST_NAMED)) {
    const name = `${sites[group.from].name} → ${sites[group.to].name}`;
    const what = `${name}: ${materials[group.material].name}, ${view.signed(group.t)} t`;
    box.append(button(what, () => view.change({ flow: group.key, site: null }), "open"));
  }
  const more = passing.length - MOST_NAMED;
  if (more > 0) box.append(make("p", raastof.fill(texts.others, { more: view.write(more) })));
  view.map.openPopup(box, event.latlng, { maxWidth: 320, minWidth: 200 });
};

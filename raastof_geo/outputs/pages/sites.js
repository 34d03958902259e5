// Sites: the shape says the role. What lies too close is moved apart, or grouped where it is many.
const SIZE = 26, NEAR = 21, MANY = 5;

// Around 0,0 and about 18 wide, in the colour of the role.
const SHAPES = {
  offer: "M0,-9L9,7L-9,7Z",
  pit: "M-7,-7H7V7H-7Z",
  receiver: "M0,-9L9,0L0,9L-9,0Z",
  plant: "M-9,8L-9,-4L-3,0L-3,-4L3,0L3,-4L9,0L9,8Z",
  depot: "M-10,7L-4,-5L0,1L4,-5L10,7Z",
};
raastof.shapeOf = ({ marks }, roles) => {
  const role = roles.includes("need") ? "need" : roles[0];
  if (role === "need") return `<circle r="7" fill="#fff" stroke="${marks.need}" stroke-width="4"/>`;
  const edge = role === "offer" ? "#3d2b00" : "#fff", look = `stroke="${edge}" stroke-width="1.5"`;
  return `<path d="${SHAPES[role] ?? ""}" fill="${marks[role]}" ${look}/>`;
};

// Put places that would hide each other into groups.
const group = (places) => {
  const free = new Set(places), groups = [];
  for (const one of places) {
    if (!free.has(one)) continue;
    const near = [...free].filter(({ x, y }) => Math.hypot(x - one.x, y - one.y) < NEAR);
    if (near.length < MANY) continue;
    near.forEach((other) => free.delete(other));
    const middle = (axis) => near.reduce((sum, other) => sum + other[axis], 0) / near.length;
    groups.push({ x: middle("x"), y: middle("y"), members: near.map(({ at }) => at) });
  }
  return [groups, [...free]];
};

// Move marks apart until none hides another, each no farther from its place than it must.
const spread = (marks) => {
  for (const mark of marks) Object.assign(mark, { px: mark.x, py: mark.y });
  for (let round = 0; round < 60; round++) {
    let moved = false;
    for (let one = 0; one < marks.length; one++) {
      for (let two = one + 1; two < marks.length; two++) {
        const a = marks[one], b = marks[two];
        let dx = b.px - a.px, dy = b.py - a.py;
        if (Math.abs(dx) >= SIZE || Math.abs(dy) >= SIZE) continue;
        const long = Math.hypot(dx, dy);
        if (long >= SIZE) continue;
        if (long < 0.5) [dx, dy] = [Math.cos(two), Math.sin(two)];
        const push = (SIZE + 0.5 - long) / 2 / (Math.hypot(dx, dy) || 1);
        for (const [mark, way] of [[a, -push], [b, push]]) {
          mark.px += dx * way;
          mark.py += dy * way;
        }
        moved = true;
      }
    }
    if (!moved) break;
  }
  return marks;
};

const nameOf = (site) => site.name.slice(0, 200);

raastof.layer("sites", ({ story }) => {
  const marks = L.featureGroup();
  let marked = [], groups = [], leaders = [], placed = [];

  const begin = (map) => {
    const view = raastof.of(map).learn({ story });
    // A mark with a name, which does something at a click and at Enter.
    const mark = (at, name, [className, size, html], act) => {
      const icon = L.divIcon({ className, iconSize: [size, size], html });
      const known = { title: name.slice(0, 300), alt: name, icon, riseOnHover: true };
      const marker = L.marker(at, known);
      marker.on("click", (event) => {
        L.DomEvent.stopPropagation(event);
        act();
      });
      marker.on("keypress", ({ originalEvent: { key } }) => key === "Enter" && act());
      marker.addTo(marks).getElement()?.setAttribute("aria-label", name);
      return marker;
    };
    marked = story.sites.map((site, at) => {
      const look = ["site", 24, raastof.svg(raastof.shapeOf(story, site.roles))];
      return mark(site.at, nameOf(site), look, () => view.change({ site: at, flow: null }));
    });

    const place = () => {
      const places = story.sites.map((site, at) => ({ ...map.latLngToLayerPoint(site.at), at }));
      groups.forEach((one) => marks.removeLayer(one));
      const many = map.getZoom() >= map.getMaxZoom() ? [[], places] : group(places);
      placed = spread([...many[0], ...many[1]]);
      leaders = placed.filter((mark) => Math.hypot(mark.px - mark.x, mark.py - mark.y) > 7);
      const grouped = new Set(placed.flatMap((mark) => mark.members ?? []));
      marked.forEach((marker, at) => {
        const element = marker.getElement();
        if (element) element.hidden = grouped.has(at);
      });
      groups = [];
      for (const mark of placed) {
        const at = map.layerPointToLatLng([mark.px, mark.py]);
        if (!mark.members) marked[mark.at].setLatLng(at);
        else groups.push(makeGroup(mark, at));
      }
      light();
      painter.repaint();
    };

    const makeGroup = ({ members }, at) => {
      const names = members.map((one) => nameOf(story.sites[one])).join(", ");
      const bounds = L.latLngBounds(members.map((one) => story.sites[one].at)).pad(0.4);
      const look = ["sites", 26, raastof.element("span", String(members.length))];
      return mark(at, names, look, () => {
        map.fitBounds(bounds, { maxZoom: Math.min(map.getMaxZoom(), map.getZoom() + 3) });
      });
    };

    // The chosen site is ringed; those that it has nothing to do with step back.
    const light = () => {
      const { site } = view.on, chosen = view.chosen && view.traffic;
      const lit = chosen ? new Set(view.single.flatMap(({ from, to }) => [from, to])) : null;
      marked.forEach((marker, at) => {
        const element = marker.getElement();
        element?.classList.toggle("chosen", at === site);
        element?.classList.toggle("back", Boolean(lit) && at !== site && !lit.has(at));
      });
    };

    const painter = raastof.painter(map, "raastof-leaders", 580, ({ ctx, scale, origin }) => {
      ctx.fillStyle = "#33414d";
      for (const { members, at, px, py } of leaders) {
        if (members) continue;
        const [wx, wy] = raastof.toWorld(story.sites[at].at);
        const x = wx * scale - origin.x, y = wy * scale - origin.y;
        ctx.beginPath();
        raastof.follow(ctx, [x, y, px, py]);
        raastof.stroke(ctx, "#33414d", 1);
        ctx.beginPath();
        ctx.arc(x, y, 2.2, 0, 7);
        ctx.fill();
      }
    });
    const source = (zoom) =>
      placed.filter((mark) => !mark.members).map(({ at, px, py }) => ({
        text: shorten(story.sites[at].name),
        at: map.layerPointToLatLng([px, py]),
        rank: at === view.on.site ? 0 : zoom < 9 ? 35 : 15,
        ...{ high: 15, mark: 17, className: "named", font: "600 12px system-ui, sans-serif" },
      }));
    const obstacle = () => placed.map(({ px, py }) => [px - 13, py - 13, px + 13, py + 13]);
    const placer = raastof.names(map);
    placer.obstacles.add(obstacle);
    const onZoom = () => {
      place();
      placer.lay();
    };
    map.on("zoomend viewreset resize", onZoom);
    const quiet = view.listen("sites", () => {
      light();
      placer.lay();
    });
    marks.ending = () => {
      map.off("zoomend viewreset resize", onZoom);
      quiet();
      placer.obstacles.delete(obstacle);
      painter.remove();
      marks.clearLayers();
    };
    painter.addTo(map);
    place();
    raastof.nameOn(map, marks, source);
  };

  marks.on("add", () => begin(marks._map));
  marks.on("remove", () => marks.ending?.());
  return marks;
});

const LONGEST = 30;
const shorten = (name) => name.length > LONGEST ? name.slice(0, LONGEST - 1).trimEnd() + "…" : name;

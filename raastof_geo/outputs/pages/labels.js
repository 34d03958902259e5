// Names on the map: the most important first, and none over another or under a marker.
const GAP = 3;
const placers = new WeakMap();
const ruler = document.createElement("canvas").getContext("2d");

const measure = (text, font) => {
  ruler.font = font;
  return ruler.measureText(text).width;
};
const meet = (a, b) => a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1];

// Where a name may stand around its place: over it, or beside a mark of some size.
const spots = (x, y, wide, high, mark) => {
  const [left, top] = [x - wide / 2, y - high / 2], off = mark || 5;
  const near = [[left, y - off - high], [left, y + off]];
  return mark ? [[x + mark, top], [x - mark - wide, top], ...near] : [[left, top], ...near];
};

const begin = (map) => {
  const pane = map.getPane("raastof-names") ?? map.createPane("raastof-names");
  Object.assign(pane.style, { zIndex: 590, pointerEvents: "none" });
  const placer = { sources: new Set(), obstacles: new Set() };
  placer.lay = () => {
    if (!map._loaded) return;
    const size = map.getSize(), corner = map.containerPointToLayerPoint([0, 0]);
    const frame = [corner.x, corner.y, corner.x + size.x, corner.y + size.y];
    const whole = map.getContainer().getBoundingClientRect();
    const corners = [...map.getContainer().querySelectorAll(".leaflet-control")].map((one) => {
      const { left, top, right, bottom } = one.getBoundingClientRect();
      const [x, y] = [corner.x - whole.left, corner.y - whole.top];
      return [left + x, top + y, right + x, bottom + y];
    });
    const taken = [...corners, ...[...placer.obstacles].flatMap((give) => give())];
    const wanted = [...placer.sources].flatMap((give) => give(map.getZoom()));
    const made = [];
    for (const one of wanted.sort((a, b) => a.rank - b.rank)) {
      const { x, y } = map.latLngToLayerPoint(one.at);
      if (x < frame[0] || y < frame[1] || x > frame[2] || y > frame[3]) continue;
      const wide = measure(one.text, one.font) + 6, high = one.high;
      for (const [left, top] of spots(x, y, wide, high, one.mark)) {
        const box = [left - GAP, top - GAP, left + wide + GAP, top + high + GAP];
        const out = box.some((at, side) => side < 2 ? at < frame[side] : at > frame[side]);
        if (out || taken.some((other) => meet(box, other))) continue;
        taken.push(box);
        const label = raastof.element("span", one.text, "raastof-name " + one.className);
        label.style.cssText = `left:${Math.round(left)}px;top:${Math.round(top)}px;` +
          `width:${Math.ceil(wide)}px;height:${high}px;font:${one.font};line-height:${high}px`;
        made.push(label);
        break;
      }
    }
    pane.replaceChildren(...made);
  };
  map.on("moveend zoomend resize viewreset", placer.lay);
  map.on("zoomanim", () => pane.replaceChildren());
  return placer;
};

// Have a layer give names of its own, as long as it is there.
raastof.nameOn = (map, layer, source) => {
  const placer = raastof.names(map), before = layer.ending;
  placer.sources.add(source);
  layer.ending = () => {
    before?.();
    placer.sources.delete(source);
    placer.lay();
  };
  setTimeout(placer.lay);
};

// The names of one map: add a `source` of names, or of boxes that no name may lie on.
raastof.names = (map) => raastof.obtain(placers, map, begin);

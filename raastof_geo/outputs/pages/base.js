// The base map: sea, land, what is built up, roads, ferries and the names of towns.
const { readLine, stroke, trace } = raastof;

// From which zoom a class is drawn, how wide at zooms 8, 10, 12, 14 and 16 [px], and the colours of
// its body and of its casing.
const LOOKS = {
  local: { from: 11.5, wide: [0, 0, 0.8, 3, 6], colours: ["#ffffff", "#e2dccf"] },
  tertiary: { from: 10, wide: [0, 0.5, 1.5, 4, 8], colours: ["#ffffff", "#dbd4c6"] },
  secondary: { from: 8, wide: [0.5, 1.1, 2.4, 5.5, 10], colours: ["#ffffff", "#d2cabb"] },
  primary: { from: 7, wide: [0.9, 1.7, 3.2, 6.5, 12], colours: ["#faf0d3", "#d9cba6"] },
  trunk: { from: 7, wide: [1.2, 2.2, 4, 7.5, 13], colours: ["#f6e2bd", "#d6bc8b"] },
  motorway: { from: 7, wide: [1.5, 2.6, 4.6, 8, 14], colours: ["#f5dcae", "#d3b37c"] },
};
const FONTS = ["600 14px system-ui, sans-serif", "500 12.5px system-ui, sans-serif"];
const VILLAGE = "400 11.5px system-ui, sans-serif";
const TOWN_FROM = [0, 7, 10.5];

const between = (steps, zoom) => {
  const at = Math.min(3.999, Math.max(0, (zoom - 8) / 2)), low = Math.floor(at);
  return steps[low] + (steps[low + 1] - steps[low]) * (at - low);
};

const SEA = "#cfe3ee", LAND = "#f7f4ec", COAST = "#a9b8bd", TOWN = "#e6dfd3", FERRY = "#8fb0c2";
const WATER = ["#d6e8f1", "#deedf4", "#e8f3f8"];

const paintLand = (frame, drawn) => {
  const { ctx } = frame;
  ctx.lineJoin = "round";
  trace(frame, drawn.land, 1);
  // Pale lines along the coast, each narrower and paler, as engraved maps have them.
  WATER.forEach((colour, at) => {
    stroke(ctx, colour, [22, 13, 6][at] * Math.min(1.6, 0.6 + 0.2 * (frame.zoom - 7)));
  });
  ctx.fillStyle = LAND;
  ctx.fill("evenodd");
  stroke(ctx, COAST, 1);
  trace(frame, drawn.towns, 1.5);
  ctx.fillStyle = TOWN;
  ctx.fill("evenodd");
};

const paintRoads = (frame, drawn) => {
  const { ctx, zoom } = frame;
  const seen = Object.entries(LOOKS).filter(([, look]) => zoom >= look.from);
  ctx.lineJoin = ctx.lineCap = "round";
  for (const casing of [1, 0]) {
    for (const [name, { wide, colours }] of seen) {
      const width = between(wide, zoom);
      trace(frame, [...(drawn.roads[name] ?? []), ...(drawn.roads["near_" + name] ?? [])], 1.2);
      // A road that is too thin for a casing is drawn in its colour.
      const thin = width < 1.4;
      if (thin && !casing) continue;
      stroke(ctx, colours[casing], casing && !thin ? width + 1.6 : Math.max(0.6, width));
      const middle = !casing && name === "motorway" && zoom >= 11.5;
      if (middle) stroke(ctx, colours[1], Math.max(0.7, width / 7));
    }
  }
};

raastof.layer("base", ({ base }) => {
  const read = (lines, decimals) => lines.map((line) => readLine(line, decimals));
  const near = (lines) => read(lines, base.decimals);
  const roads = Object.entries(base.roads).map(([name, lines]) => [name, near(lines)]);
  const drawn = { land: read(base.land), towns: read(base.towns), ferries: near(base.ferries) };
  drawn.roads = Object.fromEntries(roads);
  const names = raastof.readTable(base.names);
  const source = (zoom) =>
    names.filter(({ rank }) => zoom >= TOWN_FROM[rank]).map(({ name, rank, lat, lon }) => ({
      ...{ text: name, at: [lat, lon], mark: 0, className: "town town" + rank },
      ...{ rank: 10 * rank + 20, high: 17 - rank, font: FONTS[rank] ?? VILLAGE },
    }));
  return raastof.painted((map, layer) => {
    const box = map.getContainer(), before = box.style.background;
    box.style.background = SEA;
    const told = raastof.element("span", base.attribution).innerHTML;
    map.attributionControl?.setPrefix(false).addAttribution(told);
    layer.ending = () => {
      box.style.background = before;
      map.attributionControl?.removeAttribution(told);
    };
    raastof.nameOn(map, layer, source);
    return raastof.painter(map, "raastof-base", 210, (frame) => {
      paintLand(frame, drawn);
      trace(frame, drawn.ferries, 1);
      stroke(frame.ctx, FERRY, 1.3, [5, 5]);
      paintRoads(frame, drawn);
    });
  });
});

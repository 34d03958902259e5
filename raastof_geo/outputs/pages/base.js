// The base map: sea, land, what is built up, roads, ferries and the names of towns.
const { readLine, onScreen, outside, follow } = raastof;

// From which zoom a class is drawn, and how wide at zooms 8, 10, 12, 14 and 16. [px]
const LOOKS = {
  local: { from: 11.5, wide: [0, 0, 0.8, 3, 6] },
  tertiary: { from: 10, wide: [0, 0.5, 1.5, 4, 8] },
  secondary: { from: 8, wide: [0.5, 1.1, 2.4, 5.5, 10] },
  primary: { from: 7, wide: [0.9, 1.7, 3.2, 6.5, 12] },
  trunk: { from: 7, wide: [1.2, 2.2, 4, 7.5, 13] },
  motorway: { from: 7, wide: [1.5, 2.6, 4.6, 8, 14] },
};
const FONTS = ["600 14px system-ui, sans-serif", "500 12.5px system-ui, sans-serif"];
const VILLAGE = "400 11.5px system-ui, sans-serif";
const TOWN_FROM = [0, 7, 10.5];

const between = (steps, zoom) => {
  const at = Math.min(3.999, Math.max(0, (zoom - 8) / 2)), low = Math.floor(at);
  return steps[low] + (steps[low + 1] - steps[low]) * (at - low);
};

const trace = (frame, lines, least) => {
  frame.ctx.beginPath();
  for (const line of lines) {
    if (!outside(line.box, frame)) follow(frame.ctx, onScreen(line, frame, least));
  }
};

// A road has a body and a casing.
const colours = {
  sea: "#cfe3ee",
  water: ["#d6e8f1", "#deedf4", "#e8f3f8"],
  land: "#f7f4ec",
  coast: "#a9b8bd",
  town: "#e6dfd3",
  ferry: "#8fb0c2",
  road: {
    motorway: ["#f5dcae", "#d3b37c"],
    trunk: ["#f6e2bd", "#d6bc8b"],
    primary: ["#faf0d3", "#d9cba6"],
    secondary: ["#ffffff", "#d2cabb"],
    tertiary: ["#ffffff", "#dbd4c6"],
    local: ["#ffffff", "#e2dccf"],
  },
};

const paintLand = (frame, drawn) => {
  const { ctx } = frame;
  ctx.lineJoin = "round";
  ctx.setLineDash([]);
  trace(frame, drawn.land, 1);
  // Pale lines along the coast, each narrower and paler, as engraved maps have them.
  colours.water.forEach((colour, at) => {
    ctx.strokeStyle = colour;
    ctx.lineWidth = [22, 13, 6][at] * Math.min(1.6, 0.6 + 0.2 * (frame.zoom - 7));
    ctx.stroke();
  });
  ctx.fillStyle = colours.land;
  ctx.fill("evenodd");
  ctx.strokeStyle = colours.coast;
  ctx.lineWidth = 1;
  ctx.stroke();
  trace(frame, drawn.towns, 1.5);
  ctx.fillStyle = colours.town;
  ctx.fill("evenodd");
};

const paintFerries = (frame, drawn) => {
  trace(frame, drawn.ferries, 1);
  frame.ctx.strokeStyle = colours.ferry;
  frame.ctx.lineWidth = 1.3;
  frame.ctx.setLineDash([5, 5]);
  frame.ctx.stroke();
  frame.ctx.setLineDash([]);
};

const paintRoads = (frame, drawn) => {
  const { ctx, zoom } = frame;
  const seen = Object.entries(LOOKS).filter(([, look]) => zoom >= look.from);
  ctx.lineJoin = ctx.lineCap = "round";
  for (const casing of [1, 0]) {
    for (const [name, { wide }] of seen) {
      const width = between(wide, zoom);
      trace(frame, [...(drawn.roads[name] ?? []), ...(drawn.roads["near_" + name] ?? [])], 1.2);
      // A road that is too thin for a casing is drawn in its colour.
      const thin = width < 1.4;
      if (thin && !casing) continue;
      ctx.strokeStyle = colours.road[name][casing];
      ctx.lineWidth = casing && !thin ? width + 1.6 : Math.max(0.6, width);
      ctx.stroke();
      if (!casing && name === "motorway" && zoom >= 11.5) {
        ctx.strokeStyle = colours.road[name][1];
        ctx.lineWidth = Math.max(0.7, width / 7);
        ctx.stroke();
      }
    }
  }
};

raastof.layer("base", ({ base }) => {
  const read = (lines, decimals) => lines.map((line) => readLine(line, decimals));
  const drawn = { land: read(base.land), towns: read(base.towns), roads: {} };
  drawn.ferries = read(base.ferries, base.decimals);
  for (const [name, lines] of Object.entries(base.roads)) {
    drawn.roads[name] = read(lines, base.decimals);
  }
  const names = raastof.readTable(base.names);
  const source = (zoom) =>
    names.filter(({ rank }) => zoom >= TOWN_FROM[rank]).map(({ name, rank, lat, lon }) => ({
      text: name,
      at: [lat, lon],
      rank: 10 * rank + 20,
      high: 17 - rank,
      font: FONTS[rank] ?? VILLAGE,
      className: "town town" + rank,
      mark: 0,
    }));
  return raastof.painted((map, layer) => {
    const box = map.getContainer(), before = box.style.background;
    box.style.background = colours.sea;
    const told = document.createElement("span");
    told.textContent = base.attribution;
    map.attributionControl?.setPrefix(false).addAttribution(told.innerHTML);
    const placer = raastof.names(map);
    placer.sources.add(source);
    layer.ending = () => {
      box.style.background = before;
      map.attributionControl?.removeAttribution(told.innerHTML);
      placer.sources.delete(source);
      placer.lay();
    };
    setTimeout(placer.lay);
    return raastof.painter(map, "raastof-base", 210, (frame) => {
      paintLand(frame, drawn);
      paintFerries(frame, drawn);
      paintRoads(frame, drawn);
    });
  });
});

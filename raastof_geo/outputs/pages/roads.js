// Flows by road: what passes each stretch, in each direction, as two lanes.
const { onScreen, outside, reverse, shift, paintLanes, paintArrows } = raastof;
const EDGE = 0.6;

const lookOf = (view, value) => {
  const { colours } = raastof, difference = view.differs;
  const colour = difference ? (value > 0 ? colours.more : colours.less) : colours.passing;
  const dash = difference && value < 0 ? [7, 4] : null;
  if (view.as !== "burden") return { colour, dash, width: view.width(value) };
  const found = view.classOf(value);
  return { colour: difference ? colour : found.colour, dash, width: found.width * view.stretch };
};

const layLanes = (view, frame) => {
  const lanes = [], drawn = new Map(), dimmed = view.chosen && view.kinds.has("flows");
  for (const [step, value] of view.passing) {
    if (!value || Math.abs(value) < 0.05) continue;
    const line = view.line(step >> 1);
    if (outside(line.box, frame)) continue;
    if (!drawn.has(step >> 1)) drawn.set(step >> 1, onScreen(line, frame));
    const points = drawn.get(step >> 1), look = lookOf(view, value);
    if (points.length < 4) continue;
    if (view.straight.has(step >> 1)) look.dash = [2, 6];
    if (dimmed) Object.assign(look, { colour: raastof.colours.dimmed, dash: null });
    const along = step & 1 ? reverse(points) : points;
    lanes.push({ ...look, points: shift(along, look.width / 2 + EDGE), step, value });
  }
  return lanes.sort((a, b) => a.width - b.width);
};

raastof.layer("roads", ({ story, traffic }) =>
  raastof.painted((map, layer) => {
    const view = raastof.of(map).learn({ story, traffic });
    layer.lanes = [];
    const painter = raastof.painter(map, "raastof-roads", 400, (frame) => {
      layer.lanes = view.as === "flows" && !view.chosen ? [] : layLanes(view, frame);
      paintLanes(frame, layer.lanes);
      if (!view.chosen) paintArrows(frame, layer.lanes.filter(({ width }) => width > 2.6));
      map.getContainer().dataset.roads = String(layer.lanes.length);
    });
    const quiet = view.listen("roads", () => painter.repaint());
    const touched = (event) => {
      const lane = raastof.touch(layer.lanes, map.latLngToLayerPoint(event.latlng));
      if (lane && !event.raastof) raastof.tellRoad?.(view, lane, event);
    };
    map.on("click", touched);
    layer.ending = () => {
      quiet();
      map.off("click", touched);
    };
    return painter;
  }));

// Single flows: on each stretch one lane for each material, side by side, none over another.
const { onScreen, outside, reverse, shift, paintLanes, paintArrows } = raastof;

const layLanes = (view, frame) => {
  const difference = view.differs;
  const key = difference ? (_, t) => (t > 0 ? 0 : 1) : (group) => group.material;
  const sums = view.keep("lanes", () => view.addUp(view.single, key));
  const lanes = [], drawn = new Map();
  for (const [step, here] of sums) {
    const line = view.line(step >> 1);
    if (outside(line.box, frame)) continue;
    if (!drawn.has(step >> 1)) drawn.set(step >> 1, onScreen(line, frame));
    const points = drawn.get(step >> 1);
    if (points.length < 4) continue;
    const along = step & 1 ? reverse(points) : points;
    let off = 0.8;
    for (const [name, tonnes] of [...here].sort(([a], [b]) => a - b)) {
      const look = view.laneOf(name, tonnes);
      if (view.straight.has(step >> 1)) look.dash = [2, 6];
      lanes.push({ ...look, points: shift(along, off + look.width / 2), step, name, tonnes });
      off += look.width + 0.7;
    }
  }
  return lanes;
};

raastof.layer("flows", ({ story, traffic }) =>
  raastof.painted((map, layer) => {
    const view = raastof.of(map).learn({ story, traffic });
    layer.lanes = [];
    const painter = raastof.painter(map, "raastof-flows", 410, (frame) => {
      layer.lanes = view.as === "flows" || view.chosen ? layLanes(view, frame) : [];
      paintLanes(frame, layer.lanes);
      paintArrows(frame, layer.lanes, 120);
      map.getContainer().dataset.lanes = String(layer.lanes.length);
    });
    const quiet = view.listen("flows", () => painter.repaint());
    const touched = (event) => {
      const lane = raastof.touch(layer.lanes, map.latLngToLayerPoint(event.latlng));
      if (!lane) return;
      event.raastof = true;
      raastof.tellRoad?.(view, lane, event);
    };
    map.on("click", touched);
    layer.ending = () => {
      quiet();
      map.off("click", touched);
    };
    return painter;
  }));

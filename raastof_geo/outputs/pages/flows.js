// Single flows: on each stretch one lane for each material, side by side, none over another.
const lay = (view, trace) => {
  const key = view.differs ? (_, t) => (t > 0 ? 0 : 1) : (group) => group.material;
  const lanes = [];
  if (view.as !== "flows" && !view.chosen) return lanes;
  for (const [step, here] of view.keep("lanes", () => view.addUp(view.single, key))) {
    const along = trace(step);
    let off = 0.8;
    for (const [name, tonnes] of along ? [...here].sort(([a], [b]) => a - b) : []) {
      const look = view.laneOf(step, name, tonnes);
      lanes.push({ ...look, points: raastof.shift(along, off + look.width / 2), name, tonnes });
      off += look.width + 0.7;
    }
  }
  return lanes;
};

raastof.laneLayer("flows", 410, { lay, first: true, arrows: (_, lanes) => [lanes, 120] });

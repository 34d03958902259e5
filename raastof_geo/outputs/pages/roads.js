// Flows by road: what passes each stretch, in each direction, as two lanes.
const EDGE = 0.6;

const lookOf = (view, step, value) => {
  const { colours } = raastof, burden = view.as === "burden";
  const look = view.lookOf(step, value, { colour: colours.passing, dash: null });
  if (!burden) return look;
  const found = view.classOf(value), { colour } = view.differs ? look : found;
  return { ...look, colour, width: found.width * view.stretch };
};

const lay = (view, trace) => {
  const lanes = [], dimmed = view.chosen && view.kinds.has("flows");
  for (const [step, value] of view.as === "flows" && !view.chosen ? [] : view.passing) {
    const along = value && Math.abs(value) >= 0.05 ? trace(step) : null;
    if (!along) continue;
    const look = lookOf(view, step, value);
    if (dimmed) Object.assign(look, { colour: raastof.colours.dimmed, dash: null });
    lanes.push({ ...look, points: raastof.shift(along, look.width / 2 + EDGE), value });
  }
  return lanes.sort((a, b) => a.width - b.width);
};

raastof.laneLayer("roads", 400, {
  lay,
  arrows: (view, lanes) => [view.chosen ? [] : lanes.filter(({ width }) => width > 2.6)],
});

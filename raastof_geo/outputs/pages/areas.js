// Municipalities: borders lighter than any road, and names where there is room.
const { readLine, stroke, trace } = raastof;

raastof.layer("areas", ({ areas }) => {
  const borders = areas.borders.map((line) => readLine(line));
  const source = (zoom) =>
    zoom < 9.5 || zoom > 12.5 ? [] : areas.names.map(({ name, at }) => ({
      text: name.toUpperCase(),
      at,
      ...{ rank: 60, high: 13, mark: 0, className: "area" },
      font: "500 10px system-ui, sans-serif",
    }));
  return raastof.painted((map, layer) => {
    raastof.nameOn(map, layer, source);
    return raastof.painter(map, "raastof-areas", 220, (frame) => {
      trace(frame, borders);
      stroke(frame.ctx, "#cdc6b6", 1, [6, 3, 1.5, 3]);
    });
  });
});

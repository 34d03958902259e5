// Municipalities: borders lighter than any road, and names where there is room.
const { readLine, onScreen, outside, follow } = raastof;

raastof.layer("areas", ({ areas }) => {
  const borders = areas.borders.map((line) => readLine(line));
  const source = (zoom) =>
    zoom < 9.5 || zoom > 12.5 ? [] : areas.names.map(({ name, at }) => ({
      text: name.toUpperCase(),
      at,
      rank: 60,
      high: 13,
      font: "500 10px system-ui, sans-serif",
      className: "area",
      mark: 0,
    }));
  return raastof.painted((map, layer) => {
    const placer = raastof.names(map);
    placer.sources.add(source);
    layer.ending = () => {
      placer.sources.delete(source);
      placer.lay();
    };
    setTimeout(placer.lay);
    return raastof.painter(map, "raastof-areas", 220, (frame) => {
      const { ctx } = frame;
      ctx.beginPath();
      for (const line of borders) {
        if (!outside(line.box, frame)) follow(ctx, onScreen(line, frame));
      }
      ctx.strokeStyle = "#cdc6b6";
      ctx.lineWidth = 1;
      ctx.setLineDash([6, 3, 1.5, 3]);
      ctx.stroke();
    });
  });
});

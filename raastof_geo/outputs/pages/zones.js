// Zones: areas in which soil needs a condition, under everything that moves.
const { readLine, stroke, trace } = raastof;

raastof.layer("zones", ({ zones }) => {
  const areas = zones.areas.map(({ rings }) => rings.map((ring) => readLine(ring)));
  return raastof.painted((map, layer) => {
    const view = raastof.of(map);
    layer.ending = view.listen("zones", () => layer.painter.repaint());
    return raastof.painter(map, "raastof-zones", 300, (frame) => {
      if (!view.on.zones) return;
      const { ctx } = frame;
      for (const rings of areas) {
        trace(frame, rings);
        ctx.globalAlpha = 0.12;
        ctx.fillStyle = zones.zone_colour;
        ctx.fill("evenodd");
        ctx.globalAlpha = 1;
        stroke(ctx, zones.zone_colour, 1.5, [6, 4]);
      }
    });
  });
});

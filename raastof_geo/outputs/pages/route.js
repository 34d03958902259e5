// After base.js.
const routeCanvas = L.canvas({ pane: "flows", padding: 0.5, tolerance: 6 });
const bounds = L.latLngBounds([]);
const draw = (line, colour, weight, dash) => {
  if (line.length < 2) return;
  const drawn = L.polyline(line, { renderer: routeCanvas, pane: "flows", color: colour, weight, dashArray: dash, opacity: 0.9 }).addTo(map);
  bounds.extend(drawn.getBounds());
};
draw(D.back, D.colours.back, 7, null);
draw(D.free, D.colours.free, 4, "8 6");
draw(D.legal, D.colours.legal, 4, null);
const pin = (at, text, className) => {
  L.marker(at, { keyboard: true, title: text, alt: text, icon: L.divIcon({ className, iconSize: [16, 16], html: make("span", "") }) }).bindPopup(make("p", text)).addTo(map);
  bounds.extend(at);
};
const ends = D.legal.length ? [D.legal[0], D.legal[D.legal.length - 1]] : [];
ends.forEach((at, rank) => pin(at, D.names[rank], "place"));
for (const stone of D.obstacles) pin(stone.at, stone.text, "stone");
if (bounds.isValid()) map.fitBounds(bounds, { padding: [40, 40] });
zoomed();

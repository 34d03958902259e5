// The page of one leg: the way that a truck may take, the one were nothing closed, and the way back.
const make = raastof.element;

raastof.around("route", (map, { route }) => {
  const bounds = L.latLngBounds([]), canvas = L.canvas({ padding: 0.5, tolerance: 6 });
  const read = (text) => {
    const [lat, lon] = text.split(" ").map(raastof.readNumbers);
    return (lon ?? []).map((east, at) => [lat[at] / 1e5, east / 1e5]);
  };
  const draw = (line, color, weight, dashArray) => {
    if (line.length < 2) return;
    const look = { renderer: canvas, weight, dashArray, opacity: 1 };
    L.polyline(line, { ...look, weight: weight + 3, color: "#ffffff", dashArray: null }).addTo(map);
    bounds.extend(L.polyline(line, { ...look, color }).addTo(map).getBounds());
  };
  const { colours } = route, legal = read(route.legal);
  draw(read(route.back), colours.back, 7, null);
  draw(read(route.free), colours.free, 4, "8 6");
  draw(legal, colours.legal, 4, null);
  const boxes = [];
  const pin = (at, text, className) => {
    const icon = L.divIcon({ className, iconSize: [16, 16], html: make("span", "") });
    L.marker(at, { title: text, alt: text, icon }).bindPopup(make("p", text)).addTo(map);
    boxes.push(at);
    bounds.extend(at);
  };
  [legal[0], legal.at(-1)].forEach((at, rank) => at && pin(at, route.names[rank], "place"));
  for (const stone of route.obstacles) pin(stone.at, stone.text, "stone");
  raastof.names(map).obstacles.add(() =>
    boxes.map((at) => {
      const { x, y } = map.latLngToLayerPoint(at);
      return [x - 9, y - 9, x + 9, y + 9];
    })
  );
  raastof.settle(map, bounds);
});

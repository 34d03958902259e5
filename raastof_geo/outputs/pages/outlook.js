// The page of what was read: sites, how far each was moved, and coordinates of what is clicked.
const make = raastof.element;

raastof.around("outlook", (map, { outlook: { sites, words } }) => {
  const bounds = L.latLngBounds([]);
  // Coordinates as a scenario and as a table have them, to be copied without any right to do so.
  const note = ({ name, lines, id, at: [lat, lon] }) => {
    const box = make("div"), [x, y] = [lon.toFixed(6), lat.toFixed(6)];
    box.append(make("h2", name), ...lines.map((line) => make("p", line)));
    for (const what of ["yaml", "row"]) {
      const value = what === "row" ? [id, x, y].join("\t") : `  ${id}: {lon: ${x}, lat: ${y}}`;
      const field = make("textarea"), named = { value, ariaLabel: words[what] };
      Object.assign(field, named, { readOnly: true, rows: 2, onfocus: () => field.select() });
      const copy = () => (field.select(), document.execCommand("copy"));
      box.append(make("label", words[what]), field, raastof.button(words.copy, copy));
    }
    return box;
  };
  const away = (at, other) => map.latLngToLayerPoint(at).distanceTo(map.latLngToLayerPoint(other));
  for (const { name, at, road, colour } of sites) {
    L.polyline([at, road], { color: "#a3160b", weight: 3, dashArray: "4 4" }).addTo(map);
    const html = make("span"), icon = L.divIcon({ className: "place", iconSize: [16, 16], html });
    html.style.background = colour;
    // One mark may hide others: all that lie below it are told.
    L.marker(at, { title: name, alt: name, icon }).addTo(map).bindPopup(() => {
      const box = make("div");
      return box.append(...sites.filter((one) => away(at, one.at) < 14).map(note)), box;
    }, { maxWidth: 280 });
    bounds.extend(at).extend(road);
  }
  map.on("click", ({ latlng: { lat, lng } }) => {
    const told = note({ name: words.here, lines: [], id: words.new, at: [lat, lng] });
    map.openPopup(told, [lat, lng], { maxWidth: 280 });
  });
  raastof.settle(map, bounds, { maxZoom: 14 });
});

// The page of what was read: sites, how far each was moved, and coordinates where the map is clicked.
const make = raastof.element;

raastof.around("outlook", (map, { outlook: { sites, words } }) => {
  const bounds = L.latLngBounds([]);
  // Coordinates as a scenario and as a table have them, to be copied without any right to do so.
  const note = (head, lines, id, [lat, lon]) => {
    const box = make("div"), [x, y] = [lon.toFixed(6), lat.toFixed(6)];
    box.append(make("h2", head), ...lines.map((line) => make("p", line)));
    const texts = [[words.yaml, `  ${id}: {lon: ${x}, lat: ${y}}`], [words.row, [id, x, y].join("\t")]];
    for (const [what, text] of texts) {
      const label = make("label", what), field = make("textarea"), copy = make("button", words.copy);
      Object.assign(field, { value: text, readOnly: true, rows: 2 });
      copy.onclick = () => (field.select(), document.execCommand("copy"));
      field.onfocus = () => field.select();
      label.append(field);
      box.append(label, copy);
    }
    return box;
  };
  for (const { id, name, at, road, moved, roles, colour } of sites) {
    L.polyline([at, road], { color: "#a3160b", weight: 3, dashArray: "4 4" }).addTo(map);
    const icon = L.divIcon({ className: "place", iconSize: [16, 16], html: make("span") });
    icon.options.html.style.background = colour;
    const marker = L.marker(at, { title: name, alt: name, icon }).addTo(map);
    marker.bindPopup(() => note(name, [roles, moved], id, at), { maxWidth: 280 });
    bounds.extend(at).extend(road);
  }
  map.on("click", ({ latlng: { lat, lng } }) => {
    const told = note(words.here, [], words.new, [lat, lng]);
    L.popup({ maxWidth: 280 }).setLatLng([lat, lng]).setContent(told).openOn(map);
  });
  L.control.scale({ imperial: false }).addTo(map);
  document.body.classList.add("planned", "route");
  map.invalidateSize({ pan: false });
  if (bounds.isValid()) map.fitBounds(bounds, { padding: [40, 40], maxZoom: 14, animate: false });
});

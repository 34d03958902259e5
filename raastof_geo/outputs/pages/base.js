map.attributionControl.setPrefix(false);
map.attributionControl.addAttribution(document.createTextNode(D.attribution).textContent);
const make = (tag, text, className) => {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
};
// A table comes as the names of its columns and rows of cells; each row becomes an object.
const readTable = ({ columns, rows }) => rows.map((cells) => Object.fromEntries(columns.map((name, at) => [name, cells[at]])));
const number = (value, digits = 0) => {
  const [whole, part] = value.toFixed(digits).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, D.group);
  return part ? grouped + D.decimal + part : grouped;
};
const pane = (name, z) => { map.createPane(name).style.zIndex = z; return L.canvas({ pane: name, padding: 0.5, tolerance: 6 }); };

// Land, roads and names: the base map.
const landCanvas = pane("land", 200), roadCanvas = pane("roads", 250), flowCanvas = pane("flows", 400);
map.createPane("names").style.zIndex = 450;
map.getPane("land").style.pointerEvents = map.getPane("roads").style.pointerEvents = "none";
map.getPane("names").style.pointerEvents = "none";
for (const area of D.land)
  L.polygon(area.rings.map((ring) => [ring]), { renderer: landCanvas, pane: "land", color: "#b9b4a6", weight: 1, fillColor: "#f6f3ea", fillOpacity: 1, interactive: false }).addTo(map);
for (const layer of D.roads)
  L.polyline(layer.lines, { renderer: roadCanvas, pane: "roads", color: "#c9b98f", weight: layer.weight, interactive: false }).addTo(map);
for (const town of D.towns)
  L.marker(town.at, { pane: "names", interactive: false, keyboard: false, icon: L.divIcon({ className: "town town" + town.rank, iconSize: null, html: make("span", town.name) }) }).addTo(map);
const zoomed = () => {
  const box = map.getContainer(), zoom = map.getZoom();
  box.classList.toggle("zoom-low", zoom < 8.5);
  box.classList.toggle("zoom-mid", zoom >= 8.5 && zoom < 11);
};
map.on("zoomend", zoomed);

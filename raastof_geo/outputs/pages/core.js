// What all modules use: data by name, elements, numbers, tables, and text that holds lines.
const parts = {}, makers = {}, controls = {};

raastof.keep = (name, part) => (parts[name] = part);
const collect = (names) => Object.assign({}, ...names.map((name) => parts[name]));

// An element of Folium's asks for a layer, or for what stands around a map, by its name.
raastof.layer = (name, maker) => (makers[name] = maker);
raastof.around = (name, maker) => (controls[name] = maker);
raastof.make = (name, names) => makers[name](collect(names));
raastof.control = (name, map, names) => controls[name](map, collect(names));

raastof.element = (tag, text, className) => {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
};
raastof.button = (text, act, className) => {
  const made = raastof.element("button", text, className);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
};
// A field with its name before it, or behind it and what stands before that: then it is a tick.
raastof.labelled = (into, text, field, before) => {
  const label = into.appendChild(raastof.element("label")), name = raastof.element("span", text);
  if (before === undefined) label.append(name, field);
  else {
    label.className = "tick";
    label.append(field, ...(before ? [before] : []), name);
  }
  return field;
};
// Fields with a name over them, or what opens at a touch of its name.
raastof.titled = (into, tag, text, values) => {
  const box = into.appendChild(raastof.element(tag));
  box.append(raastof.element(tag === "details" ? "summary" : "legend", text));
  return Object.assign(box, values);
};
raastof.select = (into, text, options, act) => {
  const select = raastof.labelled(into, text, raastof.element("select"));
  select.append(...options.map(([value, name]) => new Option(name.slice(0, 80), value)));
  select.addEventListener("change", () => act(select.value, select.selectedOptions[0].text));
  return select;
};
raastof.swatch = (colour, dashed, className = "line") => {
  const line = raastof.element("span", "", className + (dashed ? " dashed" : ""));
  line.style.color = colour;
  return line;
};
raastof.svg = (shape, size = 24) =>
  `<svg width="${size}" height="${size}" viewBox="-12 -12 24 24" aria-hidden="true">${shape}</svg>`;
raastof.fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

// All that passes a road, and what is not looked at just now; what the plan has more of, and less.
raastof.colours = { passing: "#1f4e79", dimmed: "#c3c0b8", more: "#0072b2", less: "#d55e00" };

// Begin a page that has a map and words beside it.
raastof.settle = (map, bounds, options) => {
  L.control.scale({ imperial: false }).addTo(map);
  document.body.classList.add("planned", "route");
  map.invalidateSize({ pan: false });
  if (bounds.isValid()) map.fitBounds(bounds, { padding: [40, 40], animate: false, ...options });
};

// What a map has under a key; it is made when somebody first asks for it.
raastof.obtain = (map, key, make) => {
  if (!map.has(key)) map.set(key, make(key));
  return map.get(key);
};

// A table comes as the names of its columns and rows of cells; each row becomes an object.
raastof.readTable = ({ columns, rows }) =>
  rows.map((cells) => Object.fromEntries(columns.map((name, at) => [name, cells[at]])));

// How numbers are written: with the signs of the language, and no more digits than are known.
raastof.write = ({ group, decimal }, value, digits = 0) => {
  const [whole, part] = Math.abs(value).toFixed(digits).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, group);
  const text = part ? grouped + decimal + part : grouped;
  return value < 0 && /[1-9]/.test(text) ? "−" + text : text;
};

// Whole numbers, each as its step from the one before: see `encode_numbers`.
raastof.readNumbers = (text) => {
  const found = [];
  let sum = 0, value = 0, shift = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at) - 63;
    value |= (code & 31) << shift;
    shift += 5;
    if (code >= 32) continue;
    sum += value & 1 ? ~(value >> 1) : value >> 1;
    found.push(sum);
    value = shift = 0;
  }
  return found;
};

// Places on the map of the world that is one wide and one high, as Mercator draws it.
const east = (lon) => lon / 360 + 0.5;
const south = (lat) => 0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / 2 / Math.PI;
raastof.toWorld = ([lat, lon]) => [east(lon), south(lat)];

// A line of the world, and the box that it fills.
raastof.readLine = (text, decimals = 4) => {
  const [lat, lon] = text.split(" ").map(raastof.readNumbers);
  const xy = new Float64Array(2 * (lon ? lon.length : 0)), box = [2, 2, -1, -1];
  for (let at = 0; at < xy.length; at += 2) {
    const x = xy[at] = east(lon[at / 2] / 10 ** decimals);
    const y = xy[at + 1] = south(lat[at / 2] / 10 ** decimals);
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  }
  return { xy, box };
};

// A table of HTML; columns before `words` are text, the others numbers. A cell may be an element.
raastof.table = (heads, rows, caption, words = 1) => {
  const make = raastof.element, grid = make("table");
  if (caption) grid.append(make("caption", caption));
  if (heads) {
    const row = grid.appendChild(make("thead")).appendChild(make("tr"));
    heads.forEach((head, at) => {
      const cell = row.appendChild(make(head ? "th" : "td", head, at >= words ? "n" : ""));
      if (head) cell.scope = "col";
    });
  }
  const body = grid.appendChild(make("tbody"));
  for (const cells of rows) {
    const row = body.appendChild(make("tr"));
    cells.forEach((cell, at) => {
      const made = make(at ? "td" : "th", undefined, at >= words ? "n" : "");
      made.append(cell);
      made.dir = "auto";
      if (!at) made.scope = "row";
      row.append(made);
    });
  }
  return grid;
};

// The legend follows the view: it says what colours, widths and shapes mean just now.
const make = raastof.element;

const sample = (into, colour, height, text, dashed) => {
  const key = into.appendChild(make("div", undefined, "key"));
  const line = key.appendChild(make("span", "", "line" + (dashed ? " dashed" : "")));
  line.style.color = colour;
  line.style.height = Math.max(2, height).toFixed(1) + "px";
  key.append(make("span", text));
};

const tellMaterials = (into, view) => {
  const { materials, families, texts } = view.story;
  const seen = new Set(view.single.map((group) => group.material));
  let family = "";
  materials.forEach((material, at) => {
    if (!seen.has(at)) return;
    if (material.family !== family) {
      family = material.family;
      into.append(make("h3", families[family]));
    }
    sample(into, material.colour, 7, material.name, material.virgin);
  });
  if (!seen.size) into.append(make("p", texts.none));
};

const tellWidths = (into, view) => {
  const { texts } = view.story, { colours } = raastof;
  into.append(make("h3", texts.width));
  const colour = view.as === "flows" || view.chosen ? "#59636d" : colours.passing;
  for (const share of [1, 0.25, 0.03]) {
    const step = 10 ** Math.max(0, Math.floor(Math.log10(view.most * share)) - 1);
    const tonnes = Math.max(1, Math.round((view.most * share) / step) * step);
    sample(into, colour, view.width(tonnes), view.write(tonnes) + " t");
  }
};

const tellTrucks = (into, view) => {
  const { texts, classes } = view.story, plain = view.differs;
  into.append(make("h3", texts.trucks));
  classes.forEach(({ least, colour, width }, at) => {
    const most = classes[at + 1]?.least;
    const text = most
      ? `${view.write(least)} – ${view.write(most)}`
      : raastof.fill(texts.over, { least: view.write(least) });
    sample(into, plain ? "#59636d" : colour, width * view.stretch, text);
  });
  into.append(make("p", texts.trucksnote));
};

raastof.legend = (view, into) => {
  const { texts, sites } = view.story, { colours } = raastof;
  const tell = () => {
    const difference = view.differs;
    into.replaceChildren(make("h2", texts.legend));
    if (difference) {
      sample(into, colours.more, 7, texts.more);
      sample(into, colours.less, 7, texts.less, true);
    }
    if (!difference && (view.as === "flows" || view.chosen)) tellMaterials(into, view);
    if (view.chosen) sample(into, colours.dimmed, 6, texts.rest);
    if (view.as === "burden" && !view.chosen) tellTrucks(into, view);
    else tellWidths(into, view);
    const marks = into.appendChild(make("div", undefined, "marks"));
    for (const role of Object.keys(view.story.marks)) {
      if (!sites.some((site) => site.roles.includes(role))) continue;
      const key = marks.appendChild(make("div", undefined, "key"));
      key.innerHTML = raastof.svg(raastof.shapeOf(view.story, [role]), 20);
      key.append(make("span", texts[role]));
    }
    if (view.on.zones) {
      for (const name of new Set((view.zones?.areas ?? []).map((zone) => zone.name))) {
        const key = into.appendChild(make("div", undefined, "key"));
        key.appendChild(make("span", "", "zone-key")).style.color = view.zones.zone_colour;
        key.append(make("span", name));
      }
    }
  };
  view.listen("legend", tell);
  view.map.on("zoomend", tell);
};

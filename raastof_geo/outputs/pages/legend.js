// The legend follows the view: it says what colours, widths and shapes mean just now.
const make = raastof.element;

const explain = (into, mark, text) =>
  into.appendChild(make("div", undefined, "key")).append(mark, make("span", text));
const sample = (into, colour, height, text, dashed) => {
  const line = raastof.swatch(colour, dashed);
  line.style.height = Math.max(2, height).toFixed(1) + "px";
  explain(into, line, text);
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
    const [from, to] = [least, most ?? 0].map((one) => view.write(one));
    const text = most ? `${from} – ${to}` : raastof.fill(texts.over, { least: from });
    sample(into, plain ? "#59636d" : colour, width * view.stretch, text);
  });
  into.append(make("p", texts.trucksnote));
};

raastof.legend = (view, into) => {
  const { texts, sites } = view.story, { colours } = raastof;
  const tell = () => {
    into.replaceChildren(make("h2", texts.legend));
    if (view.differs) {
      const [more, less] = view.tries ? ["tried_more", "tried_less"] : ["more", "less"];
      sample(into, colours.more, 7, texts[more]);
      sample(into, colours.less, 7, texts[less], true);
    }
    if (!view.differs && (view.as === "flows" || view.chosen)) tellMaterials(into, view);
    if (view.chosen) sample(into, colours.dimmed, 6, texts.rest);
    if (view.as === "burden" && !view.chosen) tellTrucks(into, view);
    else tellWidths(into, view);
    const marks = into.appendChild(make("div", undefined, "marks"));
    for (const role of Object.keys(view.story.marks)) {
      if (!sites.some((site) => site.roles.includes(role))) continue;
      const shape = make("template");
      shape.innerHTML = raastof.svg(raastof.shapeOf(view.story, [role]), 20);
      explain(marks, shape.content, texts[role]);
    }
    const { areas, zone_colour } = (view.on.zones && view.zones) || { areas: [] };
    for (const name of new Set(areas.map((zone) => zone.name))) {
      explain(into, raastof.swatch(zone_colour, false, "zone-key"), name);
    }
  };
  view.listen("legend", tell);
  view.map.on("zoomend", tell);
};

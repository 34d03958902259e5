// The panel in which edits pile up, and what the answer to them is.
const make = raastof.element;

// Plain YAML of edits: paths become nested keys; a place in a list stands in a comment-free path.
const writePatch = (patch, told) =>
  [
    `# scenario sha256: ${told.sha256}`,
    `# proof.npz sha256: ${told.proof || "-"}`,
    ...patch.map(([path, value]) => `${path.join(".")}: ${JSON.stringify(value)}`),
  ].join("\n");

raastof.tryOut = (view, box, told) => {
  const { texts, sites, materials } = view.story, { uses } = view.traffic;
  const programme = new raastof.Programme(told), edits = [];
  const { adjustable, periods } = told;
  for (const name of told.more.uses.slice(uses.length)) uses.push(name);
  for (const name of told.more.materials.slice(materials.length)) {
    materials.push({ id: name, name: told.names[name] ?? name, colour: "#59636d", family: "" });
  }
  view.flows.tried = [];
  view.trips.tried = [];
  view.story.totals.tried = periods.map(() => ({ kg: 0, loads: 0 }));

  const join = () => {
    const all = { entries: {}, closed: {}, aims: {}, first: undefined };
    for (const { kind, at, value } of edits) {
      if (kind === "first") all.first = value;
      else if (kind === "closed") all.closed[at] = true;
      else if (kind === "aims") all.aims[at] = value;
      else {
        const one = (all.entries[at] ??= {});
        if (kind === "accepts") one.accepts = [...(one.accepts ?? []), value];
        else one[kind] = value;
      }
    }
    return all;
  };

  // Flows of an answer, along a road that the page has, else straight from place to place.
  const roads = new Map();
  for (const side of ["plan", "before"]) {
    for (const flow of view.flows[side]) {
      roads.set(`${flow.origin}-${flow.destination}`, flow.route);
    }
  }
  const routeOf = (from, to) => {
    const key = `${from}-${to}`;
    if (from === to) return -1;
    if (!roads.has(key)) {
      const segment = view.traffic.segments.length, route = view.traffic.routes.length;
      const [a, b] = [from, to].map((at) => raastof.toWorld(sites[at].at)), xy = [...a, ...b];
      const box = [0, 1].map((at) => Math.min(a[at], b[at])).concat(
        [0, 1].map((at) => Math.max(a[at], b[at])),
      );
      view.traffic.segments.push("");
      view.traffic.routes.push("");
      view.lines[segment] = { xy: Float64Array.from(xy), box };
      view.ways[route] = [2 * segment];
      view.straight.add(segment);
      roads.set(key, route);
    }
    return roads.get(key);
  };
  const list = (x) => {
    const found = [], transport = programme.costs[told.transport];
    for (let j = 0; x && j < programme.giver.length; j++) {
      if (x[j] < 1e-6) continue;
      const gives = told.givers[programme.giver[j]], takes = told.takers[programme.taker[j]];
      found.push({
        route: routeOf(gives[0], takes[0]),
        origin: gives[0],
        destination: takes[0],
        material: gives[1],
        period: programme.period[j],
        use: takes[1],
        truck: gives[0] === takes[0] ? view.story.vehicles.length - 1 : programme.vehicle[j],
        tonnes: x[j],
        length_km: programme.length[j],
        loads: Math.ceil(x[j] / programme.load[j] - 1e-9),
        kg_co2e: x[j] * transport[j],
      });
    }
    return found;
  };

  const answer = make("section"), listed = make("ul"), patch = make("textarea");
  answer.id = "tried";
  answer.setAttribute("aria-live", "polite");
  patch.readOnly = true;
  patch.rows = 5;
  patch.setAttribute("aria-label", texts.whatif_patch);
  const tell = () => {
    const all = join(), found = programme.answer(all), rows = [];
    answer.replaceChildren(make("p", texts.whatif_yours));
    box.dataset.proved = String(found.proved);
    box.dataset.none = String(Boolean(found.none));
    if (found.none) {
      answer.append(make("p", found.proved ? texts.whatif_none : texts.whatif_unsure, "verdict"));
      const rules = answer.appendChild(make("ul"));
      found.conflict.slice(0, 12).forEach((at) => rules.append(make("li", told.rows[at])));
      const far = programme.reach(all);
      for (const { row, t } of far) {
        answer.append(
          make(
            "p",
            raastof.fill(texts.whatif_lacks, {
              row: told.rows[row],
              t: view.write(t, t < 10 ? 1 : 0),
            }),
          ),
        );
      }
    } else {
      const said = found.decided ? texts.whatif_decided : texts.whatif_proved;
      answer.append(make("p", found.proved ? said : texts.whatif_unproved, "verdict"));
      if (found.x) {
        for (const { title, plan, before, now, factor, digits } of programme.figures(found.x)) {
          const [a, b, c] = [now, plan, before].map((one) => view.write(one * factor, digits));
          rows.push([title, a, b, c]);
        }
        answer.append(raastof.table(["", texts.whatif_now, texts.plan, texts.before], rows));
      }
    }
    view.flows.tried = list(found.x);
    view.story.totals.tried = periods.map((_, at) => {
      const mine = view.flows.tried.filter(({ period }) => period === at);
      const sum = (name) => mine.reduce((total, one) => total + one[name], 0);
      return { kg: sum("kg_co2e"), loads: sum("loads") };
    });
    listed.replaceChildren(...edits.map((edit) => {
      const item = make("li", edit.text + " "), undo = make("button", texts.whatif_undo);
      undo.type = "button";
      undo.setAttribute("aria-label", `${texts.whatif_undo}: ${edit.text}`);
      undo.addEventListener("click", () => {
        edits.splice(edits.indexOf(edit), 1);
        tell();
      });
      item.append(undo);
      return item;
    }));
    patch.value = writePatch(programme.patch(all), told);
    box.dataset.edits = String(edits.length);
    view.change({ mode: edits.length && found.x ? "change" : "plan", site: null, flow: null });
  };
  const add = (edit) => {
    const same = (one) => one.kind === edit.kind && one.at === edit.at && edit.kind !== "accepts";
    const before = edits.findIndex(same);
    if (before >= 0) edits.splice(before, 1);
    edits.push(edit);
    tell();
  };

  // What can be changed of the site that is chosen, here or on the map.
  const label = (text, field) => {
    const made = make("label");
    made.append(make("span", text), field);
    return made;
  };
  const button = (text, act) => {
    const made = make("button", text);
    made.type = "button";
    made.addEventListener("click", act);
    return made;
  };
  const place = make("select"), knobs = make("div");
  place.id = "whatif-site";
  const named = sites.map((site, at) => [at, site.name]).sort((a, b) => a[1].localeCompare(b[1]));
  place.append(
    new Option("–", ""),
    ...named.map(([at, name]) => new Option(name.slice(0, 80), at)),
  );
  const span = ([first, last]) => periods[first] + (first < last ? "–" + periods[last] : "");
  const show = () => {
    knobs.replaceChildren();
    if (place.value === "") return;
    const at = Number(place.value), site = sites[at];
    adjustable.forEach((one, number) => {
      if (one.site !== site.id) return;
      const set = knobs.appendChild(make("fieldset")), what = told.called[number];
      set.append(make("legend", what));
      if (!one.moves[0]) {
        set.append(make("p", texts.whatif_ask));
        return;
      }
      const name = `${site.name}, ${what}`, input = make("input");
      Object.assign(input, { type: "number", min: 0, max: one.value * told.times, step: "any" });
      input.value = one.value;
      input.addEventListener("change", () => {
        const value = Math.min(one.value * told.times, Math.max(0, Number(input.value) || 0));
        add({
          kind: "value",
          at: number,
          value,
          text: `${name}: ${view.write(value)} ${one.unit}`,
        });
      });
      set.append(label(`${texts.whatif_amount} [${one.unit}]`, input));
      for (const [shift, key] of [[-1, "whatif_earlier"], [1, "whatif_later"]]) {
        const ends = one.moves[shift];
        if (!ends) continue;
        const text = `${texts[key]}: ${span(ends)}`;
        set.append(
          button(
            text,
            () => add({ kind: "shift", at: number, value: shift, text: `${name}: ${span(ends)}` }),
          ),
        );
      }
      if (one.list !== "needs" || !told.widened) return;
      const accept = make("select");
      accept.append(new Option("–", ""));
      for (const [id, called] of Object.entries(told.conditions)) {
        if (!one.accepts.includes(id)) accept.append(new Option(called, id));
      }
      accept.addEventListener("change", () => {
        const called = told.conditions[accept.value];
        if (called) {
          add({ kind: "accepts", at: number, value: accept.value, text: `${name}: ${called}` });
        }
      });
      set.append(label(texts.whatif_accept, accept));
    });
    for (const kind of ["pit", "receiver"]) {
      if (!site.roles.includes(kind)) continue;
      const text = raastof.fill(texts.whatif_close, { site: site.name, kind: texts[kind] });
      knobs.append(
        told.fixed
          ? make("p", texts.whatif_ask)
          : button(text, () => add({ kind: "closed", at: `${kind}/${at}`, text })),
      );
    }
    if (!knobs.children.length) knobs.append(make("p", texts.whatif_nothing));
  };
  place.addEventListener("change", show);
  view.listen("whatif", () => {
    const { site } = view.on;
    if (site === null || place.value === String(site)) return;
    place.value = site;
    show();
  });

  const general = make("div");
  told.aims.forEach((aim, at) => {
    const input = Object.assign(make("input"), { type: "number", min: 0, max: 100, step: "any" });
    input.value = Math.round(aim.level * 1e6) / 1e4;
    input.addEventListener("change", () => {
      const value = Math.min(1, Math.max(0, Number(input.value) / 100 || 0));
      add({ kind: "aims", at, value, text: `${told.rows[aim.row]}: ${input.value} %` });
    });
    general.append(label(`${told.rows[aim.row]} [%]`, input));
  });
  const order = make("select");
  order.append(...told.orders.map((one) => new Option(told.titles[one], one)));
  order.addEventListener(
    "change",
    () =>
      add({
        kind: "first",
        value: order.value,
        text: `${texts.whatif_first}: ${told.titles[order.value]}`,
      }),
  );
  general.append(label(texts.whatif_first, order));
  const modes = make("div");
  for (
    const [mode, key] of [["change", "whatif_change"], ["tried", "whatif_now"], ["plan", "plan"]]
  ) {
    modes.append(button(texts[key], () => view.change({ mode })));
  }
  if (told.fixed) box.append(make("p", raastof.fill(texts.whatif_fixed, { key: told.fixed })));
  box.append(label(texts.whatif_site, place), knobs, general, listed, answer, modes);
  box.append(label(texts.whatif_patch, patch));
  show();
  tell();
};

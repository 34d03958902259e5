// The panel in which edits pile up, and what the answer to them is.
const make = raastof.element, { button, labelled, select, fill, titled, toWorld } = raastof;

// A variant of the scenario with all changes, to be pasted into its file.
const writePatch = (patch, told) =>
  [
    `# scenario sha256: ${told.sha256}`,
    `# proof.npz sha256: ${told.proof || "-"}`,
    ...(patch.length ? ["variants:", "  my_change:", "    set:"] : []),
    ...patch.map(([path, value]) => `      ${path.join(".")}: ${JSON.stringify(value)}`),
  ].join("\n");

// Flows of an answer, along a road that the page has, else straight from place to place.
const drawer = (view, programme) => {
  const { told, cost, giver, taker, period, vehicle } = programme, { traffic } = view;
  const roads = new Map(), transport = cost[told.transport], { sites, vehicles } = view.story;
  for (const { origin, destination, route } of [...view.flows.before, ...view.flows.plan]) {
    roads.set(`${origin}-${destination}`, route);
  }
  const routeOf = (...ends) => {
    const key = ends.join("-");
    if (!roads.has(key)) {
      const [[x, y], [u, v]] = ends.map((at) => toWorld(sites[at].at));
      const box = [Math.min(x, u), Math.min(y, v), Math.max(x, u), Math.max(y, v)];
      const segment = traffic.segments.push("") - 1, route = traffic.routes.push("") - 1;
      view.lines[segment] = { xy: Float64Array.from([x, y, u, v]), box };
      view.ways[route] = [2 * segment];
      view.straight.add(segment);
      roads.set(key, route);
    }
    return roads.get(key);
  };
  const draw = (j, tonnes) => {
    const gives = told.givers[giver[j]], takes = told.takers[taker[j]];
    const [origin, destination, inside] = [gives[0], takes[0], gives[0] === takes[0]];
    return {
      ...{ origin, destination, tonnes, period: period[j], material: gives[1], use: takes[1] },
      route: inside ? -1 : routeOf(origin, destination),
      truck: inside ? vehicles.length - 1 : vehicle[j],
      length_km: programme.length[j],
      loads: Math.ceil(tonnes / programme.load[j] - 1e-9),
      kg_co2e: tonnes * transport[j],
    };
  };
  return (x) => giver.flatMap((_, j) => x?.[j] > 1e-6 ? [draw(j, x[j])] : []);
};

// How many flows are new, gone, larger and smaller, of those that are shown.
const compare = (view) => {
  view.kept.clear();
  const [now, then] = ["tried", "plan"].map((side) => view.join(side));
  const found = { more: 0, gone: 0, larger: 0, smaller: 0 };
  for (const key of new Set([...now.keys(), ...then.keys()])) {
    const [a, b] = [now, then].map((side) => side.get(key)?.t ?? 0);
    if (Math.abs(a - b) > 0.5) found[b ? (a ? a > b ? "larger" : "smaller" : "gone") : "more"]++;
  }
  return found;
};

raastof.tryOut = (view, box, told) => {
  const { texts, sites, materials } = view.story, { uses } = view.traffic;
  const { texts: words, periods } = told;
  const programme = new raastof.Programme(told), draw = drawer(view, programme), edits = [];
  const [answer, listed, patch] = ["section", "ul", "textarea"].map((tag) => make(tag));
  const [knobs, general, modes] = ["div", "div", "div"].map((tag) => make(tag));
  let ends = [], last = "";
  uses.push(...told.uses.slice(uses.length));
  for (const [id, name] of told.materials.slice(materials.length)) {
    materials.push({ id, name, colour: "#59636d", family: "" });
  }
  view.trips.tried = [];

  const join = () => {
    const all = { entries: {}, closed: {}, aims: {} };
    for (const { put } of edits) put(all);
    return all;
  };
  const entryOf = (all, at) => (all.entries[at] ??= { accepts: [] });

  const say = (text, className) => answer.append(make("p", text, className));
  const tellFigures = (x, head) => {
    const rows = programme.figures(x).map(({ title, plan, before, now, factor, digits }) => [
      title,
      ...[now, plan, before].map((one) => view.write(one * factor, digits)),
    ]);
    answer.append(raastof.table(["", head, texts.plan, texts.before], rows));
  };
  const tellNone = ({ proved, conflict }, all) => {
    say(proved ? words.none : words.unsure, "verdict");
    const rules = conflict.slice(0, 12).map((at) => make("li", told.rows[at]));
    answer.appendChild(make("ul")).append(...rules);
    const { lacks, x } = programme.reach(all);
    for (const { row, t } of lacks) {
      say(fill(words.lacks, { row: told.rows[row], t: view.write(t, t < 10 ? 1 : 0) }));
    }
    if (x) tellFigures(x, words.reach);
  };
  const tellPlan = ({ x, proved, beyond, decided, first }) => {
    const said = first.includes("co2e") ? words.proved : words.least;
    const verdict = proved ? (decided ? words.decided : said) : words.unproved;
    say(beyond ? words.beyond : verdict, "verdict");
    if (x) tellFigures(x, words.now);
    if (x) say(fill(words.flows, compare(view)));
  };
  const tell = () => {
    const all = join(), found = programme.answer(all);
    Object.assign(box.dataset, { proved: found.proved, none: found.none, edits: edits.length });
    view.flows.tried = draw(found.x);
    answer.replaceChildren(make("p", words.yours));
    if (found.none) tellNone(found, all);
    else tellPlan(found);
    listed.replaceChildren(...edits.map((edit) => {
      const item = make("li", edit.text + " ");
      const undo = button(words.undo, () => {
        edits.splice(edits.indexOf(edit), 1);
        tell();
        show();
        (listed.querySelector("button") ?? place).focus();
      });
      item.append(Object.assign(undo, { ariaLabel: `${words.undo}: ${edit.text}` }));
      return item;
    }));
    patch.value = writePatch(programme.patch(all), told);
    view.change({ mode: edits.length && found.x ? "change" : "plan", flow: null });
  };
  // An edit takes the place of an earlier one about the same, which its key tells.
  const add = (key, text, put) => {
    const before = edits.findIndex((one) => one.key === key);
    if (before >= 0) edits.splice(before, 1);
    edits.push({ key, text, put });
    tell();
  };

  // What can be changed: an amount or a share, one of a list, or at a touch.
  const number = (into, text, value, most, act) => {
    const known = { type: "number", min: 0, max: most, step: "any", value };
    const input = labelled(into, text, Object.assign(make("input"), known));
    input.addEventListener("change", () => {
      input.value = Math.min(most, Math.max(0, Number(input.value) || 0));
      act(Number(input.value));
    });
  };
  const span = ([first, last]) => periods[first] + (first < last ? "–" + periods[last] : "");
  const showEntry = (one, at) => {
    const name = `${sites[view.places.get(one.path[1])].name}, ${one.called}`;
    const set = titled(knobs, "fieldset", name);
    if (!one.moves[0]) return set.append(make("p", words.ask));
    const now = join().entries[at]?.value ?? one.value, most = one.value * told.times;
    number(set, `${words.amount} [${one.unit}]`, now, most, (value) => {
      const text = `${name}: ${view.write(value, value % 1 ? 2 : 0)} ${one.unit}`;
      add(`value ${at}`, text, (all) => (entryOf(all, at).value = value));
    });
    for (const [shift, key] of [[-1, "earlier"], [1, "later"]]) {
      const moved = one.moves[shift], put = (all) => (entryOf(all, at).shift = shift);
      const act = () => add(`shift ${at}`, `${name}: ${span(moved)}`, put);
      if (moved) set.append(button(`${words[key]}: ${span(moved)}`, act));
    }
    if (one.path[2] !== "needs" || !told.widened) return;
    const open = Object.entries(told.conditions).filter(([id]) => !one.accepts.includes(id));
    select(set, words.accept, [["", "–"], ...open], (id, called) => {
      const put = (all) => entryOf(all, at).accepts.push(id);
      if (id) add(`accepts ${at} ${id}`, `${name}: ${called}`, put);
    });
  };
  const show = () => {
    knobs.replaceChildren();
    for (const at of ends) {
      const site = sites[at];
      told.adjustable.forEach((one, entry) => one.path[1] === site.id && showEntry(one, entry));
      for (const kind of ["pit", "receiver"].filter((one) => site.roles.includes(one))) {
        const text = fill(words.close, { site: site.name, kind: texts[kind] });
        const key = `${kind}/${at}`, act = () => add(key, text, (all) => (all.closed[key] = true));
        knobs.append(told.fixed ? make("p", words.ask) : button(text, act));
      }
      if (!knobs.children.length) knobs.append(make("p", words.nothing));
    }
  };

  if (told.fixed) box.append(make("p", fill(words.fixed, { key: told.fixed })));
  const named = sites.map(({ name }, at) => [String(at), name]);
  named.sort(([, one], [, other]) => one.localeCompare(other));
  const place = select(box, words.site, [["", "–"], ...named], (at) => {
    ends = at ? [Number(at)] : [];
    show();
  });
  view.listen("whatif", () => {
    const { site, flow } = view.on, now = flow ?? String(site ?? "");
    if (!now || now === last) return;
    last = now;
    ends = now.split("-").slice(0, 2).map(Number);
    place.value = ends.length > 1 ? "" : now;
    show();
  });
  told.aims.forEach(({ row, level }, at) => {
    number(general, `${told.rows[row]} [%]`, Math.round(level * 1e6) / 1e4, 100, (value) => {
      const text = `${told.rows[row]}: ${view.write(value, 1)} %`;
      add(`aim ${at}`, text, (all) => (all.aims[at] = value / 100));
    });
  });
  const orders = told.orders.map((one) => [one, told.titles[one]]);
  select(general, words.first, orders, (id, name) => {
    add("first", `${words.first}: ${name}`, (all) => (all.first = id));
  });
  for (const [mode, key] of [["change", "change"], ["tried", "now"], ["plan", "plan"]]) {
    modes.append(button(words[key] ?? texts[key], () => view.change({ mode })));
  }
  Object.assign(place, { id: "whatif-site" });
  Object.assign(answer, { id: "tried", ariaLive: "polite" });
  Object.assign(patch, { readOnly: true, rows: 5 });
  box.append(knobs, general, listed, answer, modes);
  labelled(box, words.patch, patch);
  show();
  tell();
};

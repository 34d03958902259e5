// One sentence says what the map shows just now, worked out of the flows that are shown.
const sum = (groups, name) => groups.reduce((total, one) => total + one[name], 0);

// Three digits for people, and a tenth of what is below ten.
const round = (value) => {
  const size = Math.abs(value);
  const step = size < 10 ? 0.1 : 10 ** Math.max(0, Math.floor(Math.log10(size)) - 2);
  return Math.round(value / step) * step;
};

raastof.sentence = (view, into) => {
  const { texts, sites, materials } = view.story;
  const write = (value) => view.write(round(value), Math.abs(value) < 10 && value % 1 ? 1 : 0);
  const lit = (one) => one.from !== one.to && (!view.chosen || view.isLit(one));
  const subject = () => {
    const { site, flow, project, municipality } = view.on, { projects } = view.story;
    const [from, to, material] = (flow ?? "").split("-").map(Number);
    const ends = flow && `${materials[material].name}: ${sites[from].name} → ${sites[to].name}`;
    const named = projects.find(({ id }) => id === project)?.name ?? project;
    const about = [ends ?? sites[site]?.name, named, municipality].filter(Boolean);
    return about.length ? about.join(", ") + ". " : "";
  };
  const tell = () => {
    if (view.tries) return (into.textContent = texts.tried_said);
    const { mode } = view.on, when = view.nameOfPeriod();
    const join = (side) => [...view.join(side).values()].filter(lit);
    const sides = { plan: join("plan"), before: join("before") }, whole = view.isWhole;
    const count = (side, name) => whole ? view.total(side, name) : sum(sides[side], name);
    const kg = { plan: count("plan", "kg"), before: count("before", "kg") };
    const change = kg.before ? (100 * (kg.plan - kg.before)) / kg.before : 0;
    const values = { when, before: write(kg.before / 1000), plan: write(kg.plan / 1000) };
    values.change = write(Math.abs(change));
    const differs = change < 0 ? texts.said_less : texts.said_more;
    const against = Math.abs(change) < 0.5 ? texts.said_same : differs;
    const compared = sides.before.length ? against : texts.said_alone;
    let text = "";
    if (mode === "difference") {
      const loads = count("plan", "loads") - count("before", "loads");
      values.loads = (loads > 0 ? "+" : "") + write(loads);
      values.co2e = (kg.plan > kg.before ? "+" : "") + write((kg.plan - kg.before) / 1000);
      text = raastof.fill(texts.said_difference, values);
    } else {
      const shown = sides[mode];
      values.tonnes = write(sum(shown, "t"));
      values.loads = write(count(mode, "loads"));
      values.co2e = write(kg[mode] / 1000);
      values.sites = view.write(new Set(shown.flatMap(({ from, to }) => [from, to])).size);
      const said = mode === "plan" ? texts.said_plan : texts.said_before;
      text = raastof.fill(shown.length ? said : texts.said_nothing, values);
    }
    // What empty trips from job to job emit is not in single flows: those are not compared.
    const fair = whole || !view.story.undivided;
    if (fair && mode === "plan" && sides.plan.length) text += " " + raastof.fill(compared, values);
    if (!fair && mode !== "before") text += " " + texts.said_part;
    if (view.on.without.size) text += " " + texts.said_without;
    text = subject() + text;
    if (into.textContent !== text) into.textContent = text;
  };
  view.listen("sentence", tell);
};

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
  const lit = (groups) =>
    (view.chosen ? groups.filter((one) => view.isLit(one)) : groups)
      .filter((one) => one.from !== one.to);
  const subject = () => {
    const { site, flow, project, municipality } = view.on, { projects } = view.story;
    const about = [];
    if (flow !== null) {
      const [from, to, material] = flow.split("-").map(Number);
      about.push(`${materials[material].name}: ${sites[from].name} → ${sites[to].name}`);
    } else if (site !== null) about.push(sites[site].name);
    if (project) about.push(projects.find(({ id }) => id === project)?.name ?? project);
    if (municipality) about.push(municipality);
    return about.length ? about.join(", ") + ". " : "";
  };
  const tell = () => {
    if (view.tries) {
      into.textContent = view.story.texts.tried_said;
      return;
    }
    const { mode } = view.on, when = view.nameOfPeriod();
    const sides = Object.fromEntries(
      ["plan", "before"].map((side) => [side, lit([...view.join(side).values()])]),
    );
    const whole = view.isWhole;
    const count = (side, name) => whole ? view.total(side, name) : sum(sides[side], name);
    const kg = { plan: count("plan", "kg"), before: count("before", "kg") };
    const change = kg.before ? (100 * (kg.plan - kg.before)) / kg.before : 0;
    const values = { when, before: write(kg.before / 1000), plan: write(kg.plan / 1000) };
    values.change = write(Math.abs(change));
    const compared = !sides.before.length
      ? texts.said_alone
      : Math.abs(change) < 0.5
      ? texts.said_same
      : change < 0
      ? texts.said_less
      : texts.said_more;
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

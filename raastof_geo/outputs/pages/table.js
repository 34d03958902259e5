// The table twin of the map: every flow that is shown, each of which can be opened.
const MOST_ROWS = 500;
const make = raastof.element;

raastof.twin = (view) => {
  const { texts, sites, materials } = view.story, { uses } = view.traffic;
  const twin = document.getElementById("rows"), box = twin.querySelector(".scroll");
  const told = document.getElementById("told");
  const tell = () => {
    count();
    if (!twin.open) return;
    const rows = view.shown.slice(0, MOST_ROWS).map((group) => {
      const open = raastof.button(sites[group.from].name, () => {}, "open");
      open.dataset.flow = group.key;
      open.setAttribute("aria-pressed", String(group.key === view.on.flow));
      const words = [sites[group.to].name, materials[group.material].name, uses[group.use]];
      const [t, loads, kg] = [group.t, group.loads, group.kg].map((one) => view.signed(one));
      return [open, ...words, t, loads, view.write(group.km), kg];
    });
    // What empty trips from job to job come to, so that the column adds up to the sentence on top.
    const { mode } = view.on, side = mode === "before" ? "before" : "plan";
    let rest = view.total(side, "kg") - view.shown.reduce((sum, one) => sum + one.kg, 0);
    if (mode === "difference") rest -= view.total("before", "kg");
    if (view.isWhole && !view.tries && Math.abs(rest) > view.shown.length) {
      rows.push([texts.empties, "", "", "", "", "", "", view.signed(rest)]);
    }
    const heads = [texts.from, texts.to, texts.material, texts.purpose, "t", texts.loads];
    const focused = box.contains(document.activeElement) && document.activeElement.dataset.flow;
    box.replaceChildren(raastof.table([...heads, "km", texts.kg], rows, undefined, 4));
    if (focused) box.querySelector(`button[data-flow="${focused}"]`)?.focus();
    if (view.shown.length > MOST_ROWS) {
      const values = { most: view.write(MOST_ROWS), all: view.write(view.shown.length) };
      box.append(make("p", raastof.fill(texts.rows, values)));
    }
  };
  const count = () => {
    const sum = (groups) => groups.reduce((total, one) => total + Math.abs(one.t), 0);
    const all = sum(view.groups), { shown, groups } = view;
    const values = { shown: view.write(shown.length), all: view.write(groups.length) };
    values.share = view.write(all ? (100 * sum(shown)) / all : 100);
    const text = raastof.fill(groups.length ? texts.count : texts.nothing, values);
    if (told.textContent !== text) told.textContent = text;
    Object.assign(view.map.getContainer().dataset, { flows: shown.length, mode: view.on.mode });
  };
  box.addEventListener("click", (event) => {
    const row = event.target.closest("tbody tr"), key = row?.querySelector("button")?.dataset.flow;
    if (!key) return;
    view.change(key === view.on.flow ? { flow: null } : { flow: key, site: null });
  });
  twin.addEventListener("toggle", () => {
    tell();
    view.map.invalidateSize({ pan: false });
  });
  view.listen("table", tell);
};

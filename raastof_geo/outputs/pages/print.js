// On paper: one landscape A4, with the whole of the plan fitted into the map before it is printed.
const WIDE_PX = 760, HIGH_PX = 480;

// Lay all canvases on one sheet: each of several would print as a white sheet over those below.
const flatten = (map, sea) => {
  const canvases = [...map.getPane("mapPane").querySelectorAll("canvas")];
  const height = (one) => Number(one.parentNode.style.zIndex);
  canvases.sort((a, b) => height(a) - height(b));
  const sheet = canvases[0].cloneNode(), ctx = sheet.getContext("2d");
  ctx.fillStyle = sea;
  ctx.fillRect(0, 0, sheet.width, sheet.height);
  for (const one of canvases) ctx.drawImage(one, 0, 0);
  const hide = (hidden) => canvases.forEach((one) => (one.hidden = hidden));
  hide(true);
  canvases[0].parentNode.append(sheet);
  return () => {
    sheet.remove();
    hide(false);
  };
};

raastof.paper = (view, source) => {
  const { map } = view, box = map.getContainer(), { texts } = view.story;
  let kept = null;
  const resize = (retina, snap) => {
    L.Browser.retina = retina;
    map.options.zoomSnap = snap;
    map.invalidateSize({ animate: false, pan: false });
  };
  const begin = () => {
    if (kept) return;
    kept = { at: map.getCenter(), zoom: map.getZoom(), retina: L.Browser.retina };
    view.printing = true;
    const date = new Date().toLocaleDateString(document.documentElement.lang);
    const attribution = map.attributionControl?.getContainer().textContent ?? "";
    source.textContent = raastof.fill(texts.printed, { date }) + " " + attribution;
    for (const [side, px] of [["width", WIDE_PX], ["height", HIGH_PX]]) {
      box.style.setProperty(side, px + "px", "important");
    }
    resize(true, 0.05);
    view.fit();
    kept.unfold = flatten(map, box.style.backgroundColor);
  };
  const end = () => {
    if (!kept) return;
    kept.unfold();
    box.style.width = box.style.height = "";
    resize(kept.retina, 0.25);
    map.setView(kept.at, kept.zoom, { animate: false });
    kept = null;
    view.printing = false;
  };
  addEventListener("beforeprint", begin);
  addEventListener("afterprint", end);
  matchMedia("print").addEventListener("change", ({ matches }) => (matches ? begin() : end()));
};

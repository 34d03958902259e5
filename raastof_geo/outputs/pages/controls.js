// The page around the map: it joins all that steers the view, and begins.
const MARGIN = 1.2;

const addButtons = (view) => {
  const { map } = view, { texts } = view.story, box = map.getContainer();
  for (const [name, text] of [["in", texts.zoomin], ["out", texts.zoomout]]) {
    const button = box.querySelector(".leaflet-control-zoom-" + name);
    if (button) Object.assign(button, { title: text, ariaLabel: text });
  }
  const show = () => {
    view.change({ site: null, flow: null });
    view.fit();
  };
  const whole = Object.assign(raastof.button(texts.whole, show, "whole"), { id: "whole" });
  L.DomEvent.disableClickPropagation(whole);
  Object.assign(L.control({ position: "topright" }), { onAdd: () => whole }).addTo(map);
  L.control.scale({ imperial: false, maxWidth: 140, position: "bottomleft" }).addTo(map);
};

raastof.around("controls", (map, { story, traffic, zones, page }) => {
  const view = raastof.of(map).learn({ story, traffic }), box = map.getContainer();
  view.zones = zones;
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
    Object.assign(map.options, { zoomAnimation: false, fadeAnimation: false });
    map.options.markerZoomAnimation = map._zoomAnimated = false;
  }
  Object.assign(box, { role: "region", ariaLabel: story.texts.map });
  document.body.classList.add("planned");
  const restore = raastof.address(view);
  raastof.sheet();
  raastof.panel(view, page);
  raastof.sentence(view, document.getElementById("sentence"));
  raastof.twin(view);
  raastof.about(view, page);
  raastof.paper(view, document.getElementById("source"));
  addButtons(view);
  const strip = document.getElementById("strip");
  const fitHeight = () => {
    document.body.style.setProperty("--head", strip.offsetHeight + "px");
    if (!view.printing) map.invalidateSize({ pan: false });
  };
  for (const one of [strip, box]) new ResizeObserver(fitHeight).observe(one);

  view.tell();
  fitHeight();
  if (view.bounds) {
    view.fit();
    map.setMaxBounds(map.getBounds().pad(MARGIN));
    map.options.minZoom = Math.max(7, Math.floor(map.getZoom() - 1.5));
  }
  if (restore) restore();
  else view.uncover?.();
  view.ready = true;
});

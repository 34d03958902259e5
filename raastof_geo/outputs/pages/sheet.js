// On a phone the panel is a sheet: dragged up and down, or stepped by its button and by keys.
const STEPS = ["peek", "half", "full"];

raastof.sheet = () => {
  const panel = document.getElementById("panel"), handle = document.getElementById("toggle");
  let dragged = null;
  const step = () => Math.max(0, STEPS.indexOf(panel.dataset.step));
  const set = (at) => {
    const now = Math.min(STEPS.length - 1, Math.max(0, at));
    panel.dataset.step = STEPS[now];
    panel.style.height = "";
    handle.setAttribute("aria-expanded", String(now > 0));
  };
  raastof.fold = () => set(0);
  set(0);
  handle.addEventListener("click", () => {
    if (!dragged?.moved) set(step() ? 0 : 1);
    dragged = null;
  });
  handle.addEventListener("keydown", ({ key }) => {
    if (key === "ArrowUp" || key === "ArrowDown") set(step() + (key === "ArrowUp" ? 1 : -1));
  });
  handle.addEventListener("pointerdown", (event) => {
    dragged = { y: event.clientY, height: panel.offsetHeight, moved: false };
    handle.setPointerCapture(event.pointerId);
  });
  handle.addEventListener("pointermove", (event) => {
    if (!dragged || !event.buttons) return;
    const by = dragged.y - event.clientY;
    dragged.moved ||= Math.abs(by) > 6;
    if (dragged.moved) panel.style.height = `${dragged.height + by}px`;
  });
  handle.addEventListener("pointerup", () => {
    if (!dragged?.moved) return;
    const share = panel.offsetHeight / innerHeight;
    set(share < 0.25 ? 0 : share < 0.68 ? 1 : 2);
  });
};

// "What if …": nothing is unpacked until the panel is opened; then its code and numbers are.
const unpack = async (id) => {
  const text = atob(document.getElementById(id).textContent);
  const packed = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
};

raastof.whatif = (view, into) => {
  if (!document.getElementById("whatif-data")) return;
  const { texts } = view.story;
  const box = raastof.titled(into, "details", texts.whatif, { id: "whatif" });
  const told = box.appendChild(raastof.element("p", texts.whatif_loading));
  box.addEventListener("toggle", async () => {
    if (!box.open || box.dataset.state) return;
    box.dataset.state = "loading";
    try {
      const script = document.createElement("script");
      script.textContent = new TextDecoder().decode(await unpack("whatif-code"));
      document.head.append(script);
      raastof.tryOut(view, box, raastof.unpack(await unpack("whatif-data")));
      told.remove();
      box.dataset.state = "ready";
    } catch {
      told.textContent = texts.whatif_lost;
      box.dataset.state = "lost";
    }
  });
};

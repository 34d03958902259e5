// Canvases that are cleared and painted again, instead of holding thousands of layers.
let painterClass = null;
const extend = () =>
  L.Canvas.extend({
    initialize(paint, options) {
      L.setOptions(this, { padding: 0.3, ...options });
      L.Util.stamp(this);
      this._layers = {};
      this._paint = paint;
    },
    _initContainer() {
      this._container = Object.assign(raastof.element("canvas"), { ariaHidden: "true" });
      this._ctx = this._container.getContext("2d");
    },
    _update() {
      const map = this._map, corner = map.containerPointToLayerPoint([0, 0]);
      if (map._animatingZoom && this._bounds) return;
      const now = [map.getZoom(), map.getPixelOrigin(), corner, map.getSize()].join();
      if (now !== this._painted) this.repaint();
      this._painted = now;
    },
    _updatePaths() {},
    _redraw() {},
    // Setting the size clears a canvas; `clearRect` would print as a white sheet over those below.
    repaint() {
      if (!this._map) return;
      L.Canvas.prototype._update.call(this);
      const { min, max } = this._bounds, ctx = this._ctx, zoom = this._map.getZoom();
      const scale = 256 * 2 ** zoom, origin = this._map.getPixelOrigin();
      const box = [min.x + origin.x, min.y + origin.y, max.x + origin.x, max.y + origin.y];
      this._paint({ ctx, zoom, scale, origin, box: box.map((at) => at / scale) });
    },
  });

// A canvas in a pane of its own, at a height among the others.
raastof.painter = (map, name, height, paint) => {
  painterClass ??= extend();
  const pane = map.getPane(name) ?? map.createPane(name);
  Object.assign(pane.style, { zIndex: height, pointerEvents: "none" });
  return new painterClass(paint, { pane: name });
};

// A layer that paints: what it is given is called with the map, and gives the painter.
raastof.painted = (begin) =>
  new (L.Layer.extend({
    onAdd(map) {
      this.painter = begin(map, this).addTo(map);
    },
    onRemove() {
      this.painter.remove();
      this.ending?.();
    },
  }))();

const outside = (box, frame) =>
  box[0] > frame.box[2] || box[2] < frame.box[0] || box[1] > frame.box[3] || box[3] < frame.box[1];

// The points of a line on the screen, in one flat list; those that would not be seen are left out.
const onScreen = ({ xy }, { scale, origin }, least = 1) => {
  const points = [];
  let x0 = NaN, y0 = NaN;
  for (let at = 0; at < xy.length; at += 2) {
    const x = xy[at] * scale - origin.x, y = xy[at + 1] * scale - origin.y;
    const near = Math.abs(x - x0) < least && Math.abs(y - y0) < least;
    if (near && at < xy.length - 2) continue;
    if (near && points.length > 2) points.length -= 2;
    points.push(x, y);
    x0 = x;
    y0 = y;
  }
  return points;
};

const follow = (ctx, points) => {
  ctx.moveTo(points[0], points[1]);
  for (let at = 2; at < points.length; at += 2) ctx.lineTo(points[at], points[at + 1]);
};

// Lay a line to the right of the way along it, so many pixels.
raastof.shift = (points, by) => {
  const last = points.length - 2, shifted = new Array(points.length);
  let nx = 0, ny = 0;
  for (let at = 0; at <= last; at += 2) {
    let mx = nx, my = ny;
    if (at < last) {
      const dx = points[at + 2] - points[at], dy = points[at + 3] - points[at + 1];
      const long = Math.hypot(dx, dy) || 1;
      nx = -dy / long;
      ny = dx / long;
      mx = at ? mx + nx : nx;
      my = at ? my + ny : ny;
    }
    const long = Math.hypot(mx, my) || 1;
    const stretch = Math.min(1.6, 1 / Math.max(0.1, (mx * nx + my * ny) / long));
    shifted[at] = points[at] + (mx / long) * by * stretch;
    shifted[at + 1] = points[at + 1] + (my / long) * by * stretch;
  }
  return shifted;
};

raastof.reverse = (points) => points.map((_, at) => points.at((at & 1 ? 0 : -2) - at));

// Stroke what has been traced.
const stroke = (ctx, colour, width, dash = []) => {
  ctx.setLineDash(dash);
  [ctx.strokeStyle, ctx.lineWidth] = [colour, width];
  ctx.stroke();
};

// Trace those lines that are seen.
const trace = (frame, lines, least) => {
  frame.ctx.beginPath();
  for (const line of lines) {
    if (!outside(line.box, frame)) follow(frame.ctx, onScreen(line, frame, least));
  }
};

Object.assign(raastof, { follow, stroke, trace });

// Paint lanes: all of their edges first, then all of their bodies, so that none covers another's.
raastof.paintLanes = ({ ctx }, lanes, edge = "#ffffff") => {
  const paint = (points, cap, ...look) => {
    ctx.beginPath();
    follow(ctx, points);
    [ctx.lineJoin, ctx.lineCap] = ["round", cap];
    stroke(ctx, ...look);
  };
  for (const { points, width } of lanes) paint(points, "butt", edge, width + 2);
  for (const { points, width, colour, dash } of lanes) {
    paint(points, dash ? "butt" : "round", colour, width, dash ?? []);
  }
  ctx.setLineDash([]);
};

// Small arrows along lanes say which way they go.
raastof.paintArrows = ({ ctx }, lanes, every = 90) => {
  for (const { points, width, colour } of lanes) {
    let left = every / 2;
    for (let at = 0; at < points.length - 2; at += 2) {
      const dx = points[at + 2] - points[at], dy = points[at + 3] - points[at + 1];
      const long = Math.hypot(dx, dy);
      if (long < 1) continue;
      for (; left < long; left += every) {
        const size = Math.max(3.2, width * 0.55), inside = width >= 5;
        const shape = inside ? [-0.4, -0.75, 0.5, 0, -0.4, 0.75] : [-1, -1, 1.2, 0, -1, 1];
        ctx.save();
        ctx.translate(points[at] + (dx * left) / long, points[at + 1] + (dy * left) / long);
        ctx.rotate(Math.atan2(dy, dx));
        ctx.beginPath();
        follow(ctx, shape.map((at) => at * size));
        if (!inside) ctx.closePath();
        stroke(ctx, "#ffffff", inside ? 1.6 : 1);
        ctx.fillStyle = colour;
        if (!inside) ctx.fill();
        ctx.restore();
      }
      left -= long;
    }
  }
};

// The painted lane that lies under a place on the screen, the topmost of several; else the nearest.
raastof.touch = (lanes, { x, y }, reach = 5) => {
  let best = null, nearest = reach;
  for (const lane of lanes) {
    const { points, width } = lane;
    let off = Infinity;
    for (let at = 0; at < points.length - 2; at += 2) {
      const x0 = points[at], y0 = points[at + 1];
      const dx = points[at + 2] - x0, dy = points[at + 3] - y0;
      const along = ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy || 1);
      const share = Math.min(1, Math.max(0, along));
      off = Math.min(off, Math.hypot(x - x0 - share * dx, y - y0 - share * dy) - width / 2);
    }
    if (Math.max(0, off) <= nearest) [best, nearest] = [lane, Math.max(0, off)];
  }
  return best;
};

// A layer of lanes along roads, which can be touched: `lay` gives them, `arrows` those with arrows,
// and how far apart; `first` says whether a touch of it counts before that of others.
raastof.laneLayer = (name, height, { lay, arrows, first }) =>
  raastof.layer(name, ({ story, traffic }) =>
    raastof.painted((map, layer) => {
      const view = raastof.of(map).learn({ story, traffic }), { dataset } = map.getContainer();
      layer.lanes = [];
      const painter = raastof.painter(map, `raastof-${name}`, height, (frame) => {
        // Each stretch that is seen, with its points in the direction of the step.
        const drawn = new Map();
        const trace = (step) => {
          const at = step >> 1, line = view.line(at);
          if (outside(line.box, frame)) return null;
          const points = raastof.obtain(drawn, at, () => onScreen(line, frame));
          return points.length < 4 ? null : step & 1 ? raastof.reverse(points) : points;
        };
        layer.lanes = lay(view, trace);
        raastof.paintLanes(frame, layer.lanes);
        raastof.paintArrows(frame, ...arrows(view, layer.lanes));
        dataset[name === "flows" ? "lanes" : name] = String(layer.lanes.length);
      });
      const quiet = view.listen(name, () => painter.repaint());
      const touched = (event) => {
        const lane = raastof.touch(layer.lanes, map.latLngToLayerPoint(event.latlng));
        if (!lane || event.raastof) return;
        event.raastof = first;
        raastof.tellRoad?.(view, lane, event);
      };
      map.on("click", touched);
      layer.ending = () => {
        quiet();
        map.off("click", touched);
      };
      return painter;
    }));

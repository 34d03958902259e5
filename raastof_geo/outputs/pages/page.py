"""Draw maps with Folium that are one file and need no internet.

The only module that knows Folium. `PlanMap` is a `folium.Map` with Leaflet, out of the wheel
XStatic-Leaflet, written into it; what lies on it is an `Element` each, which can be added to any
map of Folium's. They share the script `raastof`, which stands once in a page, and data, which stand
once in a page under a name that says what they are.
"""

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias, cast
import folium
from branca.element import Element as Part
from branca.element import Figure, MacroElement
from folium.template import Template
from xstatic.pkg import leaflet
from raastof_geo.outputs.template import read_asset

SCRIPTS = (
    *("core", "painter", "view", "labels", "base", "areas", "zones", "sites", "roads", "flows"),
    *("state", "legend", "sentence", "table", "about", "panel", "sheet", "print", "controls"),
    *("whatif", "route", "outlook"),
)
"""Modules of the script `raastof`, each a file of this folder, in the order they are read."""
LATER = ("simplex", "proof", "programme", "tryout")
"""Modules that a page keeps packed until somebody asks what would be if."""
_CONTENT_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)
_VIEWPORT = '<meta name="viewport" content="width=device-width, initial-scale=1"/>'
_Parts: TypeAlias = Mapping[str, Mapping[str, Any]]
_PLAINLY: dict[str, Any] = {"ensure_ascii": False, "separators": (",", ":"), "allow_nan": False}
_IN_SCRIPT = str.maketrans({one: f"\\u{ord(one):04x}" for one in "<\u2028\u2029"})
"""JSON written so cannot end the script that it stands in."""
_IN_PAGE = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})


class Page(Figure):
    """The page around a map: it names its language, and asks no host but those of added tiles."""

    def __init__(self, *, title: str, language: str, images: str = "") -> None:
        super().__init__(ratio="75%")
        self._id = "raastof_page"
        self.language = language
        self.images = images
        """The one host that the page may ask for pictures, if the reader wants it to."""
        self.called = title

    def render(self, **kwargs: Any) -> str:
        """Write the page."""
        page = re.sub(
            r"<html[^>]*>", f'<html lang="{self.language}">', super().render(**kwargs), count=1
        )
        page = re.sub(r'<meta name="viewport"[^>]*>', _VIEWPORT, page, count=1)
        policy = _CONTENT_POLICY.replace("img-src data:", f"img-src data: {self.images}".rstrip())
        policy = f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        on_map = (child for one in self._children.values() for child in one._children.values())
        others = any(isinstance(child, folium.TileLayer) for child in on_map)
        if others or re.search(r"<(?:script|link)[^>]+(?:src|href)=\"https?://", page):
            policy = ""  # something on the map is loaded from elsewhere
        return page.replace("<head>", f"<head>\n{policy}<title>{escape(self.called)}</title>", 1)


class PlanMap(folium.Map):
    """A map of Folium's on a `Page`, with Leaflet in it instead of the address of Leaflet."""

    def __init__(self, page: Page) -> None:
        super().__init__(
            location=(55.4, 11.8), zoom_start=9, tiles=None, prefer_canvas=True, zoom_snap=0.25
        )
        self.options.update(min_zoom=7, max_zoom=16)
        self._id = "raastof"
        self.default_js, self.default_css = [], []
        page.add_child(self)

    def render(self, **kwargs: Any) -> Any:
        """Write Leaflet before what needs it."""
        page: Any = self.get_root()
        page.header.add_child(_verbatim(_read_leaflet()), name="raastof_leaflet")
        return super().render(**kwargs)  # type: ignore[no-untyped-call]


class _Shared(MacroElement):
    """What stands once in a page, whatever needs it."""

    parts: _Parts
    names: list[str]
    """Of the data, in the order of `parts`."""

    def render(self, **kwargs: Any) -> Any:
        """Write the call of the script; script, style and data stand in the page, each once."""
        page: Any = self.get_root()
        head, style = page.header, f"<style>{read_asset('pages/map.css')}</style>"
        head.add_child(_verbatim(style), name="raastof_style")
        head.add_child(_verbatim(f"<script>{read_scripts()}</script>"), name="raastof_script")
        self.names = []
        for part, values in self.parts.items():
            text = json.dumps({part: values}, **_PLAINLY).translate(_IN_SCRIPT)
            name = f"{part}_{hashlib.sha256(text.encode()).hexdigest()[:12]}"
            script = f'<script>raastof.keep("{name}", {text});</script>'
            head.add_child(_verbatim(script), name=f"raastof_{name}")
            self.names.append(name)
        return super().render(**kwargs)  # type: ignore[no-untyped-call]


class Element(_Shared, folium.map.Layer):
    """A layer that the script `raastof` makes, for any map of Folium's."""

    _template = Template(
        """{% macro script(this, kwargs) %}
var {{ this.get_name() }} = raastof.make({{ this.maker|tojson }}, {{ this.names|tojson }});
{% endmacro %}"""
    )

    def __init__(self, maker: str, parts: _Parts, *, name: str) -> None:
        begin: Any = super().__init__  # Folium's is not typed
        begin(name=name, overlay=True)
        self._name = f"raastof_{maker}"
        self.maker = maker
        self.parts = parts


class Controls(_Shared):
    """What stands around a map and steers it, as HTML that the script `raastof` fills in."""

    _template = Template(
        """{% macro script(this, kwargs) %}
raastof.control({{ this.maker|tojson }}, {{ this._parent.get_name() }}, {{ this.names|tojson }});
{% endmacro %}"""
    )

    def __init__(self, maker: str, head: str, body: str, parts: _Parts) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = f"raastof_{maker}"
        self.maker = maker
        self.head = head
        """HTML that is read before the map; every text in it escaped, as in `body`."""
        self.body = body
        """HTML that is read after it."""
        self.parts = parts

    def render(self, **kwargs: Any) -> Any:
        """Write the HTML and the call of the script."""
        page: Any = self.get_root()
        page.html.add_child(_verbatim(self.head), name="raastof_head", index=0)
        page.html.add_child(_verbatim(self.body), name="raastof_body")
        return super().render(**kwargs)


def _verbatim(text: str) -> Part:
    """Make a part of the page that is not taken for a template, whatever braces it has."""
    element: Any = Part("{{ this.verbatim }}")
    element.verbatim = text
    return cast(Part, element)


@lru_cache
def _read_leaflet() -> str:
    style = (Path(leaflet.BASE_DIR) / "leaflet.css").read_text(encoding="utf-8")
    code = (Path(leaflet.BASE_DIR) / "leaflet.js").read_text(encoding="utf-8")
    style = re.sub(r"url\([^)]*\)", "none", style)
    code = re.sub(r"//# sourceMappingURL=.*", "", code).replace("</script", "<\\/script")
    return f"<style>{style}</style>\n<script>{code}</script>"


@lru_cache
def read_scripts(names: tuple[str, ...] = SCRIPTS) -> str:
    """Join the script `raastof`. Returns each module as a function that names what it gives."""
    begin = "globalThis.raastof = {};\n" if names == SCRIPTS else ""
    return begin + "".join(
        f"// {name}.js\n((raastof) => {{\n"
        f"{read_asset(f'pages/{name}.js')}}})(globalThis.raastof);\n"
        for name in names
    )


@lru_cache
def pack_later() -> str:
    """Pack scripts that are read later. Returns letters, of neither comments nor margins."""
    code = re.sub(r"(?m)^\s*(//.*\n)?", "", read_scripts(LATER))
    return base64.b64encode(gzip.compress(code.encode(), 9, mtime=0)).decode()


def escape(text: str) -> str:
    """Escape text. Returns what HTML and Folium's template take for text, in quotes as well."""
    return text.translate(_IN_PAGE)

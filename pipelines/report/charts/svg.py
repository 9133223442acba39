"""Matplotlib figures as inline SVG that takes its colours from the page.

A chart is drawn once in marker colours, which are then replaced by CSS custom properties: the
same bytes are legible on a light and on a dark page.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping
from typing import Final
from xml.etree import ElementTree

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

FONT_SIZE_PX: Final = 12.5

# Marker colour → CSS property and the value it has outside the page. Markers start at 1 because
# matplotlib leaves out a fill of #000000.
INK: Final = "#000001"
MUTED: Final = "#000002"
LINE: Final = "#000003"
SURFACE: Final = "#000004"
ACTIVE: Final = "#000005"
RANDOM: Final = "#000006"
HEAT: Final = "#000007"
OFF_HEAT: Final = "#000008"
ON_HEAT: Final = "#000009"
NOTE: Final = "#00000a"
DIFFERS: Final = "#00000b"
_PROPERTIES: Final = {
    INK: "var(--ink, #16191e)",
    MUTED: "var(--muted, #59616c)",
    LINE: "var(--line, #e2e5ea)",
    SURFACE: "var(--surface, #ffffff)",
    ACTIVE: "var(--active, #0067a8)",
    RANDOM: "var(--random, #b84a00)",
    HEAT: "var(--heat, #094274)",
    OFF_HEAT: "var(--off-heat, #000000)",
    ON_HEAT: "var(--on-heat, #ffffff)",
    NOTE: "var(--note, #7a5a00)",
    DIFFERS: "var(--differs, #a3195b)",
}

_STYLE: Final = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "axes.formatter.use_mathtext": False,
    "font.family": "DejaVu Sans",
    "font.size": FONT_SIZE_PX,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": LINE,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.labelsize": FONT_SIZE_PX,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.labelsize": FONT_SIZE_PX,
    "ytick.labelsize": FONT_SIZE_PX,
    "grid.color": LINE,
    "grid.linewidth": 1.0,
    "axes.axisbelow": True,
}
# Matplotlib reads its settings when a figure is made and again when it is written, from one
# process-wide table; two threads rendering at once would see each other's.
_SETTINGS_LOCK: Final = threading.RLock()
_SVG: Final = "{http://www.w3.org/2000/svg}"
_LINK: Final = "{http://www.w3.org/1999/xlink}href"


class Chart:
    """A figure under the page's chart style, one unit of which is one CSS pixel.

    Used as a context manager: draw inside, then take the SVG from `to_svg` inside too.

    Args:
        key: word unique on the page; every id of the SVG starts with it.
        width_px: drawing width.
        height_px: drawing height.

    Example:
        >>> with Chart("empty", width_px=100, height_px=50) as chart:
        ...     text = chart.to_svg(label="Nothing", description="An empty chart.")
        >>> text.startswith('<svg') and 'aria-label="Nothing"' in text
        True
    """

    def __init__(self, key: str, *, width_px: int, height_px: int) -> None:
        self._key = key
        self._size_px = (width_px, height_px)
        self._context = matplotlib.style.context(
            [{**_STYLE, "svg.hashsalt": key}], after_reset=True
        )

    def __enter__(self) -> Chart:
        """Take the chart style and make the figure."""
        _SETTINGS_LOCK.acquire()
        self._context.__enter__()
        width_px, height_px = self._size_px
        # SVG output has 72 dots per inch whatever the figure says.
        self.figure = Figure(figsize=(width_px / 72, height_px / 72), dpi=72, facecolor="none")
        return self

    def __exit__(self, *exception: object) -> None:
        """Give matplotlib's settings back."""
        try:
            self._context.__exit__(None, None, None)
        finally:
            _SETTINGS_LOCK.release()

    def add_axes(self, box_px: tuple[float, float, float, float]) -> Axes:
        """Add axes at a place given in pixels.

        Args:
            box_px: left, bottom, width and height, from the lower left corner.

        Returns:
            The axes.
        """
        left, bottom, width, height = box_px
        width_px, height_px = self._size_px
        return self.figure.add_axes(
            (left / width_px, bottom / height_px, width / width_px, height / height_px)
        )

    def to_svg(
        self, *, label: str, description: str, tooltips: Mapping[str, str] | None = None
    ) -> str:
        """Write the figure as one SVG element, equal bytes for an equal figure.

        Args:
            label: accessible name, read in place of the drawing.
            description: what the drawing shows, in a sentence.
            tooltips: text to show over the artist with that gid.

        Returns:
            The element, without XML declaration or document type.
        """
        stream = io.BytesIO()
        self.figure.savefig(stream, format="svg", metadata=dict.fromkeys(_METADATA))
        root = ElementTree.fromstring(stream.getvalue())  # noqa: S314 - matplotlib has just written it
        _drop_metadata(root)
        _add_tooltips(root, tooltips or {})
        _prefix_ids(root, self._key)
        _strip_namespaces(root)
        self._name_root(root, label, description)
        _replace_markers(root)
        return ElementTree.tostring(root, encoding="unicode")

    def _name_root(self, root: ElementTree.Element, label: str, description: str) -> None:
        width_px, height_px = self._size_px
        described_by = f"{self._key}-description"
        root.attrib = {
            "xmlns": _SVG[1:-1],
            "viewBox": f"0 0 {width_px} {height_px}",
            "width": str(width_px),
            "height": str(height_px),
            "role": "img",
            "aria-label": label,
            "aria-describedby": described_by,
            "style": "stroke-linejoin: round; stroke-linecap: butt",
        }
        element = ElementTree.Element("desc", {"id": described_by})
        element.text = description
        root.insert(0, element)


_METADATA: Final = ("Creator", "Date", "Format", "Type")


def _drop_metadata(root: ElementTree.Element) -> None:
    # Inside a page matplotlib's style element would apply to the whole page.
    for parent in [root, *root.findall(f"{_SVG}defs")]:
        for name in ("metadata", "style"):
            for element in parent.findall(_SVG + name):
                parent.remove(element)


def _add_tooltips(root: ElementTree.Element, tooltips: Mapping[str, str]) -> None:
    for element in root.iter():
        if (text := tooltips.get(element.get("id", ""))) is not None:
            title = ElementTree.Element(f"{_SVG}title")
            title.text = text
            element.insert(0, title)


def _prefix_ids(root: ElementTree.Element, key: str) -> None:
    for element in root.iter():
        for name, value in element.attrib.items():
            if name == "id":
                element.set(name, f"{key}-{value}")
            elif name == _LINK:
                element.set(name, value.replace("#", f"#{key}-", 1))
            elif "url(#" in value:
                element.set(name, value.replace("url(#", f"url(#{key}-"))


def _replace_markers(root: ElementTree.Element) -> None:
    for element in root.iter():
        if (style := element.get("style")) is not None:
            for marker, prop in _PROPERTIES.items():
                style = style.replace(marker, prop)
            element.set("style", style)


def _strip_namespaces(root: ElementTree.Element) -> None:
    for element in root.iter():
        element.tag = element.tag.removeprefix(_SVG)
        if (link := element.attrib.pop(_LINK, None)) is not None:
            element.set("href", link)
        element.tail = None if not (element.tail or "").strip() else element.tail

"""The paper that the report's pictures are drawn on: inline SVG whose text stays text.

With `svg.fonttype: none` the reader's own fonts draw the Chinese; a PNG would show boxes.
"""

from __future__ import annotations

import io
import re
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, BLUE, GREY, GREEN, RED = "#1f2933", "#2f6fab", "#9aa5b1", "#2d8a5f", "#c0563c"
SAND, PALE = "#d9a441", "#cbd2d9"


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure without frame and ticks, its size in inches."""
    import matplotlib as mpl
    from matplotlib.figure import Figure as NewFigure

    mpl.rcParams.update({"svg.fonttype": "none", "font.family": "sans-serif", "svg.hashsalt": "quanyu"})
    figure = NewFigure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right", "bottom", "left"]].set_visible(False)
    axes.tick_params(length=0)
    return figure, axes


def svg(figure: Figure) -> str:
    """The figure as an element of the page, the same for the same night."""
    buffer = io.StringIO()
    with warnings.catch_warnings():
        # Measured with a font that has no Chinese, drawn by the browser with one that has.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    drawn = re.sub(r"font-family: [^;\"]+", "font-family: var(--font)", buffer.getvalue())
    return drawn[drawn.index("<svg") :]

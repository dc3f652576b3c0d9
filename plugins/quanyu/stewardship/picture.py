"""The neighbourhood of two accounts as one SVG: accounts left, identifiers right, what is refused dashed and red.

Text stays text and brings no font, so the viewer's own draw the Chinese.
"""

from __future__ import annotations

import io
import re
import warnings
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from quanyu.errors import ConfigurationError
from quanyu.stewardship.explain import Explanation
from quanyu.stewardship.graph import Sighting
from quanyu.stewardship.nouns import Account, Identifier

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK, _GREY, _GREEN, _RED = "#1f2933", "#9aa5b1", "#2d8a5f", "#c0563c"
_ONE, _OTHER = "#2f6fab", "#b7791f"
_FONTS = "system-ui, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"
_LETTER = 0.075  # inches, of 9 points
_BETWEEN = 2.4  # inches from the accounts to the identifiers

_Place = tuple[float, float]


def write(explanation: Explanation, path: Path) -> None:
    """Draw into a file. Raises ConfigurationError when it cannot be written."""
    try:
        path.write_text(draw(explanation), encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written ({error.strerror}).", remedy="name a file in a folder that exists."
        ) from None


def draw(explanation: Explanation) -> str:
    """Return the SVG; the same explanation gives the same text."""
    import matplotlib as mpl
    from matplotlib.figure import Figure as NewFigure

    edges = _edges(explanation)
    accounts = list(dict.fromkeys([explanation.left.account, *(e.account for e in edges), explanation.right.account]))
    identifiers = list(dict.fromkeys(edge.identifier for edge in edges))
    rows = max(len(accounts), len(identifiers))
    left, right = _width(accounts), _width(identifiers)
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "quanyu", "font.family": "sans-serif"}):
        figure = NewFigure(figsize=(left + _BETWEEN + right, 0.6 + 0.34 * rows), layout="constrained")
        axes = figure.add_subplot()
        axes.set_axis_off()
        axes.set_xlim(-left, _BETWEEN + right)
        axes.set_ylim(-rows, 0)
        places = dict(zip(accounts, _column(0.0, len(accounts), rows), strict=True))
        spots = dict(zip(identifiers, _column(_BETWEEN, len(identifiers), rows), strict=True))
        _draw_edges(axes, explanation, edges, places, spots)
        for account, place in places.items():
            colour = _colour(explanation, account)
            weight = "bold" if account in {explanation.left.account, explanation.right.account} else "normal"
            axes.scatter(*place, s=70, marker="s", color=colour, zorder=2)
            _write(axes, str(account), place, side="right", weight=weight)
        for identifier, place in spots.items():
            believed = any(edge.node_key for edge in edges if edge.identifier == identifier)
            axes.scatter(*place, s=70, marker="o", color=_GREEN if believed else _RED, zorder=2)
            _write(axes, str(identifier), place, side="left")
        return _svg(figure)


def _edges(explanation: Explanation) -> list[Sighting]:
    """What is told about first, then the rest both show; an account's own id that nobody else shows says nothing."""
    steps = [*explanation.way, *explanation.shared]
    told = [sighting for step in steps for sighting in (step.near, step.far)]
    edges = list(dict.fromkeys([*told, *explanation.left.shows, *explanation.right.shows]))
    times = Counter(edge.identifier for edge in edges)
    return [e for e in edges if times[e.identifier] > 1 or e.identifier.value != e.account.account_id]


def _draw_edges(
    axes: Axes,
    explanation: Explanation,
    edges: Iterable[Sighting],
    places: dict[Account, _Place],
    spots: dict[Identifier, _Place],
) -> None:
    on_the_way = {sighting for step in explanation.way for sighting in (step.near, step.far)}
    # A number that was issued again is believed on both sides and joins neither to the other.
    apart = {s for step in explanation.shared if not step.is_believed for s in (step.near, step.far) if s.reason}
    for edge in edges:
        (x, y), (to_x, to_y) = places[edge.account], spots[edge.identifier]
        refused = edge.node_key is None or edge in apart
        axes.plot(
            [x, to_x],
            [y, to_y],
            color=_RED if refused else _GREEN if edge in on_the_way else _GREY,
            linestyle="--" if refused else "-",
            linewidth=2 if edge in on_the_way else 1,
            zorder=1,
        )


def _colour(explanation: Explanation, account: Account) -> str:
    for party, colour in ((explanation.left, _ONE), (explanation.right, _ONE if explanation.is_one else _OTHER)):
        if party.one_id and account in party.accounts:
            return colour
    return _GREY


def _column(x: float, count: int, rows: int) -> list[_Place]:
    return [(x, -rows * (n + 0.5) / count) for n in range(count)]


def _width(names: Iterable[object]) -> float:
    """Inches of the longest; a Chinese character is twice as wide."""
    return 0.5 + _LETTER * max((sum(1 + (letter > "\u2e80") for letter in str(name)) for name in names), default=0)


def _write(axes: Axes, text: str, place: _Place, *, side: str, weight: str = "normal") -> None:
    axes.annotate(
        # A dollar sign would begin a formula.
        text.replace("$", r"\$"),
        place,
        xytext=(-9 if side == "right" else 9, 0),
        textcoords="offset points",
        ha=side,
        va="center",
        fontsize=9,
        fontweight=weight,
        color=_INK,
    )


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    with warnings.catch_warnings():
        # Measured with a font that may lack Chinese, drawn by a viewer that has one.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    svg = re.sub(r"font-family: [^;\"]+", f"font-family: {_FONTS}", buffer.getvalue())
    return svg[svg.index("<svg") :]

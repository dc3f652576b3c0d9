"""The report's pictures as inline SVG.

Text stays text (`svg.fonttype: none`), so the reader's own fonts draw the Chinese; a PNG would show boxes.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from quanyu.activation import WaterfallRow
    from quanyu.report.night import Evidence, FunnelCell

_INK, _BLUE, _GREY, _GREEN, _RED = "#1f2933", "#2f6fab", "#9aa5b1", "#2d8a5f", "#c0563c"

STAGES = {
    "attention": "Attention 注意",
    "interest": "Interest 兴趣",
    "search": "Search 搜索",
    "action": "Action 购买",
    "share": "Share 分享",
}


def funnel_picture(cells: Sequence[FunnelCell]) -> str:
    """Events of the day by AISAS stage, stacked by channel, on a log axis (impressions dwarf orders)."""
    figure, axes = _canvas(7.2, 3.0)
    totals = {stage: sum(cell.events for cell in cells if cell.stage == stage) for stage in STAGES}
    axes.barh(list(STAGES.values()), [max(total, 0) for total in totals.values()], color=_BLUE, height=0.62)
    axes.set_xscale("symlog")
    axes.invert_yaxis()
    for row, (stage, total) in enumerate(totals.items()):
        channels = ", ".join(sorted({cell.channel for cell in cells if cell.stage == stage and cell.events}))
        axes.annotate(
            f"{total:,}  {channels}",
            (max(total, 1), row),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=_INK,
        )
    axes.set_xlim(0, max([*totals.values(), 1]) * 60)
    axes.xaxis.set_visible(False)
    return _svg(figure)


def waterfall_picture(total: WaterfallRow) -> str:
    """From the audience to the messages sent: one step down per reason; what remains is `sent`."""
    figure, axes = _canvas(7.2, 3.2)
    audience, sent = total.audience, total.parts["sent"]
    steps = {reason: count for reason, count in total.parts.items() if count and reason != "sent"}
    labels, level = ["audience", *steps, "sent"], audience
    axes.bar(0, audience, color=_GREY, width=0.62)
    axes.text(0, audience, f"{audience:,}", ha="center", va="bottom", fontsize=9, color=_INK)
    for place, count in enumerate(steps.values(), start=1):
        level -= count
        axes.bar(place, count, bottom=level, color=_RED, width=0.62)
        axes.text(place, level + count, f"-{count:,}", ha="center", va="bottom", fontsize=9, color=_INK)
    axes.bar(len(labels) - 1, sent, color=_GREEN, width=0.62)
    axes.text(len(labels) - 1, sent, f"{sent:,}", ha="center", va="bottom", fontsize=9, color=_INK)
    axes.set_xticks(range(len(labels)), [label.replace("_", "\n") for label in labels], fontsize=8)
    axes.yaxis.set_visible(False)
    axes.margins(y=0.15)
    return _svg(figure)


def identity_picture(evidence: Sequence[Evidence]) -> str:
    """The accounts of one customer (left) and the identifiers that tie them (right)."""
    accounts = sorted({_account(edge) for edge in evidence})
    identifiers = sorted({_identifier(edge) for edge in evidence})
    rows = max(len(accounts), len(identifiers))
    figure, axes = _canvas(7.2, 0.6 + 0.32 * rows)
    places = {node: (0.0, rows * (place + 0.5) / len(accounts)) for place, node in enumerate(accounts)}
    places |= {node: (1.0, rows * (place + 0.5) / len(identifiers)) for place, node in enumerate(identifiers)}
    for edge in evidence:
        (left, above), (right, below) = places[_account(edge)], places[_identifier(edge)]
        axes.plot([left, right], [above, below], color=_GREY, linewidth=1, zorder=1)
    for node, (x, y) in places.items():
        marker, colour, shift, side = ("s", _BLUE, -9, "right") if x == 0 else ("o", _GREEN, 9, "left")
        axes.scatter(x, y, s=70, marker=marker, color=colour, zorder=2)
        axes.annotate(
            node, (x, y), xytext=(shift, 0), textcoords="offset points", ha=side, va="center", fontsize=9, color=_INK
        )
    axes.set_xlim(-0.9, 1.9)
    axes.set_axis_off()
    return _svg(figure)


def _account(edge: Evidence) -> str:
    return f"{edge.account_type.replace('_', ' ')}  {edge.account_id}"


def _identifier(edge: Evidence) -> str:
    return f"{edge.identifier_type.replace('_', ' ')}  {edge.identifier_value}"


def _canvas(width: float, height: float) -> tuple[Figure, Axes]:
    import matplotlib as mpl
    from matplotlib.figure import Figure as NewFigure

    mpl.rcParams.update({"svg.fonttype": "none", "font.family": "sans-serif", "svg.hashsalt": "quanyu"})
    figure = NewFigure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right", "bottom", "left"]].set_visible(False)
    axes.tick_params(length=0)
    return figure, axes


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    with warnings.catch_warnings():
        # Measured with a font that has no Chinese, drawn by the browser with one that has.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = re.sub(r"font-family: [^;\"]+", "font-family: var(--font)", svg)
    return svg[svg.index("<svg") :]

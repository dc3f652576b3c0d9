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
        axes.text(max(total, 1), row, f" {total:,}  {channels}", va="center", fontsize=9, color=_INK)
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
    """The accounts of one customer (squares) and the identifiers that tie them (dots)."""
    import networkx as nx

    graph: nx.Graph[str] = nx.Graph()
    for edge in evidence:
        account = f"{edge.account_type}\n{edge.account_id}"
        identifier = f"{edge.identifier_type} {edge.identifier_value}"
        graph.add_node(account, is_account=True)
        graph.add_node(identifier, is_account=False)
        graph.add_edge(account, identifier)
    figure, axes = _canvas(7.2, 4.6)
    places = nx.kamada_kawai_layout(graph) if graph else {}
    for is_account, shape, colour, size in ((True, "s", _BLUE, 240), (False, "o", _GREY, 90)):
        nodes = [node for node, data in graph.nodes(data=True) if data["is_account"] is is_account]
        nx.draw_networkx_nodes(
            graph, places, nodelist=nodes, node_shape=shape, node_color=colour, node_size=size, ax=axes
        )
    nx.draw_networkx_edges(graph, places, edge_color=_GREY, ax=axes)
    for node, (x, y) in places.items():
        axes.annotate(node, (x, y), xytext=(0, 9), textcoords="offset points", ha="center", fontsize=7.5, color=_INK)
    axes.margins(0.18)
    axes.set_axis_off()
    return _svg(figure)


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
    svg = re.sub(r"font: ([\d.]+)px [^;\"]+", r"font: \1px var(--font)", svg)
    return svg[svg.index("<svg") :]

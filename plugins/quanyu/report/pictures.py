"""The pictures of the night itself: who is one customer, and what became of the messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from quanyu.report.canvas import BLUE, GREEN, GREY, INK, RED, canvas, svg

if TYPE_CHECKING:
    from quanyu.activation import WaterfallRow
    from quanyu.report.night import Evidence


def waterfall_picture(total: WaterfallRow) -> str:
    """From the audience to the messages sent: one step down per reason; what remains is `sent`."""
    figure, axes = canvas(7.2, 3.2)
    audience, sent = total.audience, total.parts["sent"]
    steps = {reason: count for reason, count in total.parts.items() if count and reason != "sent"}
    labels, level = ["audience", *steps, "sent"], audience
    axes.bar(0, audience, color=GREY, width=0.62)
    axes.text(0, audience, f"{audience:,}", ha="center", va="bottom", fontsize=9, color=INK)
    for place, count in enumerate(steps.values(), start=1):
        level -= count
        axes.bar(place, count, bottom=level, color=RED, width=0.62)
        axes.text(place, level + count, f"-{count:,}", ha="center", va="bottom", fontsize=9, color=INK)
    axes.bar(len(labels) - 1, sent, color=GREEN, width=0.62)
    axes.text(len(labels) - 1, sent, f"{sent:,}", ha="center", va="bottom", fontsize=9, color=INK)
    axes.set_xticks(range(len(labels)), [label.replace("_", "\n") for label in labels], fontsize=8)
    axes.yaxis.set_visible(False)
    axes.margins(y=0.15)
    return svg(figure)


def identity_picture(evidence: Sequence[Evidence]) -> str:
    """The accounts of one customer (left) and the identifiers that tie them (right)."""
    accounts = sorted({_account(edge) for edge in evidence})
    identifiers = sorted({_identifier(edge) for edge in evidence})
    rows = max(len(accounts), len(identifiers))
    figure, axes = canvas(7.2, 0.6 + 0.32 * rows)
    places = {node: (0.0, rows * (place + 0.5) / len(accounts)) for place, node in enumerate(accounts)}
    places |= {node: (1.0, rows * (place + 0.5) / len(identifiers)) for place, node in enumerate(identifiers)}
    for edge in evidence:
        (left, above), (right, below) = places[_account(edge)], places[_identifier(edge)]
        axes.plot([left, right], [above, below], color=GREY, linewidth=1, zorder=1)
    for node, (x, y) in places.items():
        marker, colour, shift, side = ("s", BLUE, -9, "right") if x == 0 else ("o", GREEN, 9, "left")
        axes.scatter(x, y, s=70, marker=marker, color=colour, zorder=2)
        axes.annotate(
            node, (x, y), xytext=(shift, 0), textcoords="offset points", ha=side, va="center", fontsize=9, color=INK
        )
    axes.set_xlim(-0.9, 1.9)
    axes.set_axis_off()
    return svg(figure)


def _account(edge: Evidence) -> str:
    return f"{edge.account_type.replace('_', ' ')}  {edge.account_id}"


def _identifier(edge: Evidence) -> str:
    return f"{edge.identifier_type.replace('_', ' ')}  {edge.identifier_value}"

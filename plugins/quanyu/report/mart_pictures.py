"""The pictures of the marts, each drawn from plain rows: a funnel, flows, a heat map, bars and a map of links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from quanyu.report.canvas import BLUE, GREEN, GREY, INK, PALE, RED, SAND, canvas, svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from quanyu.report.marts import Cohort, Credit, Flow, FunnelCell, Link

STAGES = {
    "attention": "Attention 注意",
    "interest": "Interest 兴趣",
    "search": "Search 搜索",
    "action": "Action 购买",
    "share": "Share 分享",
}

# Where people come from, are lost to, and how they rise from there, bottom to top.
RELATIONS = {
    "new": "New 新增",
    "lost": "Lost 流失",
    "awareness": "Awareness 认知",
    "interest": "Interest 兴趣",
    "purchase": "Purchase 购买",
    "loyalty": "Loyalty 忠诚",
}
_RELATION_COLOURS = dict(zip(RELATIONS, (PALE, GREY, SAND, BLUE, GREEN, RED), strict=True))

MODELS = {
    "first": "first 首次",
    "last": "last 末次",
    "linear": "linear 线性",
    "time_decay": "time decay 时间衰减",
    "position": "position 位置",
    "markov": "Markov 马尔可夫",
    "shapley": "Shapley 沙普利",
}

UNATTRIBUTED = "unattributed"

_NAMED_CHANNELS = 2

_MOST_CHANNELS = 8
"""More bars than this are not told apart; the dashboards show all."""


def funnel_picture(cells: Sequence[FunnelCell]) -> str:
    """Events of the day by AISAS stage, with its largest channels, on a log axis (impressions dwarf orders)."""
    figure, axes = canvas(7.2, 3.0)
    totals = {stage: sum(cell.events for cell in cells if cell.stage == stage) for stage in STAGES}
    axes.barh(list(STAGES.values()), [max(total, 0) for total in totals.values()], color=BLUE, height=0.62)
    axes.set_xscale("symlog")
    axes.invert_yaxis()
    for row, (stage, total) in enumerate(totals.items()):
        said = axes.annotate(
            f"{total:,}  {_largest([cell for cell in cells if cell.stage == stage])}",
            (max(total, 1), row),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=INK,
        )
        said.set_in_layout(False)
    # On a logarithmic axis the longest bar takes two fifths; the words need the rest.
    axes.set_xlim(0, max([*totals.values(), 10]) ** 2.5)
    axes.xaxis.set_visible(False)
    return svg(figure)


def flows_picture(flows: Sequence[Flow]) -> str:
    """Who stood where (left) and stands where now (right); a band is as wide as people went that way.

    Whoever stayed is most of a brand, so the bands of the stayers are pale.
    """
    figure, axes = canvas(7.2, 3.6)
    people = sum(flow.people for flow in flows) or 1
    gap = people * 0.05
    left = _levels(Counter({stage: _sum(flows, before=stage) for stage in RELATIONS}), gap)
    right = _levels(Counter({stage: _sum(flows, after=stage) for stage in RELATIONS}), gap)
    for x, levels, side in ((0.0, left, "right"), (1.0, right, "left")):
        for stage, (bottom, height) in levels.items():
            axes.bar(x, height, bottom=bottom, width=0.035, color=_RELATION_COLOURS[stage], zorder=2)
            axes.annotate(
                f"{RELATIONS[stage]}  {height:,}",
                (x, bottom + height / 2),
                xytext=(-10 if side == "right" else 10, 0),
                textcoords="offset points",
                ha=side,
                va="center",
                fontsize=9,
                color=INK,
            )
    starts, ends = ({stage: bottom for stage, (bottom, _) in levels.items()} for levels in (left, right))
    for flow in sorted(flows, key=lambda flow: (_place(flow.before), _place(flow.after))):
        _band(axes, starts[flow.before], ends[flow.after], flow)
        starts[flow.before] += flow.people
        ends[flow.after] += flow.people
    axes.set_xlim(-0.45, 1.45)
    axes.set_axis_off()
    return svg(figure)


def retention_picture(cohorts: Sequence[Cohort]) -> str:
    """The share of every monthly cohort that bought again, month after month: the darker, the more."""
    months = sorted({cohort.cohort for cohort in cohorts}, reverse=True)
    periods = sorted({cohort.period for cohort in cohorts})
    sizes = {cohort.cohort: cohort.size for cohort in cohorts}
    figure, axes = canvas(7.2, 1.2 + 0.3 * len(months))
    for cohort in cohorts:
        share = cohort.customers / cohort.size if cohort.size else 0.0
        x, y = periods.index(cohort.period), months.index(cohort.cohort)
        # Retention lives below one half; the first month is everybody and only anchors the row.
        axes.barh(y, 0.96, left=x - 0.48, height=0.92, color=BLUE, alpha=min(1.0, 0.06 + share * 1.4))
        colour = "white" if share > 0.4 else INK
        axes.text(x, y, f"{share:.0%}", ha="center", va="center", fontsize=8, color=colour)
    axes.set_xticks(range(len(periods)), [str(period) for period in periods], fontsize=8)
    axes.set_yticks(range(len(months)), [f"{month}  ({sizes[month]:,})" for month in months], fontsize=8)
    axes.set_xlabel("months after the first order 首单后月数", fontsize=9)
    axes.set_xlim(-0.6, len(periods) - 0.4)
    return svg(figure)


def attribution_picture(credits_: Sequence[Credit]) -> str:
    """Revenue that each way of counting gives to each channel, in yuan, largest channels first."""
    import matplotlib as mpl

    totals: Counter[str] = Counter()
    for credit in credits_:
        totals[credit.channel] += credit.credit_fen
    everything, unknown = totals.total(), totals.pop(UNATTRIBUTED, 0)
    channels = [channel for channel, _ in sorted(totals.items(), key=lambda item: (-item[1], item[0]))][:_MOST_CHANNELS]
    told = {credit.model for credit in credits_}
    models = [model for model in MODELS if model in told]
    yuan = {(credit.channel, credit.model): credit.credit_fen / 100 for credit in credits_}
    figure, axes = canvas(7.2, 1.2 + 0.09 * len(channels) * (len(models) + 1))
    thickness = 1 / (len(models) + 1)
    colours = mpl.colormaps["tab10"].colors  # type: ignore[attr-defined]
    for number, model in enumerate(models):
        axes.barh(
            [place + number * thickness for place in range(len(channels))],
            [yuan.get((channel, model), 0.0) for channel in channels],
            height=thickness * 0.9,
            color=colours[number % len(colours)],
            label=MODELS[model],
        )
    axes.set_yticks([place + (len(models) - 1) * thickness / 2 for place in range(len(channels))], channels, fontsize=9)
    axes.xaxis.set_major_formatter(mpl.ticker.FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.tick_params(axis="x", labelsize=8)
    axes.set_xlabel(
        f"yuan 元; {unknown / (everything or 1):.0%} of net revenue follows no act that is known", fontsize=9
    )
    axes.set_ylim(len(channels) - thickness, -thickness)
    axes.legend(fontsize=8, frameon=False, ncols=4, loc="lower left", bbox_to_anchor=(0, 1))
    return svg(figure)


def links_picture(links: Sequence[Link]) -> str:
    """The declared journeys as chains of steps: who came, who went on, and in red where it breaks."""
    journeys = list(dict.fromkeys(link.journey for link in links))
    figure, axes = canvas(7.2, 0.4 + 0.85 * len(journeys))
    for row, journey in enumerate(journeys):
        chain = sorted((link for link in links if link.journey == journey), key=lambda link: link.step)
        axes.text(-0.45, row - 0.32, journey.replace("_", " "), fontsize=9, fontweight="bold", color=INK)
        for link in chain:
            _link(axes, row, link)
        steps = [(link.step - 1, link.before) for link in chain] + [(link.step, link.after) for link in chain[-1:]]
        for x, name in steps:
            axes.scatter(x, row, s=60, color=BLUE, zorder=3)
            axes.annotate(
                name.replace("_", " "), (x, row), xytext=(0, -12), textcoords="offset points", ha="center", va="top",
                fontsize=8, color=INK,
            )  # fmt: skip
    axes.set_xlim(-0.5, max(link.step for link in links) + 0.5)
    axes.set_ylim(len(journeys) - 0.4, -0.6)
    axes.set_axis_off()
    return svg(figure)


def _largest(cells: Sequence[FunnelCell]) -> str:
    """The channels of a stage, the largest by name; the table under the picture has all."""
    ordered = sorted((cell for cell in cells if cell.events), key=lambda cell: (-cell.events, cell.channel))
    names = [cell.channel for cell in ordered[:_NAMED_CHANNELS]]
    more = len(ordered) - len(names)
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")


def _link(axes: Axes, row: int, link: Link) -> None:
    colour, style = (RED, (0, (3, 2))) if link.is_broken else (GREY, "solid")
    axes.plot([link.step - 1, link.step], [row, row], color=colour, linestyle=style, linewidth=2, zorder=1)
    share = f"{link.passed / link.reached:.0%} of {link.reached:,}" if link.reached else "nobody"
    axes.annotate(
        f"{share} so far" if link.is_open else share, (link.step - 0.5, row), xytext=(0, 5),
        textcoords="offset points", ha="center", fontsize=8, color=colour if link.is_broken else INK,
    )  # fmt: skip


def _place(stage: str) -> int:
    return list(RELATIONS).index(stage)


def _sum(flows: Sequence[Flow], *, before: str = "", after: str = "") -> int:
    return sum(flow.people for flow in flows if before in ("", flow.before) and after in ("", flow.after))


def _levels(totals: Counter[str], gap: float) -> dict[str, tuple[float, int]]:
    """Stage -> where its bar begins and how high it is, the bars of one side stacked with gaps."""
    levels, bottom = {}, 0.0
    for stage, height in totals.items():
        if height:
            levels[stage] = (bottom, height)
            bottom += height + gap
    return levels


def _band(axes: Axes, start: float, end: float, flow: Flow) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    height, (near, middle, far) = flow.people, (0.018, 0.5, 0.982)
    points = [(near, start), (middle, start), (middle, end), (far, end)]
    points += [(far, end + height), (middle, end + height), (middle, start + height), (near, start + height)]
    curve = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3]
    colour, alpha = _RELATION_COLOURS[flow.after], 0.18 if flow.before == flow.after else 0.5
    axes.add_patch(PathPatch(Path(points, curve), facecolor=colour, alpha=alpha, linewidth=0))

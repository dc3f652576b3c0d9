"""Cutting one link of a journey names that link, and only that one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from quanyu.contracts import SHANGHAI
from quanyu.local.postgres import EmbeddedPostgres
from tests.dbt.facts_kit import Facts, facts_of_their_own

NIGHT = date(2026, 11, 20)
LAST_WEEK = date(2026, 11, 2)  # the newest whose people have had their seven days
WEEKS = [LAST_WEEK - timedelta(weeks=weeks) for weeks in range(5, -1, -1)]
LOOPS = {
    "wechat": [
        ("official_account", "follow"),
        ("wecom", "contact_added"),
        ("mini_program", "look"),
        ("youzan", "order"),
    ],
    "douyin": [("douyin", "comment"), ("douyin", "follow"), ("douyin_shop", "order")],
    "brand": [("store", "visit"), ("wecom", "contact_added"), ("store", "order")],
}
LINKS = [(template, step) for template, nodes in LOOPS.items() for step in range(1, len(nodes))]
CAMPAIGNS = ["a", "b", "c"]
MODELS = (
    "int_changed__histories",
    "int_journey_links",
    "int_breakpoints__starts",
    "int_breakpoints__weekly",
    "fct_breakpoints",
)

Link = tuple[str, int]


@pytest.fixture(scope="module")
def facts(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Facts]:
    with facts_of_their_own(postgres, tmp_path_factory.mktemp("breakpoints")) as world:
        world.write(
            "policy.journey_nodes",
            (
                {"template": template, "step": step, "node": f"{template}-{step}", "channel": channel}
                | {"touchpoint_type": kind, "taps": 2, "within_days": 7}
                for template, nodes in LOOPS.items()
                for step, (channel, kind) in enumerate(nodes, start=1)
            ),
        )
        yield world


def walk(cut: Link | None = None, *, campaign: str | None = None, share: float = 1.0) -> Iterator[dict[str, Any]]:
    """Sixty people a week and campaign enter each loop at each node, three in five go on; fewer over the link cut."""
    for week in WEEKS:
        monday = datetime(week.year, week.month, week.day, 12, tzinfo=SHANGHAI)
        for template, nodes in LOOPS.items():
            for entry in range(1, len(nodes) + 1):
                for known in CAMPAIGNS:
                    for number in range(60):
                        one_id = f"{template}-{week}-{entry}-{known}-{number}"
                        for step in range(entry, len(nodes) + 1):
                            channel, kind = nodes[step - 1]
                            moment = monday + timedelta(days=step - 1)
                            act = {"touchpoint_key": f"{one_id}-{step}", "one_id": one_id, "channel": channel}
                            act |= {"touchpoint_type": kind, "campaign_key": known, "occurred_at": moment}
                            yield act | {"occurred_on": moment.date(), "quantity": 1, "record_id": 1}
                            is_cut = (template, step) == cut and week == LAST_WEEK and campaign in (None, known)
                            if number % 5 >= 3 or (is_cut and number % 10 < 10 * share):
                                break


def breakpoints(facts: Facts, touchpoints: Iterator[dict[str, Any]]) -> set[tuple[str, int, str, str]]:
    facts.write("marts_build.fct_touchpoints", touchpoints)
    facts.run(NIGHT, *MODELS)
    return set(
        facts.rows(
            "select template, step, campaign_key, state from fct_breakpoints"
            f" where is_breakpoint and starts_on >= '{WEEKS[1]}'"
        )
    )


def test_journeys_that_hold_have_no_breakpoint(facts: Facts) -> None:
    assert breakpoints(facts, walk()) == set()
    states = dict(facts.rows(f"select state, count(*) from fct_breakpoints where starts_on = '{LAST_WEEK}' group by 1"))
    assert states == {"holds": len(LINKS) * (len(CAMPAIGNS) + 1)}


@pytest.mark.parametrize("link", LINKS, ids=lambda link: f"{link[0]}-{link[1]}")
def test_a_link_that_is_cut_is_named_and_no_other(facts: Facts, link: Link) -> None:
    assert breakpoints(facts, walk(link)) == {(*link, campaign, "missing") for campaign in ("all", *CAMPAIGNS)}


def test_a_link_that_leaks_is_named_and_no_other(facts: Facts) -> None:
    expected = {("wechat", 2, campaign, "leaking") for campaign in ("all", *CAMPAIGNS)}
    assert breakpoints(facts, walk(("wechat", 2), share=0.7)) == expected


def test_a_link_that_one_campaign_cuts_is_named_for_that_campaign(facts: Facts) -> None:
    assert breakpoints(facts, walk(("douyin", 1), campaign="b")) == {("douyin", 1, "b", "missing")}

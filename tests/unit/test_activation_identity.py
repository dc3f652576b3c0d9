"""People merge and are split between nights: counters, messages, consent, membership and holdout follow."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.fixtures.activation_night import DAY, Night, Post

NEXT, LATER = DAY + timedelta(days=1), DAY + timedelta(days=2)


@pytest.fixture
def night(dsn: str) -> Night:
    """Ann and Ben, each with an account and an address of their own."""
    made = Night(dsn)
    made.person("ann", account="account-ann")
    made.person("ben", account="account-ben")
    return made


def sent(night: Night, day: date = DAY) -> list[str]:
    """Plan and send a night; return the addresses that got something."""
    night.publish(day)
    night.plan(day=day)
    night.now += day - night.now.date() + timedelta(days=1)
    client = Post()
    night.send(client, day=day)
    return sorted(client.received)


def test_counters_add_up_after_a_merge_and_come_apart_after_a_split(night: Night) -> None:
    cap = {"days": 7, "messages": 2}
    night.segment("seg_quiet", ["ann", "ben"], cap=cap)
    assert sent(night) == ["post-ann", "post-ben"]
    night.merge("ben", "ann", day=NEXT)
    night.segment("seg_quiet", ["ann"], cap=cap)
    assert sent(night, NEXT) == []
    assert night.decisions("seg_quiet", NEXT) == {"ann": "capped"}
    night.split("account-ben", "ben", day=LATER)
    night.segment("seg_quiet", ["ann", "ben"], cap=cap)
    assert sent(night, LATER) == ["post-ann", "post-ben"]


def test_what_was_sent_to_an_account_in_the_name_of_the_merged_person_stays_with_the_account(night: Night) -> None:
    night.merge("ben", "ann")
    with night.sql() as cursor:
        cursor.execute("delete from marts.bridge_customer_addresses where address = 'post-ann'")
    night.segment("seg_quiet", ["ann"])
    assert sent(night) == ["post-ben"]
    night.split("account-ben", "ben", day=NEXT)
    night.person("ann", account="account-ann-2", consents=())
    night.segment("seg_quiet", ["ann", "ben"], cap={"days": 7, "messages": 1})
    assert sent(night, NEXT) == ["post-ann"]
    assert night.decisions("seg_quiet", NEXT) == {"ann": "message", "ben": "capped"}


def test_an_address_that_is_gone_still_counts_for_whom_its_account_is(night: Night) -> None:
    night.segment("seg_quiet", ["ben"])
    assert sent(night) == ["post-ben"]
    night.merge("ben", "ann", day=NEXT)
    with night.sql() as cursor:
        cursor.execute("delete from marts.bridge_customer_addresses where address = 'post-ben'")
    night.segment("seg_quiet", ["ann"], cap={"days": 7, "messages": 1})
    assert sent(night, NEXT) == []
    assert night.decisions("seg_quiet", NEXT) == {"ann": "capped"}


@pytest.mark.parametrize("purpose", ["care", "marketing"])
def test_a_night_that_is_planned_again_after_a_merge_sends_nobody_the_same_message_twice(
    night: Night, purpose: str
) -> None:
    night.segment("seg_birthday", ["ben"], purpose=purpose, consent=purpose)
    assert sent(night) == ["post-ben"]
    night.merge("ben", "ann")
    night.segment("seg_birthday", ["ann"], purpose=purpose, consent=purpose)
    assert sent(night) == []
    assert night.decisions("seg_birthday") == {"ben": "message", "ann": "duplicate"}
    assert night.parts("seg_birthday") == {"sent": 1, "duplicate": 1}


def test_a_night_that_is_planned_again_after_a_split_does_not_ring_the_same_account_twice(night: Night) -> None:
    night.merge("ben", "ann")
    with night.sql() as cursor:
        cursor.execute("delete from marts.bridge_customer_addresses where address = 'post-ann'")
    night.segment("seg_quiet", ["ann"])
    assert sent(night) == ["post-ben"]
    night.split("account-ben", "ben")
    night.segment("seg_quiet", ["ann", "ben"])
    assert sent(night) == []
    assert night.decisions("seg_quiet") == {"ann": "message", "ben": "duplicate"}
    assert night.parts("seg_quiet") == {"sent": 1, "duplicate": 1}


@pytest.mark.parametrize(("is_granted", "state"), [(True, "sent"), (False, "suppressed")])
def test_consent_is_asked_again_of_whoever_the_account_is_when_the_message_is_claimed(
    night: Night, is_granted: bool, state: str
) -> None:
    night.segment("seg_quiet", ["ben"])
    night.plan()
    night.merge("ben", "ann")
    with night.sql() as cursor:
        cursor.execute("delete from marts.fct_consents where one_id = 'ben'")
    night.consent("ann", is_granted=is_granted)
    night.send(Post())
    assert night.states() == {"ben": state}


def test_who_goes_on_under_another_one_id_neither_left_nor_entered(night: Night) -> None:
    def stays() -> set[tuple[str, str, str | None, str | None, str | None]]:
        rows = night.rows(
            "select one_id, entered_because, entered_from, exited_because, exited_to from activation.segment_membership"
        )
        return set(rows)

    def counted(day: date) -> tuple[int, int, int]:
        (row,) = night.rows(
            "select members, entered, exited from activation.segment_night where business_date = %s", day
        )
        return row

    night.segment("seg_quiet", ["ben"])
    night.plan()
    assert counted(DAY) == (1, 1, 0)
    night.merge("ben", "ann", day=NEXT)
    night.segment("seg_quiet", ["ann"])
    night.publish(NEXT)
    for _ in range(2):
        night.plan(day=NEXT)
        assert stays() == {("ben", "joined", None, "merged", "ann"), ("ann", "merged", "ben", None, None)}
        assert counted(NEXT) == (1, 0, 0)
    night.split("account-ben", "ben", day=LATER)
    night.person("new")
    night.segment("seg_quiet", ["ben", "new"])
    night.publish(LATER)
    night.plan(day=LATER)
    assert stays() == {
        ("ben", "joined", None, "merged", "ann"),
        ("ann", "merged", "ben", "split", "ben"),
        ("ben", "split", "ann", None, None),
        ("new", "joined", None, None, None),
    }
    assert counted(LATER) == (2, 1, 0)


def test_a_merge_across_the_arms_of_a_holdout_marks_both_for_good(night: Night) -> None:
    people = night.people(*(f"p{number}" for number in range(40)))
    night.segment("seg_quiet", people, holdout=0.5)
    night.plan()
    arms = night.decisions("seg_quiet")
    held = [one_id for one_id in people if arms[one_id] == "holdout"]
    told = [one_id for one_id in people if arms[one_id] == "message"]
    night.merge(held[0], told[0], day=NEXT)
    night.merge(told[1], told[2], day=NEXT)
    night.segment("seg_quiet", [one_id for one_id in people if one_id not in {held[0], told[1]}], holdout=0.5)
    night.publish(NEXT)
    night.plan(day=NEXT)
    marked = "select one_id, other_one_id, contaminated_on from activation.contamination"
    expected = {(held[0], told[0], NEXT), (told[0], held[0], NEXT)}
    assert set(night.rows(marked)) == expected
    with night.sql() as cursor:
        cursor.execute("delete from marts.bridge_one_id_alias")
    night.publish(LATER)
    night.plan(day=LATER)
    assert set(night.rows(marked)) == expected, "who was once treated as somebody else stays so"

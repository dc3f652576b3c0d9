"""Planning gives everybody in a segment exactly one fate, and may be repeated."""

from __future__ import annotations

import hashlib
import hmac
from datetime import date, timedelta

import psycopg
import pytest

from quanyu.activation import waterfall
from quanyu.errors import ConfigurationError, Rejected
from tests.fixtures.activation_night import DAY, KEY, Night, Post, channel

NEXT = DAY + timedelta(days=1)
BOTH = {"channels": ["post", "pigeon"], "templates": {"post": "come back", "pigeon": "coo"}}


@pytest.fixture
def night(dsn: str) -> Night:
    return Night(dsn)


def went_out(night: Night, one_id: str, *, ago: int, on: str = "post", purpose: str = "marketing") -> None:
    """Somebody got a message `ago` nights before."""
    day = DAY - timedelta(days=ago)
    key = f"old-{one_id}-{on}-{ago}-{purpose}"
    with night.sql() as cursor:
        cursor.execute(
            "insert into activation.message (key, business_date, segment, act_version, one_id, channel, address,"
            " purpose, template, attempt) values (%s, %s, %s, 1, %s, %s, %s, %s, 'old', 1)",
            [key, day, f"seg_{purpose}_{on}", one_id, on, f"{on}-{one_id}", purpose],
        )
        for state in ("pending", "sending", "sent"):
            cursor.execute("update activation.message set state = %s where key = %s", [state, key])


def test_everybody_reachable_and_willing_gets_one_pending_message(night: Night) -> None:
    night.segment("seg_quiet", night.people("a", "b"))
    planned = night.plan()
    assert (planned["seg_quiet"].audience, planned["seg_quiet"].messages, planned["seg_quiet"].held) == (2, 2, "")
    assert night.states() == {"a": "pending", "b": "pending"}
    assert night.parts("seg_quiet") == {"pending": 2}


def test_the_key_is_an_hmac_of_the_business_act(night: Night) -> None:
    night.segment("seg_quiet", night.people("a"))
    night.plan()
    own = hmac.digest(KEY, b"message", "sha256")
    act = b"a|post|seg_quiet|1|2026-11-20"
    assert night.states("key") == {hmac.new(own, act, hashlib.sha256).hexdigest(): "pending"}


def test_a_night_that_readers_do_not_see_cannot_be_planned(night: Night) -> None:
    night.segment("seg_quiet", night.people("a"))
    with pytest.raises(Rejected, match="readers see 2026-11-20"):
        night.plan(day=NEXT)
    night.publish(NEXT)
    with pytest.raises(Rejected, match="readers see 2026-11-21"):
        night.plan()
    assert night.states() == {}


def test_a_segment_that_was_never_published_is_an_error(night: Night) -> None:
    night.segment("seg_quiet", night.people("a"))
    with night.sql() as cursor:
        cursor.execute("drop table segments.seg_quiet")
    with pytest.raises(ConfigurationError, match="seg_quiet has no published table"):
        night.plan()


def test_the_holdout_is_a_stable_share_that_gets_nothing(night: Night) -> None:
    people = night.people(*(f"p{number}" for number in range(200)))
    night.segment("seg_quiet", people, holdout=0.2)
    night.segment("seg_other", people, holdout=0.2, priority=20)
    night.plan()
    held_out = {one_id for one_id, outcome in night.decisions("seg_quiet").items() if outcome == "holdout"}
    others = {one_id for one_id, outcome in night.decisions("seg_other").items() if outcome == "holdout"}
    assert 20 <= len(held_out) <= 60
    assert others != held_out, "each campaign draws its own"
    night.publish(NEXT)
    night.plan(day=NEXT)
    assert held_out == {
        one_id for one_id, outcome in night.decisions("seg_quiet", NEXT).items() if outcome == "holdout"
    }


def test_the_first_channel_that_reaches_with_consent_is_taken(night: Night) -> None:
    night.people("both")
    night.people("both", "bird", on="pigeon")
    night.person("unwilling", consents=())
    night.people("unwilling", on="pigeon")
    night.segment("seg_quiet", ["both", "bird", "unwilling"], **BOTH)
    night.plan(channel(), channel("pigeon"))
    chosen = dict(night.rows("select one_id, channel from activation.message"))
    assert chosen == {"both": "post", "bird": "pigeon", "unwilling": "pigeon"}
    assert dict(night.rows("select one_id, template from activation.message"))["bird"] == "coo"


def test_a_channel_that_is_off_reaches_nobody(night: Night) -> None:
    night.people("both")
    night.people("both", "bird", on="pigeon")
    night.segment("seg_quiet", ["both", "bird"], **BOTH)
    night.plan(channel())
    assert night.decisions("seg_quiet") == {"both": "message", "bird": "unreachable"}


def test_without_consent_for_the_purpose_there_is_no_message(night: Night) -> None:
    night.person("care_only", consents=["care"])
    night.person("refused")
    night.consent("refused", is_granted=False)
    night.segment("seg_quiet", ["care_only", "refused", "nowhere"])
    night.plan()
    assert night.decisions("seg_quiet") == {
        "care_only": "no_consent",
        "refused": "no_consent",
        "nowhere": "unreachable",
    }


@pytest.mark.parametrize(
    ("purpose", "outcome"), [("marketing", "no_consent"), ("care", "no_consent"), ("service", "message")]
)
def test_an_opt_out_of_one_address_counts_for_the_person_unless_the_message_is_owed(
    night: Night, purpose: str, outcome: str
) -> None:
    night.person("a", address="first", consents=["marketing", "care", "service"])
    night.person("a", address="second", consents=[])
    with night.sql() as cursor:
        cursor.execute("insert into activation.opt_out values ('post', 'first', 'R', now())")
    night.segment("seg_quiet", ["a"], purpose=purpose, consent=purpose)
    night.plan()
    assert night.decisions("seg_quiet") == {"a": outcome}


def test_a_full_cap_stops_a_person_and_only_messages_of_the_same_purpose_fill_it(night: Night) -> None:
    night.people("full", "cared", "before")
    for ago in (1, 2):
        went_out(night, "full", ago=ago)
        went_out(night, "cared", ago=ago, purpose="care")
        went_out(night, "before", ago=ago + 6)
    night.segment("seg_quiet", ["full", "cared", "before"], cap={"days": 7, "messages": 2})
    night.plan()
    assert night.decisions("seg_quiet") == {"full": "capped", "cared": "message", "before": "message"}
    assert night.one("select detail from activation.decision where one_id = 'full'") == "already 2 in 7 nights"


def test_care_is_not_stopped_by_marketing_caps(night: Night) -> None:
    night.people("a")
    for ago in range(1, 7):
        went_out(night, "a", ago=ago)
    night.segment("seg_birthday", ["a"], purpose="care", consent="care", cap={"days": 7, "messages": 1})
    night.plan()
    assert night.decisions("seg_birthday") == {"a": "message"}


def test_the_platforms_own_cap_counts_every_purpose_and_leads_to_the_next_channel(night: Night) -> None:
    mass = "official_account_mass"
    night.people("a", "b", on=mass)
    night.people("a", on="pigeon")
    for one_id in ("a", "b"):
        for ago in (1, 3, 5, 7):
            went_out(night, one_id, ago=ago, on=mass, purpose="care")
    both = {"channels": [mass, "pigeon"], "templates": {mass: "come", "pigeon": "coo"}}
    night.segment("seg_quiet", ["a", "b"], **both)
    night.plan(channel(mass), channel("pigeon"))
    assert night.decisions("seg_quiet") == {"a": "message", "b": "capped"}
    assert night.rows("select channel from activation.message where template = 'coo'") == [("pigeon",)]


def test_counters_add_up_when_two_people_turn_out_to_be_one(night: Night) -> None:
    night.people("merged")
    went_out(night, "merged", ago=1)
    went_out(night, "gone", ago=2)
    night.person("merged", address="post-gone", consents=())
    night.segment("seg_quiet", ["merged"], cap={"days": 7, "messages": 2})
    night.plan()
    assert night.decisions("seg_quiet") == {"merged": "capped"}


def test_in_two_segments_of_a_night_the_more_important_one_wins(night: Night) -> None:
    people = night.people("a", "b")
    night.segment("seg_minor", people, priority=20)
    night.segment("seg_major", ["a"], priority=1)
    night.plan()
    assert night.decisions("seg_major") == {"a": "message"}
    assert night.decisions("seg_minor") == {"a": "duplicate", "b": "message"}


def test_an_address_that_two_people_share_rings_once_a_night(night: Night) -> None:
    night.person("a", address="family")
    night.person("b", address="family")
    night.person("c", address="family")
    night.segment("seg_quiet", ["a", "b"])
    night.segment("seg_other", ["c"], priority=20)
    night.plan()
    assert night.decisions("seg_quiet") == {"a": "message", "b": "duplicate"}
    assert night.decisions("seg_other") == {"c": "duplicate"}


def test_an_address_that_rang_before_the_night_was_planned_again_does_not_ring_for_another_person(night: Night) -> None:
    night.person("a", address="family", account="account of a")
    night.segment("seg_quiet", ["a"])
    night.plan()
    night.send(Post())
    night.person("b", address="family", account="account of b")
    night.segment("seg_other", ["b"], priority=20)
    night.plan()
    assert night.states() == {"a": "sent"}
    assert night.decisions("seg_other") == {"b": "duplicate"}


def test_what_is_not_in_stock_is_not_promised(night: Night) -> None:
    night.people("a", "b", "c")
    night.segment("seg_quiet", {"a": {"is_in_stock": False}, "b": {"is_in_stock": True}, "c": {"is_in_stock": None}})
    night.plan()
    assert night.parts("seg_quiet") == {"out_of_stock": 1, "pending": 2}


def test_a_message_carries_the_columns_its_template_names(night: Night) -> None:
    night.people("a")
    night.people("b", on="pigeon")
    rows = {one_id: {"gift": "tea", "shop": "west", "is_in_stock": True} for one_id in ("a", "b")}
    night.segment("seg_quiet", rows, channels=["post", "pigeon"], templates={"post": "{gift} awaits", "pigeon": "T1"})
    night.plan(channel(), channel("pigeon", is_personal=True))
    carried = dict(night.rows("select one_id, params from activation.message"))
    assert carried == {"a": {"gift": "tea"}, "b": {"gift": "tea", "shop": "west"}}


def test_a_template_that_names_a_column_the_segment_lacks_is_an_error(night: Night) -> None:
    night.segment("seg_quiet", night.people("a"), templates={"post": "{gift} awaits"})
    with pytest.raises(ConfigurationError, match=r"seg_quiet: templates\.post asks for gift"):
        night.plan()


def test_planning_again_changes_nothing(night: Night) -> None:
    night.segment("seg_quiet", [*night.people("a", "b"), "nowhere"])
    night.plan()
    before = night.rows("select * from activation.decision order by one_id"), night.states("key")
    night.plan()
    assert (night.rows("select * from activation.decision order by one_id"), night.states("key")) == before


def test_planning_again_replaces_only_what_no_sender_claimed(night: Night) -> None:
    night.segment("seg_quiet", night.people("a", "b", "c"))
    night.plan()
    client = Post()
    night.send(client, channel(largest=1), ticks=lambda: night.real)
    sent = night.states("key")
    assert set(sent.values()) == {"sent"}
    night.people("d")
    night.segment("seg_quiet", ["b", "d"])
    night.plan()
    assert night.states() == {"a": "sent", "b": "sent", "c": "sent", "d": "pending"}
    assert sent.items() <= night.states("key").items()
    assert night.parts("seg_quiet") == {"sent": 3, "pending": 1}


def test_a_segment_outside_its_size_band_is_held_until_a_person_releases_it(night: Night) -> None:
    from quanyu.activation import release

    night.segment("seg_quiet", night.people("a", "b"), size_band={"min": 0, "max": 1, "change": 9.0})
    assert night.plan()["seg_quiet"].held == "audience 2 is outside 0 to 1"
    assert night.parts("seg_quiet") == {"held": 2}
    client = Post()
    night.send(client)
    assert client.calls == []
    assert release(night.dsn, "seg_quiet", DAY, "mei") == 2
    with pytest.raises(Rejected, match="is not held"):
        release(night.dsn, "seg_quiet", DAY, "mei")
    night.plan()
    assert night.parts("seg_quiet") == {"pending": 2}, "a release survives planning again"
    night.send(client)
    assert sorted(client.received) == ["post-a", "post-b"]


def test_a_segment_that_grows_too_fast_since_last_night_is_held(night: Night) -> None:
    band = {"min": 0, "max": 100, "change": 0.5}
    night.segment("seg_quiet", night.people("a", "b"), size_band=band)
    assert night.plan()["seg_quiet"].held == ""
    night.publish(NEXT)
    night.segment("seg_quiet", ["a", "b", *night.people("c", "d")], size_band=band)
    assert "from 2 to 4" in night.plan(day=NEXT)["seg_quiet"].held


@pytest.mark.parametrize(
    ("status", "is_held"), [("complete", False), ("stale", True), ("failed", True), ("running", True)]
)
def test_a_segment_that_rests_on_a_source_which_did_not_come_is_frozen(
    night: Night, status: str, is_held: bool
) -> None:
    with night.sql() as cursor:
        cursor.execute(
            "insert into ops.source_night (business_date, source, status) values (%s, 'store', %s)", [DAY, status]
        )
        cursor.execute(
            "insert into ops.source_night (business_date, source, status) values (%s, 'tmall', 'failed')", [DAY]
        )
    night.segment("seg_quiet", night.people("a"))
    held = night.plan()["seg_quiet"].held
    assert held == (f"source store of 2026-11-20 is {status}" if is_held else "")


def test_entering_staying_and_leaving_are_remembered(night: Night) -> None:
    def stays() -> list[tuple[str, date, date | None]]:
        return night.rows(
            "select one_id, entered_on, exited_on from activation.segment_membership order by one_id, entered_on"
        )

    night.segment("seg_quiet", night.people("a", "b"))
    night.plan()
    night.plan()
    assert stays() == [("a", DAY, None), ("b", DAY, None)]
    night.segment("seg_quiet", ["b", *night.people("c")])
    night.publish(NEXT)
    night.plan(day=NEXT)
    night.plan(day=NEXT)
    assert stays() == [("a", DAY, NEXT), ("b", DAY, None), ("c", NEXT, None)]
    night.segment("seg_quiet", ["a", "b"])
    night.plan(day=NEXT)
    assert stays() == [("a", DAY, None), ("b", DAY, None)], "the same night, built again, replaces its own entries"
    night.publish(DAY)
    night.segment("seg_quiet", [])
    night.plan()
    assert stays() == [("a", DAY, None), ("b", DAY, None)], "an old night does not rewrite what came after it"


def test_a_state_changes_only_along_the_arrows(night: Night) -> None:
    night.segment("seg_quiet", night.people("a"))
    night.plan()
    for state in ("sent", "delivered", "parked", "planned", "held", "failed_final", "nonsense"):
        with (
            pytest.raises(psycopg.errors.CheckViolation, match=f"pending cannot become {state}"),
            night.sql() as cursor,
        ):
            cursor.execute("update activation.message set state = %s", [state])
    night.send(Post())
    with pytest.raises(psycopg.errors.CheckViolation, match="cannot be forgotten"), night.sql() as cursor:
        cursor.execute("delete from activation.message")


def test_a_phone_number_in_clear_cannot_be_stored_as_an_address(night: Night) -> None:
    night.person("a", address="+8613800000000")
    night.segment("seg_quiet", ["a"])
    with pytest.raises(psycopg.errors.CheckViolation, match="address_is_not_a_phone"):
        night.plan()


def test_an_unplanned_night_has_no_waterfall_and_an_empty_segment_an_empty_one(night: Night) -> None:
    assert waterfall(night.dsn, DAY) == []
    night.segment("seg_quiet", [])
    night.plan()
    assert night.parts("seg_quiet") == {}


@pytest.mark.parametrize(
    ("purpose", "part"), [("marketing", "no_consent"), ("care", "pending"), ("service", "pending")]
)
def test_somebody_known_to_be_below_14_gets_no_advertising(dsn: str, purpose: str, part: str) -> None:
    night = Night(dsn)
    night.people("child")
    with night.sql() as cursor:
        cursor.execute("insert into marts.dim_customers values ('child', true)")
    night.segment("seg_quiet", ["child"], purpose=purpose)
    night.plan()
    assert night.parts("seg_quiet") == {part: 1}


def test_who_turns_out_to_be_below_14_after_planning_is_left_out(dsn: str) -> None:
    night = Night(dsn)
    night.segment("seg_quiet", night.people("child", "adult"))
    night.plan()
    with night.sql() as cursor:
        cursor.execute("insert into marts.dim_customers values ('child', true)")
    night.send(post := Post())
    assert post.received == ["post-adult"]
    assert night.one("select reason from activation.message where one_id = 'child'") == "below 14"

"""A list at a platform equals its segment every morning, whatever happened in the night."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from quanyu.activation import mirror
from quanyu.activation.mirror import MirrorReport, MirrorRow
from quanyu.contracts import SHANGHAI, Audience, Member, Receipt, RemoteList
from quanyu.errors import NeedsPerson, Rejected, Retryable, Throttled
from tests.fixtures.activation_night import DAY, KEY, Night
from tests.fixtures.mirror_board import AtOnce, Board, FileBoard, Killed, Seams, TellingBoard, audience
from tests.sandbox import running_sandbox

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = [f"p{number}" for number in range(8)]
LIST = "seg_quiet"
KILLS = 6
TWO_A_CALL = audience(largest_batch=2)


@pytest.fixture
def night(dsn: str) -> Night:
    return Night(dsn)


def ten(day: date) -> datetime:
    """The morning after a business date."""
    return datetime.combine(day + timedelta(days=1), time(10), SHANGHAI)


def run(
    night: Night,
    board: Board,
    day: date = DAY,
    *,
    to: Audience | None = None,
    seams: Seams | None = None,
    client: Any = None,
    **options: Any,
) -> MirrorReport:
    """One run on the morning after `day`."""
    standard: dict[str, Any] = {"ticks": lambda: night.real, "sleep": lambda _: None}
    return mirror.run(
        night.dsn,
        day,
        to or audience(),
        client or board.client(seams),
        lambda: ten(day),
        night.vault,
        KEY,
        **standard | options,
    )


def fill(night: Night, people: Sequence[str], **meta: Any) -> None:
    """Publish the segment."""
    night.segment(LIST, people, **{"audiences": ["board"], **meta})


def addresses(*people: str) -> set[str]:
    return {f"board-{one_id}" for one_id in people}


def row(night: Night, day: date = DAY) -> MirrorRow:
    """The list's line in the waterfall, after checking that it sums."""
    (found,) = mirror.waterfall(night.dsn, day)
    assert found.difference == 0
    return found


masks = st.integers(0, 2 ** len(PEOPLE) - 1)
nights = st.lists(
    st.fixed_dictionaries(
        {
            "members": masks,
            # Two draws of three: most are willing.
            "willing": st.tuples(masks, masks).map(lambda pair: pair[0] | pair[1]),
            "kills": st.lists(st.integers(0, 45), max_size=2),
            "lost": st.booleans(),
            "works": st.booleans(),
        }
    ),
    min_size=30,
    max_size=30,
)


def of(mask: int) -> list[str]:
    return [one_id for place, one_id in enumerate(PEOPLE) if mask >> place & 1]


@pytest.mark.parametrize("kind", [Board, TellingBoard, FileBoard], ids=["at once", "telling", "by file"])
@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(story=nights)
def test_thirty_nights_of_joining_leaving_and_kills_end_in_thirty_equal_mornings(
    night: Night, kind: type[Board], story: list[dict[str, Any]]
) -> None:
    start_over(night)
    board = kind()
    for ago, one in enumerate(story):
        day = DAY + timedelta(days=ago)
        night.publish(day)
        fill(night, of(one["members"]))
        agree(night, of(one["willing"]))
        for kill in one["kills"]:
            die_at(night, board, day, kill)
            if one["works"] and isinstance(board, FileBoard):
                board.work()
        board.lost = {len(board.calls) + 1} if one["lost"] else set()
        bring_up(night, board, day)
        expected = addresses(*(set(of(one["members"])) & set(of(one["willing"]))))
        assert board.content(LIST) == expected, f"night {ago}"
        found = row(night, day)
        assert (found.mirrored, found.leaving, found.waiting) == (len(expected), 0, 0)
        assert found.people == len(of(one["members"]))


def start_over(night: Night) -> None:
    with night.sql() as cursor:
        cursor.execute(
            "truncate activation.audience_list, activation.audience_member, activation.audience_hold,"
            " activation.audience_night, marts.bridge_customer_addresses, marts.fct_consents, ops.publication"
        )
        cursor.execute(
            "insert into marts.bridge_customer_addresses (one_id, channel, address)"
            " select one_id, 'board', 'board-' || one_id from unnest(%s::text[]) as one_id",
            [PEOPLE],
        )
    agree(night, PEOPLE)
    night.publish(DAY)


def agree(night: Night, willing: Sequence[str]) -> None:
    """Let these people agree and all others refuse."""
    with night.sql() as cursor:
        cursor.execute(
            "insert into marts.fct_consents (one_id, purpose, channel, is_granted)"
            " select one_id, 'marketing', 'board', one_id = any(%s) from unnest(%s::text[]) as one_id"
            " on conflict (one_id, purpose, channel) do update set is_granted = excluded.is_granted",
            [list(willing), PEOPLE],
        )


def die_at(night: Night, board: Board, day: date, kill: int, *, to: Audience | None = None) -> None:
    """A run that is killed at one of its seams."""
    seams = Seams(dies_at=kill)
    try:
        with pytest.MonkeyPatch.context() as patch, seams.around(patch):
            run(night, board, day, to=to, seams=seams)
    except Killed:
        pass


def bring_up(night: Night, board: Board, day: date, **options: Any) -> None:
    """Run as the night does: again while there is something to ask."""
    for _ in range(8):
        if run(night, board, day, **options).is_done:
            return
        if isinstance(board, FileBoard):
            board.work()
    raise AssertionError("the list does not come to rest")


def moving(night: Night, kind: type[Board]) -> Board:
    """A list of three, one of whom has left since, and one has joined."""
    board = kind()
    start_over(night)
    fill(night, PEOPLE[:3])
    bring_up(night, board, DAY, to=TWO_A_CALL)
    fill(night, PEOPLE[1:4])
    return board


@pytest.mark.parametrize("kind", [Board, TellingBoard, FileBoard], ids=["at once", "telling", "by file"])
def test_a_kill_at_every_single_seam_leaves_nothing_behind(night: Night, kind: type[Board]) -> None:
    """The seams of a whole run are counted first, so that none is forgotten."""
    counting, board = Seams(), moving(night, kind)
    with pytest.MonkeyPatch.context() as patch, counting.around(patch):
        run(night, board, to=TWO_A_CALL, seams=counting)
    assert counting.passed > 25
    for kill in range(counting.passed):
        board = moving(night, kind)
        die_at(night, board, DAY, kill, to=TWO_A_CALL)
        bring_up(night, board, DAY)
        assert board.content(LIST) == addresses(*PEOPLE[1:4]), f"killed at {kill}"


def test_only_the_difference_is_handed_over(night: Night) -> None:
    board = Board()
    fill(night, night.people("a", "b", "c", on="board"))
    assert run(night, board).counts == {"added": 3}
    assert run(night, board).counts == {}
    night.person("d", on="board")
    fill(night, ["b", "c", "d"])
    assert run(night, board).counts == {"added": 1, "removed": 1}
    assert board.calls[-2:] == [("remove", ["board-a"]), ("add", ["board-d"])]
    assert board.content(LIST) == addresses("b", "c", "d")


def test_everybody_has_one_place_in_the_waterfall(night: Night) -> None:
    board = Board(strangers={"board-e"})
    people = [*night.people("a", "b", "c", "d", "e", on="board"), "nowhere"]
    night.consent("b", on="board", is_granted=False)
    with night.sql() as cursor:
        cursor.execute("delete from marts.fct_consents where one_id = 'c'")
    fill(night, people, holdout=0.5)
    out = {one_id for one_id in people if one_id in holdout(night)}
    assert out
    assert out != set(people)
    run(night, board)
    found = row(night)
    assert found.holdout == len(out)
    assert board.content(LIST) == addresses(*({"a", "d"} - out))
    assert found.mirrored == len({"a", "d"} - out)
    assert found.no_consent == len({"b", "c"} - out)
    assert found.refused == len({"e"} - out)
    assert found.unreachable == len({"nowhere"} - out)


def holdout(night: Night) -> set[str]:
    """Who is held out, by the rule of messages."""
    from quanyu.activation.decide import held_out
    from quanyu.activation.keys import holdout_salt

    with psycopg.connect(night.dsn) as connection:
        query = sql.SQL("select one_id from segments.seg_quiet where {}").format(held_out("one_id"))
        rows = connection.execute(query, {"salt": holdout_salt(KEY, LIST), "holdout": 0.5}).fetchall()
    return {one_id for (one_id,) in rows}


def test_marketing_consent_is_no_consent_to_advertising(night: Night) -> None:
    night.person("a", on="board", consents=["marketing"])
    night.person("b", on="board", consents=["advertising"])
    fill(night, ["a", "b"])
    board = Board()
    run(night, board, to=audience(consent="advertising"))
    assert board.content(LIST) == addresses("b")
    assert (row(night).no_consent, row(night).mirrored) == (1, 1)


def test_who_withdraws_is_out_the_next_morning_and_back_when_they_agree_again(night: Night) -> None:
    board = Board()
    fill(night, night.people("a", "b", on="board"))
    run(night, board)
    night.consent("a", on="board", is_granted=False)
    run(night, board)
    assert board.content(LIST) == addresses("b")
    night.consent("a", on="board")
    run(night, board)
    assert board.content(LIST) == addresses("a", "b")


def test_who_withdraws_between_plan_and_call_is_never_handed_over(night: Night) -> None:
    board = Board()
    fill(night, night.people("a", "b", on="board"))

    class Slow(AtOnce):
        def open(self, name: str) -> RemoteList:
            night.consent("a", on="board", is_granted=False)
            return super().open(name)

    run(night, board, client=Slow(board, Seams()))
    assert board.calls == [("add", ["board-b"])], "neither added nor removed: the platform never hears of them"
    assert row(night).no_consent == 1


def phones_only() -> Audience:
    """Addresses are tokens of the vault."""
    return audience(address_type="phone")


def test_an_erased_person_is_taken_out_of_every_list_though_nobody_here_knows_the_phone(night: Night) -> None:
    phones = {"a": "+8613900000001", "b": "+8613900000002"}
    tokens = {one_id: night.phone(phone) for one_id, phone in phones.items()}
    for one_id, token in tokens.items():
        night.person(one_id, on="board", address=token)
    fill(night, ["a", "b"])
    board = Board()
    run(night, board, to=phones_only())
    assert board.content(LIST) == set(phones.values())
    with psycopg.connect(night.dsn) as connection:
        night.vault.erase(connection, [tokens["a"]])
    run(night, board, to=phones_only())
    assert board.content(LIST) == {phones["b"]}
    assert night.rows("select address from activation.audience_member") == [(tokens["b"],)], "no trace is kept"
    assert (row(night).unreachable, row(night).mirrored) == (1, 1)


def test_an_erased_person_is_not_added_by_a_run_that_planned_before(night: Night) -> None:
    token = night.phone("+8613900000001")
    night.person("a", on="board", address=token)
    fill(night, ["a"])
    board = Board()

    class Slow(AtOnce):
        def open(self, name: str) -> RemoteList:
            with psycopg.connect(night.dsn) as connection:
                night.vault.erase(connection, [token])
            return super().open(name)

    run(night, board, to=phones_only(), client=Slow(board, Seams()))
    assert board.calls == []


def test_no_phone_stands_in_any_table(night: Night) -> None:
    night.person("a", on="board", address=night.phone("+8613900000001"))
    fill(night, ["a"])
    run(night, Board(), to=phones_only())
    tables = night.rows("select tablename from pg_tables where schemaname = 'activation'")
    said = "".join(str(night.rows(f"select * from activation.{name}")) for (name,) in tables)
    assert "audience" in said or "ph_" in said
    assert "13900000001" not in said


def test_a_refused_address_rests_longer_each_time(night: Night) -> None:
    board = Board(strangers={"board-a"})
    fill(night, night.people("a", "b", on="board"))
    tried = []
    for ago in range(70):
        day = DAY + timedelta(days=ago)
        night.publish(day)
        before = len(board.calls)
        run(night, board, day)
        if any("board-a" in called for _, called in board.calls[before:]):
            tried.append(ago)
        assert row(night, day).refused == 1
    assert tried == [0, 1, 3, 7, 15, 31, 63]
    assert night.one("select code from activation.audience_member where state = 'refused'") == "E1"
    board.strangers.clear()
    later = DAY + timedelta(days=95)
    night.publish(later)
    run(night, board, later)
    assert board.content(LIST) == addresses("a", "b")


def test_a_run_for_an_old_date_changes_nothing(night: Night) -> None:
    board = Board()
    fill(night, night.people("a", on="board"))
    with pytest.raises(Rejected, match="are not sent"):
        mirror.run(night.dsn, DAY, audience(), board.client(), lambda: ten(DAY + timedelta(days=2)), night.vault, KEY)
    with pytest.raises(Rejected, match="readers see"):
        run(night, board, DAY - timedelta(days=1))
    assert board.calls == []


def test_a_held_list_stays_as_it_is_until_somebody_releases_it(night: Night) -> None:
    board = Board()
    band = {"min": 0, "max": 100, "change": 0.5}
    night.people("a", "b", "c", "d", on="board")
    fill(night, ["a", "b", "c"], size_band=band)
    run(night, board)
    fill(night, ["c", "d"], size_band=band)
    night.consent("c", on="board", is_granted=False)
    report = run(night, board)
    assert report.held == {LIST: "2 of 3 would be removed, more than 50%"}
    assert board.content(LIST) == addresses("a", "b"), "who withdrew is out, nobody else changed"
    assert (row(night).waiting, row(night).leaving, row(night).note) == (1, 2, report.held[LIST])
    run(night, board)
    assert board.content(LIST) == addresses("a", "b")
    mirror.release(night.dsn, "board", LIST, DAY, "ling")
    assert run(night, board).held == {}
    assert board.content(LIST) == addresses("d")
    with pytest.raises(Rejected, match="not held"):
        mirror.release(night.dsn, "board", LIST, DAY, "ling")


def test_a_segment_of_an_odd_size_or_on_bad_data_is_held(night: Night) -> None:
    board = Board()
    night.people("a", "b", on="board")
    fill(night, ["a", "b"], size_band={"min": 3, "max": 9, "change": 1.0})
    assert run(night, board).held == {LIST: "audience 2 is outside 3 to 9"}
    fill(night, ["a", "b"], sources=["store"])
    with night.sql() as cursor:
        cursor.execute(
            "insert into ops.source_night (business_date, source, status) values (%s, 'store', 'stale')", [DAY]
        )
    assert run(night, board).held == {LIST: f"source store of {DAY} is stale"}
    assert board.calls == []
    with night.sql() as cursor:
        cursor.execute(
            "insert into activation.hold (business_date, segment, reason, released_at) values (%s, %s, '', now())",
            [DAY, LIST],
        )
    assert run(night, board).held == {}, "whoever released the messages has looked at the segment"
    assert board.content(LIST) == addresses("a", "b")


def test_a_list_that_no_segment_asks_for_is_emptied_once_a_person_agrees(night: Night) -> None:
    board = Board()
    fill(night, night.people("a", "b", on="board"))
    run(night, board)
    fill(night, ["a", "b"], audiences=[])
    assert mirror.at_work(night.dsn) == {"board"}
    assert "asks for this list no longer" in run(night, board).held[LIST]
    assert board.content(LIST) == addresses("a", "b")
    mirror.release(night.dsn, "board", LIST, DAY, "ling")
    run(night, board)
    assert board.content(LIST) == set()
    assert mirror.at_work(night.dsn) == set()
    assert row(night).people == 0


def test_below_the_platforms_least_size_nobody_is_uploaded_and_whoever_is_there_leaves(night: Night) -> None:
    board, least = Board(), audience(smallest_list=3)
    night.people("a", "b", "c", on="board")
    fill(night, ["a", "b"])
    report = run(night, board, to=least)
    assert (board.calls, board.names, report.is_done) == ([], {}, True)
    assert (row(night).waiting, row(night).note) == (2, "fewer than 3 people, the least that are uploaded")
    fill(night, ["a", "b", "c"])
    run(night, board, to=least)
    assert board.content(LIST) == addresses("a", "b", "c")
    fill(night, ["a", "b"])
    run(night, board, to=least)
    assert board.content(LIST) == addresses("a", "b")


def test_a_removal_that_the_platform_puts_off_is_not_done_though_nobody_is_left_to_add(night: Night) -> None:
    board = FileBoard()
    fill(night, night.people("a", on="board"))
    bring_up(night, board, DAY)
    board.waiting["from elsewhere"] = ("list1", "add", {"board-a"})
    fill(night, [])
    assert not run(night, board).is_done
    board.work()
    bring_up(night, board, DAY)
    assert (board.content(LIST), row(night).leaving) == (set(), 0)


def test_a_list_that_was_deleted_at_the_platform_is_made_and_filled_again(night: Night) -> None:
    board = Board()
    fill(night, night.people("a", "b", on="board"))
    run(night, board)
    board.names = {"list1": "somebody renamed it"}
    fill(night, ["b"])
    run(night, board)
    assert board.content(LIST) == addresses("b")


def test_what_somebody_changed_by_hand_is_put_right_where_the_platform_tells(night: Night) -> None:
    board = TellingBoard()
    fill(night, night.people("a", "b", on="board"))
    run(night, board)
    board.lists["list1"] = {"board-b", "a stranger"}
    run(night, board)
    assert board.content(LIST) == addresses("a", "b")


def test_who_was_swallowed_without_a_word_counts_as_refused_where_the_platform_tells(night: Night) -> None:
    board = TellingBoard(strangers={"board-a"})
    fill(night, night.people("a", "b", on="board"))
    assert run(night, board).is_done
    assert (row(night).mirrored, row(night).refused) == (1, 1)
    calls = len(board.calls)
    run(night, board)
    assert len(board.calls) == calls, "not again in the same night"


class Busy(AtOnce):
    """Wants a wait at its first calls."""

    waits: Sequence[timedelta]

    def _change(self, verb: str, which: RemoteList, members: Sequence[Member]) -> list[Receipt]:
        if self.waits:
            first, *self.waits = self.waits
            raise Throttled("slow down", until=self.now() + first)
        return super()._change(verb, which, members)

    now: Callable[[], datetime]


def test_a_short_wait_is_waited_out_and_a_long_one_left_to_the_next_run(night: Night) -> None:
    board, slept = Board(), []
    fill(night, night.people("a", on="board"))
    client = Busy(board, Seams())
    client.now, client.waits = (lambda: night.real), [timedelta(seconds=30)]
    run(night, board, client=client, sleep=lambda seconds: (slept.append(seconds), night.later(seconds=seconds)))
    assert slept == [30]
    assert board.content(LIST) == addresses("a")
    night.person("b", on="board")
    fill(night, ["a", "b"])
    client.waits = [timedelta(hours=1)]
    with pytest.raises(Throttled):
        run(night, board, client=client)
    calls = len(board.calls)
    with pytest.raises(Throttled):
        run(night, board)
    assert len(board.calls) == calls, "no call before the time that was named"
    assert row(night).note == "Throttled"
    night.later(hours=1)
    run(night, board)
    assert board.content(LIST) == addresses("a", "b")


def test_one_lists_trouble_holds_up_no_other_list(night: Night) -> None:
    board = Board()
    fill(night, night.people("a", on="board"))
    night.segment("seg_other", ["a"], audiences=["board"], priority=99)

    class Half(AtOnce):
        def open(self, name: str) -> RemoteList:
            if name == LIST:
                raise NeedsPerson("no list is left", remedy="delete one.")
            return super().open(name)

    with pytest.raises(NeedsPerson, match=r"board\.seg_quiet"):
        run(night, board, client=Half(board, Seams()))
    assert board.content("seg_other") == addresses("a")


def test_two_at_once_do_not_work_on_the_same_list(night: Night) -> None:
    board = Board()
    fill(night, night.people("a", on="board"))

    class Meets(AtOnce):
        def open(self, name: str) -> RemoteList:
            with pytest.raises(Retryable, match="another run"):
                run(night, board)
            return super().open(name)

    run(night, board, client=Meets(board, Seams()))
    assert board.content(LIST) == addresses("a")


def test_a_long_segment_name_is_cut_and_stays_its_own(night: Night) -> None:
    board, short = Board(), audience(longest_name=15)
    night.people("a", on="board")
    for name in ("seg_repurchase_due_soon", "seg_repurchase_due_late"):
        night.segment(name, ["a"], audiences=["board"])
    run(night, board, to=short)
    names = sorted(board.names.values())
    assert len(set(names)) == 2
    assert all(len(name) <= 15 and name.startswith("seg_repu_") for name in names)


def test_kill_minus_nine_at_any_moment_leaves_a_list_that_the_next_run_makes_equal(dsn: str) -> None:
    """Processes of their own against WeCom's sandbox, which cannot be asked who has a tag."""
    night = Night(dsn, real=datetime(2026, 11, 21, 2, tzinfo=UTC))
    with running_sandbox(people=60, business_date=DAY) as sandbox:
        contacts = {contact.person: contact for contact in sandbox.world.contacts if contact.exists(sandbox.clock.end)}
        for person, contact in contacts.items():
            night.person(person, on="wecom_tag", address=contact.external_userid, sender=contact.staff_userid)
        tags = sandbox.platforms["wecom"].corp_tags
        chosen = sorted(contacts)

        def process(seed: int) -> int:
            url = sandbox.connection("wecom").url
            path = os.pathsep.join([str(ROOT / "plugins"), str(ROOT)])
            done = subprocess.run(
                [sys.executable, "-m", "tests.fixtures.mirror_runner", dsn, url, str(seed)],
                cwd=ROOT,
                env=os.environ | {"PYTHONPATH": path},
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            assert done.returncode in {0, -signal.SIGKILL}, done.stderr
            return done.returncode

        killed = []
        for kill in range(KILLS):
            members = chosen[: len(chosen) // 2] if kill % 2 else chosen[len(chosen) // 4 :]
            night.segment(LIST, members, audiences=["wecom_tag"])
            killed.append(process(kill))
        assert killed.count(-signal.SIGKILL) >= KILLS // 2, "the test must kill"
        members = chosen[::2]
        night.segment(LIST, members, audiences=["wecom_tag"])
        assert process(-1) == 0
        there = {f"{contacts[one].external_userid}|{contacts[one].staff_userid}" for one in members}
        assert tags.listed(LIST) == there
        assert len(there) > 5

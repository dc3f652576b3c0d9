"""Four ways to hurt a sender: die at every point, stop at every call, two at once, die at random."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Protocol
from unittest.mock import patch

from quanyu.activation import ledger
from tests.faults.kill import ours
from tests.faults.kill.child import Child, End, die_here, stop_here
from tests.faults.kill.points import chosen, numbered
from tests.faults.kill.provider import SENDS
from tests.faults.kill.stage import Outcome, Stage

LOST_REPLIES = 0.03
_OFTEN = 0.2
_FIRST_PACE = 0.005
_WHILE_IT_SLEEPS = 3
_STANDSTILL = timedelta(milliseconds=300)
_ANSWERED = re.compile(rf"after POST ({'|'.join(SENDS)})$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What became of all messages of all rounds; `kills` counts SIGKILLs that hit, or stops, or pairs."""

    name: str
    messages: int = 0
    kills: int = 0
    lost: int = 0
    doubled: int = 0
    parked: int = 0
    refused: int = 0
    replies_lost: int = 0
    wrong: tuple[str, ...] = ()

    def plus(self, outcome: Outcome, *, kills: int, place: str = "") -> Tally:
        """Add a round; `place` names it where something is wrong."""
        wrong = list(outcome.wrong)
        wrong += [f"{outcome.lost} lost"] if outcome.lost else []
        wrong += [f"{outcome.doubled} doubled"] if outcome.doubled else []
        return replace(
            self,
            messages=self.messages + outcome.messages,
            kills=self.kills + kills,
            lost=self.lost + outcome.lost,
            doubled=self.doubled + outcome.doubled,
            parked=self.parked + outcome.parked,
            refused=self.refused + outcome.refused,
            replies_lost=self.replies_lost + outcome.replies_lost,
            wrong=(*self.wrong, *(f"{place}: {what}" for what in wrong)),
        )


class Player(Protocol):
    """A design at work on a stage."""

    @property
    def stage(self) -> Stage:
        """Where it plays."""
        ...

    def begin(self) -> None:
        """Make itself ready on a stage that just began."""
        ...

    def attempt(self) -> list[str]:
        """One run, in a child."""
        ...

    def states(self) -> Mapping[str, str]:
        """One-ID -> what it believes of the message, in the ledger's words."""
        ...

    def waiting(self) -> int:
        """How many messages it still has to do."""
        ...


@dataclass(frozen=True, slots=True)
class Ours:
    """The send ledger as a player."""

    stage: Stage

    def begin(self) -> None:
        """The ledger is ready as it is."""

    def attempt(self) -> list[str]:
        """Settle, then send."""
        return ours.attempt(self.stage)

    def states(self) -> Mapping[str, str]:
        """What the ledger says."""
        return self.stage.states()

    def waiting(self) -> int:
        """What is neither out nor in a person's hands."""
        return self.stage.waiting()


def every_point(stage: Stage, name: str, seen: set[str] | None) -> Tally:
    """A process per point of a small night that dies exactly there, then as many attempts as it takes.

    First those of a send; then those of the settle and send that follow a sender who died with its answer in hand.
    With `seen` a short form of them, see `chosen`.
    """
    tally = Tally(name=name)
    for prelude in (False, True):
        for number, label in chosen(_labels(stage, prelude), seen):
            _prepare(stage, prelude)
            end = Child(partial(_until, stage, number, die_here, settles=prelude)).end()
            _must(end.was_killed, f"the sender outlived point {number} ({label})", end)
            stage.bury()
            ours.finish(stage)
            tally = tally.plus(stage.outcome(stage.states()), kills=1, place=f"{name} {number} {label}")
    return tally


def every_stop(stage: Stage, name: str, seen: set[str] | None) -> Tally:
    """An attempt stops at a point, others settle and finish its work, and then it wakes; `seen` as above."""
    tally = Tally(name=name)
    with patch.object(ledger, "STANDSTILL", _STANDSTILL):
        for number, label in chosen(_labels(stage, prelude=False), seen):
            stage.begin()
            sleeper = Child(partial(_until, stage, number, stop_here, settles=False))
            if not sleeper.has_stopped():
                _must(False, f"the sender did not stop at point {number} ({label})", sleeper.end())
            ours.finish(stage, tries=_WHILE_IT_SLEEPS)
            sleeper.wake()
            _must_end_well(sleeper.end())
            ours.finish(stage)
            tally = tally.plus(stage.outcome(stage.states()), kills=1, place=f"{name} stopped at {number} {label}")
    return tally


def two_at_once(stage: Stage, name: str, rounds: int) -> Tally:
    """A task and its retry, both alive, every fifth reply lost."""
    tally = Tally(name=name)
    for number in range(rounds):
        stage.begin(lost=_OFTEN, seed=number)
        pair = [Child(partial(ours.attempt, stage)) for _ in range(2)]
        for child in pair:
            _must_end_well(child.end())
        ours.finish(stage)
        tally = tally.plus(stage.outcome(stage.states()), kills=1, place=f"{name} pair {number}")
    return tally


def random_kills(player: Player, name: str, kills: int, seed: int) -> Tally:
    """Kill at `kills` random moments of the whole run, each attempt going on where the last one died.

    How long an attempt may live is drawn from what is left to do, at the pace seen so far, so that the kills fall
    all over the run on a fast machine and on a slow one.
    """
    stage, chance = player.stage, random.Random(f"{seed}:{name}")
    stage.begin(lost=LOST_REPLIES, seed=seed)
    player.begin()
    whole = left = player.waiting()
    done = lived = 0.0
    hit = 0
    while left and hit < kills:
        pace = lived / done if done else _FIRST_PACE
        # Less than a fair share on average, so that something is left for the last kill.
        span = chance.uniform(0, 1.5) * pace * left / (kills - hit + 1)
        end = Child(player.attempt).end(patience=span)
        if not end.was_killed:
            _must_end_well(end)
        hit += end.was_killed
        stage.elapse(ours.BETWEEN)
        left, was = player.waiting(), left
        done, lived = done + max(0, was - left), lived + end.seconds
    _go_on(player, tries=whole)
    return Tally(name=name).plus(stage.outcome(player.states()), kills=hit, place=name)


def _go_on(player: Player, tries: int) -> None:
    for _ in range(tries):
        if not player.waiting():
            return
        player.stage.elapse(ours.BETWEEN)
        _must_end_well(Child(player.attempt).end())


def _labels(stage: Stage, prelude: bool) -> Sequence[str]:
    """What happens at each point of an attempt that lives through."""
    _prepare(stage, prelude)

    def counted() -> list[str]:
        labels: list[str] = []
        with numbered(lambda _, label: labels.append(label)):
            ours.attempt(stage, settles=prelude)
        return labels

    end = Child(counted).end()
    _must(bool(end.said), "no points were counted", end)
    labels: list[str] = end.said
    return labels


def _prepare(stage: Stage, prelude: bool) -> None:
    """Begin; with a prelude the first send died when its call had been answered, and its lease is over."""
    stage.begin()
    if not prelude:
        return

    def die_answered(_: int, label: str) -> None:
        if _ANSWERED.match(label):
            die_here()

    def first() -> list[str]:
        with numbered(die_answered):
            return ours.attempt(stage, settles=False)

    end = Child(first).end()
    _must(end.was_killed, "the first send was not killed", end)
    stage.bury()
    stage.elapse(ours.BETWEEN)


def _until(stage: Stage, number: int, then: Callable[[], None], *, settles: bool) -> list[str]:
    """An attempt that comes to point `number` and no further, or only later."""

    def at(passed: int, _label: str) -> None:
        if passed == number:
            then()

    with numbered(at):
        return ours.attempt(stage, settles=settles)


def _must_end_well(end: End) -> None:
    _must(not end.was_killed and not end.error, "an attempt ended by a defect", end)


def _must(is_so: bool, what: str, end: End) -> None:
    if not is_so:
        raise RuntimeError(f"{what}: {end.error or end.said}")

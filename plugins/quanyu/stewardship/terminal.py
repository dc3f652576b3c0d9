"""The desk in the terminal. Names and values are printed as they are: nothing in them is markup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from quanyu.contracts import SHANGHAI
from quanyu.stewardship.backlog import Backlog
from quanyu.stewardship.explain import Explanation, Party
from quanyu.stewardship.graph import STEPS, Sighting, Step
from quanyu.stewardship.nouns import Decision, counted
from quanyu.stewardship.spells import Owner

_WHY_NOT = {
    "over_limit": "too many accounts show it",
    "unique_conflict": "it would turn two people into one",
    "phone_recycled": "the number was issued again",
    "blocked_value": "the policy blocks it",
    "invalid": "it is not usable",
    "quarantined": "it is quarantined",
}


def show_explanation(explanation: Explanation, console: Console) -> None:
    """Print the verdict, the chain or the refusals, the decisions, and what can be done."""
    one, other = explanation.left, explanation.right
    if explanation.is_one:
        say(console, f"One person: {one.one_id}, {counted(len(one.accounts), 'account', 'accounts')}.", "bold green")
    else:
        say(console, "Not one person.", "bold red")
        for party in (one, other):
            say(console, _whose(party))
    for tree in _trees(explanation):
        console.print(tree)
    for difference in explanation.differences:
        say(console, f"One person has one of these: {difference}.", "red")
    for decision in explanation.decisions:
        say(
            console,
            f"A steward decided{', for the next build' if explanation.waits(decision) else ''}: {decision}",
            "yellow",
        )
    say(console, "What you can do:", "bold")
    for line in explanation.advice:
        say(console, f"  {line}")


def show_owners(owners: Sequence[Owner], day: date, console: Console) -> None:
    """Print whose each identifier was on the day, and whose it is now."""
    for owner in owners:
        until = f"to {owner.until}" if owner.until else "on"
        then = f"{owner.then} (from {owner.since} {until})" if owner.then else "nobody's"
        now = "still" if owner.now == owner.then else f"now {owner.now or 'nobody'}"
        say(console, f"{owner.identifier}: on {day} {then}, {now}")


def show_backlog(backlog: Backlog, console: Console) -> None:
    """Print what waits, worst first, each with the commands that settle it."""
    if not backlog.items:
        say(console, "Nothing waits for a steward.")
    for number, item in enumerate(backlog.items, start=1):
        since = f", since {item.since}" if item.since else ""
        say(console, f"{number}. {item.what}: {item.harm:,} {item.unit}{since}", "bold")
        say(console, f"   {item.why}")
        for line in item.commands:
            say(console, f"   {line}", "cyan")
    if backlog.total > len(backlog.items):
        say(console, f"{backlog.total - len(backlog.items):,} more wait; see them with --limit {backlog.total}.")


def show_decisions(decisions: Sequence[Decision], console: Console) -> None:
    """Print a line per decision."""
    if not decisions:
        say(console, "No decision was taken yet.")
    for decision in decisions:
        until = f", revoked on {decision.revoked_on} by {decision.revoked_by}" if decision.revoked_on else ""
        say(console, f"from {decision.effective_on}{until}: {decision}", "dim" if until else "")


def say(console: Console, text: str, style: str = "") -> None:
    """Print a line that no terminal's width breaks and nothing in which is markup: it may be pasted into a shell."""
    console.print(Text(text, style), soft_wrap=True)


def _trees(explanation: Explanation) -> Iterator[Tree | Text]:
    one, other = explanation.left, explanation.right
    if explanation.way:
        yield _chain(explanation)
    elif explanation.is_one and one.account != other.account:
        yield Text("The chain between them is longer than could be followed.", "yellow")
    if explanation.shared:
        tree = Tree(Text("Both show, and it does not join them:"))
        for step in explanation.shared:
            _add_refused(tree, step)
        yield tree
    elif not explanation.is_one and not explanation.way:
        yield Text(f"Nothing ties them: no identifier in common within {STEPS} steps.")
    for party in (one, other):
        told = {sighting for step in explanation.shared for sighting in (step.near, step.far)}
        more = [sighting for sighting in party.shows if sighting not in told]
        if party.one_id is None and more:
            tree = Tree(Text(f"What {party.account} shows:"))
            for sighting in more:
                tree.add(Text(f"{_sighted(sighting)}: {_refusal(sighting.reason, sighting.detail)}", "red"))
            yield tree


def _chain(explanation: Explanation) -> Tree:
    """From one account to the other, an identifier in between; what does not join is red."""
    decisions = {decision.decision_id: decision for decision in explanation.decisions}
    root = branch = Tree(Text(str(explanation.way[0].near.account), "bold"))
    for step in explanation.way:
        if step.near.source == "steward":
            decision = decisions.get(step.near.identifier.value.partition(":")[0])
            tie = branch.add(Text(f"a steward's word: {decision or step.near.identifier}", "yellow"))
        else:
            why = "" if step.is_believed else f": {_refusal(*step.why_not)}"
            tie = branch.add(Text(f"{_sighted(step.near)}{why}", "red" if why else "green"))
        seen = "" if step.far.source == "steward" else f"  shows it: {_seen(step.far)}"
        branch = tie.add(Text.assemble((str(step.far.account), "bold"), (seen, "dim")))
    return root


def _add_refused(tree: Tree, step: Step) -> None:
    branch = tree.add(Text(f"{step.near.identifier}: {_refusal(*step.why_not)}", "red"))
    for sighting in (step.near, step.far):
        branch.add(Text(f"{sighting.account}  {_seen(sighting)}", "dim"))


def _refusal(reason: str | None, detail: str | None) -> str:
    if reason is None:
        return "believed, of itself"
    if detail and "steward_" in detail:
        return "a steward said that they are two"
    return f"{_WHY_NOT.get(reason, reason)} ({detail})" if detail else _WHY_NOT.get(reason, reason)


def _whose(party: Party) -> str:
    if party.one_id is None:
        return f"  {party.account} is nobody's: identity believes nothing it shows."
    return f"  {party.account} is {party.one_id}, {counted(len(party.accounts), 'account', 'accounts')}."


def _sighted(sighting: Sighting) -> str:
    return f"{sighting.identifier}  {_seen(sighting)}"


def _seen(sighting: Sighting) -> str:
    first, last = (
        f"{moment.astimezone(SHANGHAI):%Y-%m-%d}" for moment in (sighting.first_seen_at, sighting.last_seen_at)
    )
    when = first if first == last else f"{first} to {last}"
    return f"{sighting.source}, {when}, {counted(sighting.times_seen, 'time', 'times')}"

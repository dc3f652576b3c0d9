"""Whoever is erased here: what lies outside for them is taken away, and the ledger keeps no address of theirs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest

from quanyu.activation import channels_at_work, forget_erased
from quanyu.channels import in_app_popup
from quanyu.errors import Retryable
from tests.fixtures.activation_night import DAY, Night, Post, channel
from tests.sandbox import running_sandbox
from tests.sandbox.in_app_popup import InAppPopup

POPUPS = channel(has_receipts=False)


class Shelf(Post):
    """A provider where messages lie until somebody takes them away."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[str] = []
        self.is_ill = False

    def forget(self, addresses: Iterable[str]) -> None:
        """Take away what lies there for these addresses."""
        if self.is_ill:
            raise Retryable("no answer")
        self.taken += addresses


@pytest.fixture
def night(dsn: str) -> Night:
    return Night(dsn)


def sent(night: Night, *one_ids: str) -> Shelf:
    for one_id in one_ids:
        night.person(one_id, account=f"account-{one_id}")
    night.segment("seg_quiet", list(one_ids))
    night.plan(POPUPS)
    client = Shelf()
    night.send(client, POPUPS)
    return client


def erase(night: Night, one_id: str) -> None:
    """Publish a night in which nothing is known of somebody any more."""
    with night.sql() as cursor:
        for table in ("bridge_customer_addresses", "bridge_customer_accounts", "fct_consents"):
            cursor.execute(f"delete from marts.{table} where one_id = %s", [one_id])


def addresses(night: Night) -> dict[str, str]:
    return dict(night.rows("select one_id, address from activation.message"))


def test_what_lies_for_an_erased_person_is_taken_away_and_the_address_with_it(night: Night) -> None:
    client = sent(night, "a", "b")
    assert forget_erased(night.dsn, POPUPS, client) == 0
    erase(night, "a")
    assert forget_erased(night.dsn, POPUPS, client) == 1
    assert client.taken == ["post-a"]
    assert addresses(night) == {"a": "", "b": "post-b"}
    assert forget_erased(night.dsn, POPUPS, client) == 0
    assert client.taken == ["post-a"]


def test_a_channel_is_at_work_until_the_erased_are_forgotten_however_old_the_message(night: Night) -> None:
    client = sent(night, "a")
    later = DAY + timedelta(days=400)
    assert channels_at_work(night.dsn, later) == frozenset()
    erase(night, "a")
    assert channels_at_work(night.dsn, later) == {"post"}
    forget_erased(night.dsn, POPUPS, client)
    assert channels_at_work(night.dsn, later) == frozenset()


def test_whoever_merged_or_shares_the_address_with_somebody_is_not_forgotten(night: Night) -> None:
    client = sent(night, "a", "b", "c")
    night.merge("a", "b")
    night.person("d", address="post-c", account="account-d")
    erase(night, "c")
    assert forget_erased(night.dsn, POPUPS, client) == 0
    assert client.taken == []


def test_what_could_not_be_taken_away_is_tried_again(night: Night) -> None:
    client = sent(night, "a")
    erase(night, "a")
    client.is_ill = True
    with pytest.raises(Retryable):
        forget_erased(night.dsn, POPUPS, client)
    assert addresses(night) == {"a": "post-a"}
    client.is_ill = False
    assert forget_erased(night.dsn, POPUPS, client) == 1


def test_a_message_that_its_provider_is_still_asked_about_keeps_its_address(night: Night) -> None:
    client = sent(night, "a")
    erase(night, "a")
    assert forget_erased(night.dsn, channel(), client) == 0
    assert addresses(night) == {"a": "post-a"}


def test_where_nothing_can_be_taken_away_the_ledger_still_forgets(night: Night) -> None:
    sent(night, "a")
    erase(night, "a")
    assert forget_erased(night.dsn, POPUPS, Post()) == 1
    assert addresses(night) == {"a": ""}


def test_the_popup_of_somebody_who_was_erased_is_shown_by_no_app(night: Night) -> None:
    popup = in_app_popup.CHANNEL
    with running_sandbox(people=2) as sandbox, popup.connect(sandbox.connection("in_app_popup")) as client:
        platform = sandbox.platforms["in_app_popup"]
        assert isinstance(platform, InAppPopup)
        for one_id in ("gone", "stays"):
            night.person(one_id, on=popup.name, address=f"user-{one_id}", account=f"account-{one_id}")
        night.segment(
            "seg_quiet", ["gone", "stays"], channels=[popup.name], templates={popup.name: "想你了\n\n回来看看"}
        )
        night.plan(popup)
        night.send(client, popup)
        erase(night, "gone")
        forget_erased(night.dsn, popup, client)
        assert platform.shown("user-gone") == []
        assert len(platform.shown("user-stays")) == 1
        assert len(platform.objects) == 1

"""Tags of a Youzan shop's customers (有赞客户标签): what the shop's own campaigns and service desk see.

    scrm.tag.relation.add/4.0.0 | scrm.tag.relation.delete/4.0.0 {account_type: YzOpenId, account_id, tags}

A call is one customer; the tag makes itself with its first one. Both APIs are to be called at most 5 times a second per
shop, which is kept whatever the connection allows. A refusal names its code; 142400105 is a customer whom the shop does
not have.

Guesses: delete takes what add takes and answers the same (the documents name it and its limits, no more was seen); a
customer whom the shop does not have has no tag. The tag is known by its name alone: whoever deletes it in the console
takes it from everybody, and nothing here sees that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from quanyu import youzan
from quanyu.contracts import Audience, Connection, Member, Receipt, RemoteList, Verdict
from quanyu.errors import QuanyuError
from quanyu.transport import pace_of

_CALLS_PER_SECOND = 5.0
_NO_CUSTOMER = {142400105, 141001107, 141502108}


class YouzanTag:
    """The shop as an audience client; addresses are yz_open_ids."""

    def __init__(self, shop: youzan.Youzan) -> None:
        self._shop = shop

    def open(self, name: str) -> RemoteList:
        """A tag is there as soon as somebody has it."""
        return RemoteList(name=name, id=f"{self._shop.where.account}/{name}")

    def add(self, to: RemoteList, members: Sequence[Member]) -> list[Receipt]:
        """Tag customers, one by one."""
        return self._change("youzan.scrm.tag.relation.add/4.0.0", to, members, no_customer=Verdict.REFUSED)

    def remove(self, of: RemoteList, members: Sequence[Member]) -> list[Receipt]:
        """Take the tag from customers, one by one."""
        return self._change("youzan.scrm.tag.relation.delete/4.0.0", of, members, no_customer=Verdict.ACCEPTED)

    def _change(self, api: str, which: RemoteList, members: Sequence[Member], *, no_customer: Verdict) -> list[Receipt]:
        receipts: list[Receipt] = []
        for member in members:
            asked = {"account_type": "YzOpenId", "account_id": member.address, "tags": [{"tag_name": which.name}]}
            try:
                verdict, code = (Verdict.ACCEPTED, "") if self._shop.do(api, asked) else (Verdict.REFUSED, "false")
            except youzan.Refused as error:
                if error.code not in _NO_CUSTOMER:
                    error.receipts = receipts
                    raise
                verdict, code = no_customer, str(error.code)
            except QuanyuError as error:
                error.receipts = receipts
                raise
            receipts.append(Receipt(key=member.key, verdict=verdict, code=code))
        return receipts


@contextmanager
def connect(where: Connection) -> Iterator[YouzanTag]:
    """Open the shop behind the connection `quanyu_youzan`."""
    pace = min(pace_of(where), _CALLS_PER_SECOND)
    with youzan.connect(replace(where, extra={**where.extra, "requests_per_second": pace})) as shop:
        yield YouzanTag(shop)


AUDIENCE = Audience(
    name="youzan_tag",
    about=__doc__,
    connection="youzan",
    address_type="yz_open_id",
    consent="marketing",
    largest_batch=100,
    longest_name=32,
    connect=connect,
)

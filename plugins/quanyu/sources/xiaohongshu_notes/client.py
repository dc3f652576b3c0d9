"""Xiaohongshu's creator API (蒲公英): what became of the notes that creators published for us."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

from quanyu import xiaohongshu
from quanyu.contracts import Connection, Page, Record, Window
from quanyu.errors import Retryable
from quanyu.paging import numbered
from quanyu.xiaohongshu import Xiaohongshu

_NOTES = "/api/open/pgy/note/post/data"
_PAGE = 100
_LONGEST = timedelta(days=30)
_BY_PUBLICATION = 2
# Who ordered a note on our side, and a creator's page: nobody needs them here.
_NOT_READ = frozenset({"operate_user_name", "operate_main_name", "kol_link", "note_link"})


class Notes:
    """One brand account."""

    def __init__(self, platform: Xiaohongshu) -> None:
        self._platform = platform

    def notes(self, window: Window) -> Iterator[Page]:
        """Read the notes that were published in the window, a month at a time."""
        for part in window.split(_LONGEST):
            name = f"xiaohongshu_notes.notes {max(part.days())}"
            for rows in numbered(name, partial(self._page, part), size=_PAGE):
                yield Page([{name: value for name, value in row.items() if name not in _NOT_READ} for row in rows])

    def _page(self, part: Window, page: int) -> tuple[Sequence[Record], int]:
        days = list(part.days())
        data = self._platform.post(
            _NOTES,
            {
                "user_id": self._platform.account,
                "date_type": _BY_PUBLICATION,
                "start_time": days[0].isoformat(),
                "end_time": days[-1].isoformat(),
                "page_num": page,
                "page_size": _PAGE,
            },
        )
        pages = data.get("total_page")
        if not isinstance(pages, int):
            raise Retryable("the list has no total_page.")
        return data.get("datas") or [], pages * _PAGE


@contextmanager
def connect(where: Connection, *, sleep: Callable[[float], None] = time.sleep) -> Iterator[Notes]:
    """Open one brand account."""
    with xiaohongshu.connect(
        where, lambda token: {"Authorization": f"Bearer {token}"}, account="the brand's user id", sleep=sleep
    ) as platform:
        yield Notes(platform)

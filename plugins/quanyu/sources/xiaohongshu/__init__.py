"""Xiaohongshu ads (聚光): what each creative cost and brought, per day and placement, and what belongs to what.

What: the offline creative report, one row per day, creative and placement (FEED or SEARCH), with numbers as strings;
and the lists of campaigns, units and creatives with their states. There are no persons in any of it: no API to pull
leads is known, they come as an export of the console (source `leads`).

Why a re-run is safe: each day of the report is read whole and replaces that day. Figures settle for some days, so
each night reads the last three again. The lists are snapshots.

    report: day by day -> pages while page * page_size < total_count -> rows by day, creative, placement
    lists: pages, asked for in another way by each, while there are more -> rows by id
    throttled -> backoff; token dead -> both tokens turned over once, same call; refused -> a person authorises again

Guesses: an error's kind is told from its words, since no table of codes is published; a list without a filter by
state also names what was deleted; budgets and bids in the lists are fen; how long tokens live is what the answer says.

Alone: python -m quanyu.sources.xiaohongshu --date 2026-11-20
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from quanyu.contracts import Entity, Mode, Page, Source, Window
from quanyu.sources.xiaohongshu.client import Listing, Spotlight, connect

_CAMPAIGNS = Listing("/api/open/jg/campaign/list", "base_campaign_dtos", has_page_object=True)
_UNITS = Listing("/api/open/jg/unit/list", "unit_infos", has_page_object=False)
_CREATIVES = Listing("/api/open/jg/creativity/search", "creativity_dtos", has_page_object=True)


def _creative_report(client: Spotlight, window: Window) -> Iterator[Page]:
    return client.creative_report(window)


def _read(name: str, listing: Listing, client: Spotlight, window: Window) -> Iterator[Page]:
    return client.listed(f"xiaohongshu.{name} {max(window.days())}", listing)


def _snapshot(name: str, listing: Listing, key: str, fields: dict[str, str]) -> Entity:
    return Entity(
        name=name,
        key=(key,),
        mode=Mode.SNAPSHOT,
        fields={key: "integer", **fields},
        read=partial(_read, name, listing),
    )


SOURCE = Source(
    name="xiaohongshu",
    about=__doc__,
    connect=connect,
    entities=(
        Entity(
            name="creative_report",
            key=("time", "creativity_id", "placement"),
            mode=Mode.DAILY,
            fields={
                "time": "text",
                "creativity_id": "text",
                "creativity_name": "text?",
                "placement": "text",
                "campaign_id": "text",
                "campaign_name": "text?",
                "unit_id": "text?",
                "note_id": "text?",
                "fee": "text",
                "impression": "text",
                "click": "text",
                "ctr": "text?",
                "acp": "text?",
                "cpm": "text?",
                "like": "text?",
                "comment": "text?",
                "collect": "text?",
                "follow": "text?",
                "share": "text?",
                "interaction": "text?",
                "leads": "text?",
                "msg_leads_num": "text?",
            },
            read=_creative_report,
            reread_days=3,
        ),
        _snapshot(
            "campaigns",
            _CAMPAIGNS,
            "campaign_id",
            {
                "campaign_name": "text",
                "campaign_enable": "integer",
                "campaign_filter_state": "integer?",
                "marketing_target": "integer?",
                "placement": "integer?",
                "optimize_target": "integer?",
                "bidding_strategy": "integer?",
                "limit_day_budget": "integer?",
                "campaign_day_budget": "integer?",
                "start_time": "text?",
                "expire_time": "text?",
                "campaign_create_time": "text",
                "campaign_update_time": "text?",
            },
        ),
        _snapshot(
            "units",
            _UNITS,
            "id",
            {
                "campaign_id": "integer",
                "name": "text",
                "enable": "integer",
                "unit_filter_state": "integer?",
                "event_bid": "integer?",
                "target_type": "integer?",
                "note_ids": "array?",
                "create_time": "text",
                "update_time": "text?",
            },
        ),
        _snapshot(
            "creatives",
            _CREATIVES,
            "creativity_id",
            {
                "campaign_id": "integer",
                "unit_id": "integer",
                "creativity_name": "text",
                "creativity_enable": "integer",
                "creativity_filter_state": "integer?",
                "audit_status": "integer?",
                "material_type": "integer?",
                "conversion_type": "integer?",
                "note_id": "text?",
                "note_type": "integer?",
                "creativity_create_time": "text",
                "creativity_update_time": "text?",
            },
        ),
    ),
)

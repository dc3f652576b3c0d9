"""Ocean Engine (巨量引擎): what each promotion cost and brought per day, and the leads people left on its forms.

What: the custom report by day, project and promotion, and one row per lead with the phone as it was typed.

Why a re-run is safe: each day of the report is read whole and replaces that day; conversions are booked on the day
of the click for up to a month, so each night reads the last 30 days again (one call a day; cost alone settles within
a week). A lead is one row by its id; the last seven days come again, since its state is some minutes late and moves.

    day by day -> pages while there are more than page * page_size rows -> rows by day, project, promotion; or lead
    40105 -> both tokens turned over once, same call again; a refused refresh token -> a person authorises again

Guesses: costs are in yuan; a page of leads has at most 100; 40102 and 40103 are dead tokens, 40002 is a missing
permission; the names of the report's columns (config/get lists them); times of a window to the second.
Advertiser and developer must be one legal subject, else the platform shows no leads. Its old Feiyu interface is not
used.

Alone: python -m quanyu.sources.ocean_engine --date 2026-11-20
"""

from __future__ import annotations

from collections.abc import Iterator

from quanyu.contracts import Entity, Mode, Page, Personal, Source, Window
from quanyu.sources.ocean_engine.client import OceanEngine, connect


def _promotion_report(client: OceanEngine, window: Window) -> Iterator[Page]:
    return client.promotion_report(window)


def _leads(client: OceanEngine, window: Window) -> Iterator[Page]:
    return client.leads(window)


SOURCE = Source(
    name="ocean_engine",
    about=__doc__,
    connect=connect,
    entities=(
        Entity(
            name="promotion_report",
            key=("dimensions.stat_time_day", "dimensions.cdp_project_id", "dimensions.cdp_promotion_id"),
            mode=Mode.DAILY,
            fields={
                "dimensions.stat_time_day": "text",
                "dimensions.cdp_project_id": "text",
                "dimensions.cdp_project_name": "text?",
                "dimensions.cdp_promotion_id": "text",
                "dimensions.cdp_promotion_name": "text?",
                "metrics.stat_cost": "text",
                "metrics.show_cnt": "text",
                "metrics.click_cnt": "text",
                "metrics.ctr": "text?",
                "metrics.cpc_platform": "text?",
                "metrics.cpm_platform": "text?",
                "metrics.convert_cnt": "text",
                "metrics.conversion_cost": "text?",
                "metrics.conversion_rate": "text?",
            },
            read=_promotion_report,
            reread_days=30,
        ),
        Entity(
            name="leads",
            key=("clue_id",),
            mode=Mode.INCREMENT,
            fields={
                "clue_id": "text",
                "advertiser_id": "text",
                "ad_id": "integer?",
                "project_id": "integer?",
                "promotion_id": "integer?",
                "name": "text?",
                "telephone": "text?",
                "weixin": "text?",
                "qq": "text?",
                "email": "text?",
                "gender": "integer?",
                "age": "integer?",
                "province_name": "text?",
                "city_name": "text?",
                "clue_type": "integer?",
                "clue_source": "integer?",
                "clue_state": "integer?",
                "convert_status": "text?",
                "create_time_detail": "text",
                "module_name": "text?",
                "external_url": "text?",
                "req_id": "text?",
                "tags": "array?",
                "store": "object?",
            },
            personal={
                "name": Personal.NAME,
                "telephone": Personal.PHONE,
                "weixin": Personal.TEXT,
                "qq": Personal.TEXT,
                "email": Personal.EMAIL,
            },
            read=_leads,
            reread_days=7,
        ),
    ),
)

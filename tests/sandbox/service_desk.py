"""The service desk's export: tickets that changed, reviews and survey answers of each day."""

from __future__ import annotations

from typing import ClassVar

from tests.sandbox.daily_files import DailyFiles, Kind
from tests.sandbox.world.systems import service_desk


class ServiceDesk(DailyFiles):
    """One SFTP account."""

    name: ClassVar[str] = "service_desk"
    kinds: ClassVar[tuple[Kind, ...]] = (
        Kind(
            "TICKETS",
            service_desk.tickets,
            "ticket_id,channel,opened_at,updated_at,status,topic,phone,member_card,order_no,agent_id,satisfaction",
            odd="updated_at",
        ),
        Kind("REVIEWS", service_desk.reviews, "review_id,reviewed_at,platform,order_no,sku,stars,body", odd="stars"),
        Kind(
            "SURVEYS",
            service_desk.surveys,
            "survey_id,answered_at,touchpoint,store_code,member_card,unionid,score,comment",
            odd="score",
        ),
    )

"""The report as one self-contained HTML page: inline SVG and CSS, nothing fetched from anywhere."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from quanyu.report.mart_pictures import STAGES
from quanyu.report.marts import PICTURES
from quanyu.report.night import Night
from quanyu.report.pictures import identity_picture, waterfall_picture

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


def render_html(night: Night, path: Path) -> None:
    """Write the page, whole or not at all."""
    page = _ENVIRONMENT.get_template("night.html.j2").render(
        night=night,
        stages=STAGES,
        mart_pictures=[(p, p.draw(rows)) for p in PICTURES if (rows := night.marts[p.mart])],
        waterfall_picture=waterfall_picture(night.total),
        identity_picture=identity_picture(night.evidence),
    )
    draft = path.with_suffix(".tmp")
    draft.write_text(page, encoding="utf-8")
    draft.replace(path)

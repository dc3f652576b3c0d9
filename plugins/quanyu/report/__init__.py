"""The night's report: what was read, who is who, the funnel, who got what and why not; terminal and HTML."""

from quanyu.report.html import render_html
from quanyu.report.marts import PICTURES
from quanyu.report.night import Night, night_report
from quanyu.report.terminal import render_terminal

__all__ = ["PICTURES", "Night", "night_report", "render_html", "render_terminal"]

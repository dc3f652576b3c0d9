"""The marketer's desk: what a segment would do tonight, whom two segments share, and why somebody hears from us.

preview    plan the segment with the very code of the night, look, and take it back
overlap    people whom two published segments share
why        one person: memberships, decisions, messages, permissions
scaffold   the first lines of a new segment
"""

from quanyu.segments.overlap import Overlap, overlap
from quanyu.segments.person import PersonView, why
from quanyu.segments.preview import Preview, preview
from quanyu.segments.scaffold import scaffold

__all__ = ["Overlap", "PersonView", "Preview", "overlap", "preview", "scaffold", "why"]

"""Read the notes of Xiaohongshu's creators alone."""

from quanyu import sources
from quanyu.sources.xiaohongshu_notes import SOURCE

sources.run_alone(SOURCE)

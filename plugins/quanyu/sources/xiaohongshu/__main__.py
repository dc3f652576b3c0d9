"""Read Xiaohongshu alone."""

from quanyu import sources
from quanyu.sources.xiaohongshu import SOURCE

sources.run_alone(SOURCE)

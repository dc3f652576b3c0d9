"""Read Weibo alone."""

from quanyu import sources
from quanyu.sources.weibo import SOURCE

sources.run_alone(SOURCE)

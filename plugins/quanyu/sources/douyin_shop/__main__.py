"""Read the Douyin shop alone."""

from quanyu import sources
from quanyu.sources.douyin_shop import SOURCE

sources.run_alone(SOURCE)

"""Read the Douyin account alone."""

from quanyu import sources
from quanyu.sources.douyin_content import SOURCE

sources.run_alone(SOURCE)

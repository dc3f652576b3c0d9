"""Read WeCom alone."""

from quanyu import sources
from quanyu.sources.wecom import SOURCE

sources.run_alone(SOURCE)

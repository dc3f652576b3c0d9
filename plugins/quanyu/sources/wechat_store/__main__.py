"""Read the WeChat Store alone."""

from quanyu import sources
from quanyu.sources.wechat_store import SOURCE

sources.run_alone(SOURCE)

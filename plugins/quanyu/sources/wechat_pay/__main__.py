"""Read WeChat Pay alone."""

from quanyu import sources
from quanyu.sources.wechat_pay import SOURCE

sources.run_alone(SOURCE)

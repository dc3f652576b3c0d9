"""Read Tencent Ads alone."""

from quanyu import sources
from quanyu.sources.tencent_ads import SOURCE

sources.run_alone(SOURCE)

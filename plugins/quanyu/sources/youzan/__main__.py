"""Read the Youzan mall alone."""

from quanyu import sources
from quanyu.sources.youzan import SOURCE

sources.run_alone(SOURCE)

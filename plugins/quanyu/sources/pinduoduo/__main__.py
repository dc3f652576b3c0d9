"""Read Pinduoduo alone."""

from quanyu import sources
from quanyu.sources.pinduoduo import SOURCE

sources.run_alone(SOURCE)

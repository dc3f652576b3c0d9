"""Read loyalty alone."""

from quanyu import sources
from quanyu.sources.loyalty import SOURCE

sources.run_alone(SOURCE)

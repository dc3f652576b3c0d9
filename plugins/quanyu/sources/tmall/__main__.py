"""Read Tmall alone."""

from quanyu import sources
from quanyu.sources.tmall import SOURCE

sources.run_alone(SOURCE)

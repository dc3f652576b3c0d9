"""Read Ocean Engine alone."""

from quanyu import sources
from quanyu.sources.ocean_engine import SOURCE

sources.run_alone(SOURCE)

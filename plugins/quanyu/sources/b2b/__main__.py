"""Read b2b alone."""

from quanyu import sources
from quanyu.sources.b2b import SOURCE

sources.run_alone(SOURCE)

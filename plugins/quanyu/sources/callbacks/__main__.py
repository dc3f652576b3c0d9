"""Read callbacks alone."""

from quanyu import sources
from quanyu.sources.callbacks import SOURCE

sources.run_alone(SOURCE)

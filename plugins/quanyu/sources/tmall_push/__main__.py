"""Read the push database alone."""

from quanyu import sources
from quanyu.sources.tmall_push import SOURCE

sources.run_alone(SOURCE)

"""Read the mini program alone."""

from quanyu import sources
from quanyu.sources.mini_program import SOURCE

sources.run_alone(SOURCE)

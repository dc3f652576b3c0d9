"""Read the official account alone."""

from quanyu import sources
from quanyu.sources.official_account import SOURCE

sources.run_alone(SOURCE)

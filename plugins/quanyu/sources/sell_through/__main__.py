"""Read sell-through alone."""

from quanyu import sources
from quanyu.sources.sell_through import SOURCE

sources.run_alone(SOURCE)

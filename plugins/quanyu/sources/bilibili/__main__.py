"""Read Bilibili alone."""

from quanyu import sources
from quanyu.sources.bilibili import SOURCE

sources.run_alone(SOURCE)

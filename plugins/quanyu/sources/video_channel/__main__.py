"""Read the video channel alone."""

from quanyu import sources
from quanyu.sources.video_channel import SOURCE

sources.run_alone(SOURCE)

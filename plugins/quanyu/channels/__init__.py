"""Destinations, one file each. A file declares `CHANNEL`; `quanyu.discovery` finds it. See docs/adding-a-channel.md."""

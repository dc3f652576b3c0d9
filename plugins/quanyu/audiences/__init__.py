"""Lists that equal a segment, one file each. A file declares `AUDIENCE`; `quanyu.discovery` finds it.

See docs/adding-an-audience.md.
"""

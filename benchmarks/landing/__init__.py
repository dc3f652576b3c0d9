"""Rows a second from an HTTP page to a committed raw row, beside what others would use; see docs/benchmarks.md."""

"""Quanyu (全域): sources -> raw -> staging -> identity -> marts -> segments -> channels."""

"""Lets others see what waits do: log records and spans."""

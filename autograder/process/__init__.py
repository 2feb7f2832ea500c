"""Processes that fork on request: namespaces, limits, and trees of processes."""

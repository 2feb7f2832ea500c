"""Releases the exercises and grades what comes back; nbgrader keeps format and gradebook."""

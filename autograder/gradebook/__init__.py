"""nbgrader's gradebook and settings, called from Python."""

"""Grading: from a submission to the points in the gradebook."""

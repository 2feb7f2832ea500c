"""Exercises on their way to students: begun, converted, published, put into a working folder."""

"""What students handed in: collected from archives, found, and checked before it is graded."""

"""What comes of grading: pages of feedback, reports, the table of marks."""

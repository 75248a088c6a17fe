"""Assignments from one source: releasing them, marking submissions, grading models."""

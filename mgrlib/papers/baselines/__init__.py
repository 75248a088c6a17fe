"""No paper: what simple classifiers reach on public features of all 1,000 clips of GTZAN."""

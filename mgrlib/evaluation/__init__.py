"""What a result is worth: predictions, metrics, intervals, paired tests."""

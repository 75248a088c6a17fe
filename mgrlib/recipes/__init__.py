"""Each row of each paper's tables as a value, with the paper's number in it."""

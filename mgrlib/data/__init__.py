"""What there is to learn from: corpora of labelled clips and their splits."""

"""What is asked of systems: protocols, cross-validation, studies, records, comparisons."""

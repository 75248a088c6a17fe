"""Waveform to array: every representation is a frozen, callable dataclass."""

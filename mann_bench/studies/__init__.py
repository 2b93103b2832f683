"""Studies: named matrices of runs, and the claims that they confirm or refute."""

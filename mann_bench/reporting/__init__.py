"""Views of records: tables, progress, Weights & Biases. All of them can be rebuilt."""

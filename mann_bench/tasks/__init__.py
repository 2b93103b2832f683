"""Tasks of the suite: each a Lightning datamodule of endless, reproducible batches."""

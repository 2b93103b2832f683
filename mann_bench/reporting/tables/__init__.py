"""The tables of the suite as people read them: rows of text with notes."""

"""The rules of a sound entry, a file each: what is wrong with a record, a cell, a text, a trace, or across entries."""

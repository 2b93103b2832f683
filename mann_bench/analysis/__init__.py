"""Records in, typed rows and curves out: what every table, figure, page, claim and entry takes its numbers from."""

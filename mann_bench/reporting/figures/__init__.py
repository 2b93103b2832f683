"""The figures of the suite, drawn from the data in `mann_bench.analysis.curves` alone."""

"""``python -m mann_bench`` is ``mann-bench``."""

from mann_bench.cli.main import main

if __name__ == "__main__":
    main()

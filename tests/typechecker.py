"""The run-time type checker of the test suite: beartype, with an int where a float is asked for, as in mypy."""

from beartype import BeartypeConf, beartype

check = beartype(conf=BeartypeConf(is_pep484_tower=True))

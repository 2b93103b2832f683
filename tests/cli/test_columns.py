from mann_bench.cli.columns import aligned


def test_columns_stand_one_below_the_other():
    assert aligned([["a", "bcd", "e"], ["fgh", "i", ""]]) == ["a    bcd  e", "fgh  i"]


def test_no_rows_are_no_lines():
    assert aligned([]) == []

from mann_bench.analysis.cells import cells
from mann_bench.analysis.generalization import generalization_rows
from mann_bench.reporting.frames import row_frame


def test_accuracies_without_a_model_stand_among_the_few_columns(make_record):
    scores = {"bit_errors": 1.0, "sequence_accuracy": 0.5, "constant_accuracy": 0.25, "other_accuracy": 0.125}
    row = {"size": {"length": 20}, "sequences": 64, "scores": scores, "spread": {"constant_accuracy": 0.1}}
    made = cells([make_record(generalization=[row])])
    frame = row_frame("generalization", generalization_rows(made), made, all_columns=False)
    assert frame["constant_accuracy_median"].tolist() == [0.25]
    assert "other_accuracy_median" not in frame.columns

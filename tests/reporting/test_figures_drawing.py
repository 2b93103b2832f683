import pytest
from matplotlib.colors import to_hex

from mann_bench.analysis.cells import cells
from mann_bench.reporting.figures.files import figures
from mann_bench.reporting.figures.style import LineStyle
from mann_bench.reporting.pictures import plain_settings

MODELS = ("dnc:memory_slots=16", "lstm", "ntm:memory_slots=64")
TASK, STEM = "copy:layout=collier2018", "copy-layout-collier2018"
PROBE = f"probe-{STEM}-ntm-memory_slots-64"
FIGURES = ("learning", "solve", "length", "cost")
LENGTHS = (20, 40, 120)


def lay_out(figure):
    with plain_settings():
        figure.draw_without_rendering()


def extent(figure):
    """Return the left, lower, right and upper end of all that is drawn, in inches."""
    with plain_settings():
        return figure.get_tightbbox().extents


def draw(records, kind):
    """Draw the figures of records and lay out the one that is asked for."""
    (found,) = (figure for stem, figure in figures(cells(records)).items() if stem.startswith(kind))
    lay_out(found)
    return found


@pytest.fixture(scope="module")
def drawn_once(make_record, make_failed_record):
    """The figures of three models by file stem, laid out.

    All seeds of the DNC converged, none of the LSTM, some of the NTM, of which one failed; all but the LSTM were
    probed.
    """

    def make(model, seed, converged_at):
        sizes = [({"length": n}, 0.0 if n == 20 else n / (seed + 1), 1.0 if n == 20 else 0.0) for n in LENGTHS]
        rows = [{"size": {"length": n}, "sequences": 64, "scores": {"bit_errors": 0.0, "sequence_accuracy": 1.0}}
                for n in LENGTHS]  # fmt: skip
        probe = [] if model == "lstm" else [{"step": 200 * i, "rows": rows} for i in (1, 2, 3)]
        return make_record(model, TASK, seed, converged_at=converged_at, sizes=sizes, probe=probe)

    converged = {MODELS[0]: (400, 600, 800), MODELS[1]: (None,) * 3, MODELS[2]: (400, 800, None)}
    made = [make(model, seed, at) for model, ats in converged.items() for seed, at in enumerate(ats)]
    found = figures(cells([*made, make_failed_record(MODELS[2], TASK, 3)]))
    for figure in found.values():
        lay_out(figure)
    return found


@pytest.fixture
def ngrams(make_ngrams_record):
    return [make_ngrams_record("ntm", training_range={"bits": (200, 200)})]


@pytest.fixture
def repeats(make_record):
    sizes = [({"length": n, "repeats": r}, float(n * r), 0.0) for n, r in ((10, 10), (20, 10), (10, 20))]
    known = {"task": "repeat_copy", "sizes": sizes, "training_range": {"length": (1, 10), "repeats": (1, 10)}}
    return [make_record(model, seed=seed, **known) for model in MODELS[::2] for seed in (0, 1)]


def legend(figure):
    (found,) = figure.legends
    return [text.get_text().replace("\n", "") for text in found.get_texts()]


def note(figure):
    return figure.legends[0].get_title().get_text().replace("\n", " ")


def shown(axes):
    """The patches that shade something, as pairs of their left and right end."""
    return [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in axes.patches]


@pytest.mark.parametrize("kind", FIGURES)
def test_a_legend_names_every_model_and_its_seeds(drawn_once, kind):
    found = legend(drawn_once[f"{kind}-{STEM}"])[:3]
    assert [text.partition(" (")[0] for text in found] == list(MODELS)
    assert all(str(count) in text.partition(" (")[2] for text, count in zip(found, (3, 3, 4), strict=True))


@pytest.mark.parametrize(
    ("kind", "x", "y"),
    [
        ("learning", "training steps", "wrong bits a sequence"),
        ("solve", "training steps", "share of seeds converged"),
        ("length", "length", "wrong bits a sequence"),
    ],
)
def test_axes_are_labelled(drawn_once, kind, x, y):
    axes = drawn_once[f"{kind}-{STEM}"].axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == (x, y)
    assert axes.get_title(loc="left").endswith(f": {TASK}")


def test_error_and_generalising_stand_against_each_cost(drawn_once):
    panels = drawn_once[f"cost-{STEM}"].axes
    assert [axes.get_xlabel() for axes in panels[3:]] == [
        *("parameters", "bytes of state of one sequence", "seconds until convergence"),
    ]
    assert [panels[place].get_ylabel().replace("\n", " ") for place in (0, 3)] == [
        *("wrong bits a sequence, size 120", "share of seeds that generalise"),
    ]


def test_a_model_has_one_colour_and_marker_in_all_figures(drawn_once):
    handles = {kind: drawn_once[f"{kind}-{STEM}"].legends[0].legend_handles[:3] for kind in ("length", "cost")}
    styles = {
        kind: [(to_hex(each.get_color()), each.get_marker()) for each in found] for kind, found in handles.items()
    }
    assert styles["length"] == styles["cost"]


def test_axes_have_the_unit_of_the_task(ngrams):
    assert draw(ngrams, "learning").axes[0].get_ylabel() == "bits a sequence above the Bayes loss"
    assert draw(ngrams, "length").axes[0].get_xlabel() == "bits"


@pytest.mark.parametrize("stem", [f"{kind}-{STEM}" for kind in FIGURES] + [PROBE])
def test_nothing_lies_outside_the_picture(drawn_once, stem):
    figure = drawn_once[stem]
    left, lower, right, upper = extent(figure)
    assert left >= 0
    assert lower >= 0
    assert right <= figure.get_figwidth()
    assert upper <= figure.get_figheight()


def test_learning_curves_name_the_threshold_and_what_became_of_ended_runs(drawn_once):
    figure = drawn_once[f"learning-{STEM}"]
    assert legend(figure)[3] == "converged: below 0.1"
    assert "keeps its last score" in note(figure)
    assert "infinitely wrong" in note(figure)
    assert note(figure).endswith("Protocol collier2018.")


def test_learning_curves_have_an_axis_of_sequences(drawn_once):
    (above,) = drawn_once[f"learning-{STEM}"].axes[0].child_axes
    assert above.get_xlabel() == "training sequences"
    assert above.get_xlim()[1] == pytest.approx(32 * above.get_figure().axes[0].get_xlim()[1])


def test_scores_at_and_below_the_floor_are_drawn_there_and_the_axis_says_so(drawn_once):
    axes = drawn_once[f"length-{STEM}"].axes[0]
    ticks = dict(zip(axes.get_yticks(), (label.get_text() for label in axes.get_yticklabels()), strict=True))
    assert ticks[0.001] == "≤ 0.001"
    assert min(y for line in axes.lines for y in line.get_ydata()) == 0.001


def test_where_nothing_reaches_the_floor_the_axis_does_not_speak_of_it(ngrams):
    axes = draw(ngrams, "length").axes[0]
    assert not any("≤" in label.get_text() for label in axes.get_yticklabels())


def test_what_is_infinite_leaves_the_axis(make_failed_record, make_record):
    axes = draw([make_record(), make_failed_record(seed=1)], "learning").axes[0]
    assert max(y for line in axes.lines for y in line.get_ydata()) > axes.get_ylim()[1]


def test_solve_curves_go_from_zero_to_the_budget_and_mark_what_ended(drawn_once):
    figure = drawn_once[f"solve-{STEM}"]
    axes = figure.axes[0]
    curves = [line for line in axes.lines if line.get_drawstyle() == "steps-post"]
    assert [(line.get_xdata()[0], line.get_xdata()[-1]) for line in curves] == [(0, 31_250)] * 3
    assert legend(figure)[0] == "dnc:memory_slots=16 (3/3)"
    assert legend(figure)[-1] == "a run ended unconverged"


def test_where_every_run_converged_no_mark_is_explained(make_record):
    assert legend(draw([make_record()], "solve")) == ["ntm (1/1)"]


def test_sizes_trained_on_are_shaded_and_sizes_beyond_the_memory_hollow(drawn_once):
    figure = drawn_once[f"length-{STEM}"]
    ((left, right),) = shown(figure.axes[0])
    assert left < 1 < 20 < right < 40
    hollow = [line for line in figure.axes[0].lines if line.get_markerfacecolor() == "white"]
    assert [list(line.get_xdata()) for line in hollow if len(line.get_xdata())] == [[20, 40, 120], [120]]
    assert legend(figure)[3:] == ["hollow: beyond memory slots", "chance", "trained on"]


def test_one_trained_size_is_shaded(ngrams):
    ((left, right),) = shown(draw(ngrams, "length").axes[0])
    assert 190 < left < 200 < right < 210


def test_sizes_of_two_dimensions_are_categories(repeats):
    axes = draw(repeats, "length").axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["10x10", "20x10", "10x20"]
    assert axes.get_xlabel() == "length x repeats"
    assert shown(axes) == [(-0.5, 0.5)]


def test_an_interval_says_how_it_was_made(repeats):
    text = note(draw(repeats, "length"))
    assert "interval of the median, 50 % order statistics over seeds, n = 2" in text


def test_what_is_not_known_is_not_explained(make_record):
    figure = draw([make_record(training_range={}, grid=[])], "length")
    assert legend(figure) == ["ntm (1 seed)"]
    assert "interval" not in note(figure)


def test_a_probe_has_a_panel_a_size_with_what_became_of_each_seed(drawn_once):
    figure = drawn_once[PROBE]
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "length 20, trained on", "length 40", "length 120, beyond memory slots"
    ]  # fmt: skip
    assert legend(figure)[:4] == [
        "seed 0: converged 400, generalises from 200",
        "seed 1: converged 800, generalises from 200",
        "seed 2: not converged, generalises from 200",
        "seed 3: not converged, failed at 0",
    ]


def test_a_probe_marks_where_each_seed_converged_and_what_it_masters(drawn_once):
    panel = drawn_once[PROBE].axes[1]
    marks = [line.get_xdata()[0] for line in panel.lines if list(line.get_ydata()) == [1, 0.9]]
    filled = [line for line in panel.lines if line.get_markerfacecolor() != "white" and len(line.get_xdata()) == 3]
    assert marks == [400, 800]
    assert {tuple(line.get_xdata()) for line in filled} == {(200, 400, 600)}


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7])
def test_a_probe_of_any_number_of_sizes_has_steps_below_each_column(make_record, count):
    rows = [{"size": {"length": n}, "sequences": 64, "scores": {"bit_errors": 1.0}} for n in range(1, count + 1)]
    figure = draw([make_record(probe=[{"step": 200, "rows": rows}])], "probe")
    visible = [axes for axes in figure.axes if axes.get_visible()]
    assert len(visible) == count
    assert sum(axes.get_xlabel() == "training steps" for axes in visible) == min(count, 2 if count in (2, 4) else 3)


def test_lines_differ_without_colour():
    styles = [LineStyle.of(number) for number in range(40)]
    assert len({style[1:] for style in styles}) == 40
    assert len(set(map(LineStyle.of, range(280)))) == 280
    assert all(to_hex(style.color) == style.color.lower() for style in styles)


def test_long_names_are_broken_and_lose_nothing(make_record):
    model = "ntm:" + ",".join(f"option_{i:02}=value_{i}" for i in range(30))
    figure = draw([make_record(model, "copy:path=" + "x" * 200)], "learning")
    left, _, right, _ = extent(figure)
    assert 0 <= left < right <= figure.get_figwidth()
    assert legend(figure)[0].replace(" ", "") == model + "(1seed)"


def test_nothing_in_a_name_is_read_as_a_formula(named):
    figure = draw([named("ntm:a=$x^$", "copy:b=$y_$")], "learning")
    assert legend(figure)[0].startswith("ntm:a=$x^$")


def test_records_with_nothing_finite_are_drawn(make_record):
    sizes = [({"length": n}, float("nan"), 0.0) for n in (20, 40)]
    assert draw([make_record(sizes=sizes, grid=[])], "length").axes


def test_failed_runs_alone_are_drawn(make_failed_record):
    assert legend(draw([make_failed_record()], "solve"))[0] == "ntm (0/1)"


@pytest.mark.parametrize(("sizes", "scale"), [(range(1, 18), "linear"), (range(2, 257), "log")])
def test_the_levels_reached_are_drawn_as_steps_below_the_greatest(make_record, make_syllabus, sizes, scale):
    courses = [make_syllabus({0: 2, 200: 4, 400: each}, sizes=sizes) for each in (8, 16, 16)]
    figure = draw([make_record(seed=seed, syllabus=each) for seed, each in enumerate(courses)], "level")
    (axes,) = figure.axes
    median = axes.lines[2]
    assert (axes.get_yscale(), list(median.get_ydata())) == (scale, [2, 2, 4, 4, 16, 16, 16])
    assert legend(figure) == ["ntm (3 seeds)", f"greatest training size: {max(sizes)}"]
    assert axes.get_ylim()[1] > max(sizes)

import numpy as np

from gatelet.study.bootstrap import resample
from gatelet.study.recommend import Candidate, Evidence, recommend


def evidence(
    *means: float, seeds: int = 3, series: int = 30, spread: float = 0.01, baseline: float | None = None
) -> Evidence:
    """Errors scattered by `spread` about the means."""
    random = np.random.default_rng(0)
    errors = np.asarray(means)[:, None, None] + random.normal(0.0, spread, (len(means), seeds, series))
    if baseline is not None:
        errors = np.concatenate([errors, np.broadcast_to(baseline, (1, seeds, series))])
    names = () if baseline is None else ("seasonal naive",)
    return Evidence(resample(errors), names, "MASE", seeds, series)


def cells(**costs: float) -> list[Candidate]:
    return [Candidate(name, {"FLOPs per step": cost, "parameters": 1000.0}) for name, cost in costs.items()]


def test_a_clear_winner_is_named_with_its_lead() -> None:
    text = recommend(cells(gru=30_000, lstm=40_000, rnn=10_000), evidence(0.8, 0.9, 1.1, baseline=1.5))
    assert text.startswith("Choose gru: its MASE of 0.8")
    assert "lstm by 0.0984 (95% interval 0.0942 to 0.103)" in text
    assert "rnn by 0.298" in text
    assert text.endswith("over 3 seeds and 30 series.")


def test_a_draw_goes_to_the_cheaper_and_says_so() -> None:
    text = recommend(cells(lstm=40_000, gru=30_000), evidence(0.8, 0.8001, spread=0.1))
    assert text.startswith("Choose gru, for its cost and not for its quality")
    assert "do not tell lstm and gru apart" in text
    assert text.endswith("30,000 FLOPs per step where lstm needs 40,000.")


def test_a_draw_leaves_the_clearly_worse_out() -> None:
    text = recommend(cells(rnn=10_000, gru=30_000, lstm=40_000), evidence(1.5, 0.8, 0.8001, spread=0.1))
    assert text.startswith("Choose gru, for its cost")
    assert "rnn" not in text


def test_the_next_cost_decides_where_the_first_is_equal() -> None:
    close = [
        Candidate("gru", {"FLOPs per step": 100.0, "parameters": 9.0}),
        Candidate("lstm", {"FLOPs per step": 101.0, "parameters": 5.0}),
    ]
    text = recommend(close, evidence(0.8, 0.8, spread=0.1))
    assert text.startswith("Choose lstm")
    assert "5 parameters where gru needs 9" in text


def test_equal_in_all_does_not_matter() -> None:
    text = recommend(cells(gru=100, lstm=101), evidence(0.8, 0.8, spread=0.1))
    assert text.startswith("It does not matter which")


def test_it_does_not_know_with_few_seeds_or_series() -> None:
    few = recommend(cells(gru=30_000, lstm=40_000), evidence(0.5, 0.9, seeds=1, series=3, baseline=1.0))
    assert few.startswith("This run does not know which cell is best")
    assert "1 seed and 3 series" in few
    assert few.endswith("it takes at least 3 seeds and 5 series.")
    assert recommend(cells(gru=3, lstm=4), evidence(0.5, 0.9, seeds=2)).endswith("it takes at least 3 seeds.")


def test_a_baseline_that_is_better_is_chosen_instead() -> None:
    text = recommend(cells(gru=3, lstm=4), evidence(0.8, 0.9, baseline=0.7))
    assert text == (
        "Choose none of them: seasonal naive, which needs no training (MASE 0.7), is better than the best cell, "
        "gru (0.801), over 3 seeds and 30 series."
    )


def test_a_baseline_that_may_be_as_good_is_named() -> None:
    text = recommend(cells(gru=3, lstm=4), evidence(0.8, 1.1, spread=0.1, baseline=0.81))
    assert text.startswith("Choose gru: its MASE")
    assert text.endswith("; but seasonal naive, which needs no training (MASE 0.81), may be as good.")
    few = recommend(cells(gru=3, lstm=4), evidence(0.8, 1.1, seeds=1, baseline=0.7))
    assert few.endswith("3 seeds; and seasonal naive, which needs no training (MASE 0.7), is no worse.")


def test_one_cell_is_no_choice() -> None:
    text = recommend(cells(gru=3), evidence(0.5, baseline=1.0))
    assert text == "With only gru trained there is nothing to choose between."


def test_every_answer_is_one_sentence() -> None:
    for spread, seeds in ((0.001, 3), (0.2, 3), (0.1, 1)):
        for baseline in (0.5, 0.82, 2.0):
            text = recommend(
                cells(gru=30_000, lstm=40_000), evidence(0.8, 0.82, spread=spread, seeds=seeds, baseline=baseline)
            )
            assert text.endswith(".")
            assert ". " not in text

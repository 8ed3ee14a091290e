import numpy as np

from gatelet.study.bootstrap import Resampled, resample
from gatelet.study.recommend import Candidate, recommend


def resampled(*means: float, seeds: int = 3, series: int = 30, spread: float = 0.01) -> Resampled:
    random = np.random.default_rng(0)
    return resample(np.asarray(means)[:, None, None] + random.normal(0.0, spread, (len(means), seeds, series)))


def candidates(**costs: float) -> list[Candidate]:
    return [Candidate(name, {"FLOPs per step": cost, "parameters": 1000.0}) for name, cost in costs.items()]


def test_a_clear_winner_is_named_with_its_lead() -> None:
    text = recommend(
        candidates(gru=30_000, lstm=40_000, rnn=10_000), resampled(0.8, 0.9, 1.1), metric="MASE", seeds=3, series=30
    )
    assert text.startswith("Choose gru: its MASE of 0.8")
    assert "lstm by 0.0984 (95% interval 0.0942 to 0.103)" in text
    assert "rnn by 0.298" in text
    assert text.endswith("over 3 seeds and 30 series.")


def test_a_draw_goes_to_the_cheaper_and_says_so() -> None:
    text = recommend(
        candidates(lstm=40_000, gru=30_000), resampled(0.8, 0.8001, spread=0.1), metric="MASE", seeds=3, series=30
    )
    assert text.startswith("Choose gru, for its cost and not for its quality")
    assert "do not tell lstm and gru apart" in text
    assert "30,000 FLOPs per step where lstm needs 40,000" in text


def test_a_draw_leaves_the_clearly_worse_out() -> None:
    text = recommend(
        candidates(rnn=10_000, gru=30_000, lstm=40_000),
        resampled(1.5, 0.8, 0.8001, spread=0.1),
        metric="MASE",
        seeds=3,
        series=30,
    )
    assert text.startswith("Choose gru, for its cost")
    assert "rnn" not in text.partition("do not tell")[2].partition("apart")[0]


def test_the_next_cost_decides_where_the_first_is_equal() -> None:
    cells = [
        Candidate("gru", {"FLOPs per step": 100.0, "parameters": 9.0}),
        Candidate("lstm", {"FLOPs per step": 101.0, "parameters": 5.0}),
    ]
    text = recommend(cells, resampled(0.8, 0.8, spread=0.1), metric="MASE", seeds=3, series=30)
    assert text.startswith("Choose lstm")
    assert "5 parameters where gru needs 9" in text


def test_equal_in_all_does_not_matter() -> None:
    text = recommend(candidates(gru=100, lstm=101), resampled(0.8, 0.8, spread=0.1), metric="MASE", seeds=3, series=30)
    assert text.startswith("It does not matter which")


def test_it_does_not_know_with_few_seeds_or_series() -> None:
    few = recommend(
        candidates(gru=30_000, lstm=40_000), resampled(0.5, 0.9, seeds=1, series=3), metric="MASE", seeds=1, series=3
    )
    assert few.startswith("This run does not know which cell is best")
    assert "1 seed and 3 series" in few
    assert few.endswith("it takes at least 3 seeds and 5 series.")
    seeds = recommend(candidates(gru=3, lstm=4), resampled(0.5, 0.9, seeds=2), metric="MASE", seeds=2, series=30)
    assert seeds.endswith("it takes at least 3 seeds.")


def test_one_cell_is_no_choice() -> None:
    text = recommend(candidates(gru=3), resampled(0.5), metric="MASE", seeds=3, series=30)
    assert text == "With only gru trained there is nothing to choose between."


def test_every_answer_is_one_sentence() -> None:
    for spread, seeds in ((0.001, 3), (0.2, 3), (0.1, 1)):
        text = recommend(
            candidates(gru=30_000, lstm=40_000),
            resampled(0.8, 0.82, spread=spread),
            metric="MASE",
            seeds=seeds,
            series=30,
        )
        assert text.endswith(".")
        assert ". " not in text

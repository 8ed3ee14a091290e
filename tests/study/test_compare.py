import numpy as np
import polars as pl
import pytest

from gatelet.errors import GateletError
from gatelet.progress import WorkDone
from gatelet.study.compare import compare_forecast
from gatelet.study.pages import study_page
from gatelet.study.report import render
from gatelet.study.results import Study
from gatelet.study.runs import match_network
from gatelet.study.words import number
from gatelet.tasks.forecasting import Forecaster, NetworkSettings
from gatelet.training import TrainingSettings

from .conftest import QUICK, SPLIT


def test_every_cell_is_trained_with_every_seed_on_the_same_windows(study: Study) -> None:
    assert [(run.variant.cell, run.seed) for run in study.runs] == [("gru", 0), ("gru", 1), ("lstm", 0), ("lstm", 1)]
    assert (study.seeds, study.horizon, study.windows) == (2, 6, 5 * 3)
    for run in study.runs:
        np.testing.assert_array_equal(run.backtest.windows.origins, study.runs[0].backtest.windows.origins)


def test_the_test_rows_are_not_learned_from(waves: pl.DataFrame, template: Forecaster, study: Study) -> None:
    spoiled = waves.with_columns(
        pl.when(pl.int_range(pl.len()).over("unique_id") >= 120 - SPLIT.test_size).then(0.0).otherwise("y").alias("y")
    )
    other = compare_forecast(spoiled, template, cells=("gru",), seeds=1, training=QUICK, split=SPLIT)
    for name, weight in other.runs[0].forecaster.module.state_dict().items():
        np.testing.assert_array_equal(weight, study.runs[0].forecaster.module.state_dict()[name])


def test_the_estimates_are_the_scores_of_the_backtests(study: Study) -> None:
    for cell, runs in zip(study.cells, (study.runs[:2], study.runs[2:]), strict=True):
        scores = [run.backtest.scores().overall["gatelet"] for run in runs]
        for metric in ("mae", "mase", "smape", "wql", "coverage"):
            expected = np.mean([score[metric] for score in scores])
            assert cell.quality[metric].estimate == pytest.approx(expected, rel=1e-9), metric
            assert cell.per_seed[metric] == tuple(score[metric] for score in scores)
        squares = np.mean([score["rmse"] ** 2 for score in scores])
        assert cell.quality["rmse"].estimate == pytest.approx(np.sqrt(squares), rel=1e-9)


def test_intervals_hold_their_estimates_and_differences_follow_from_the_means(study: Study) -> None:
    for cell in study.cells:
        for interval in cell.quality.values():
            assert interval.low <= interval.estimate <= interval.high
    (difference,) = study.differences
    means = [cell.quality["mase"].estimate for cell in study.cells]
    assert difference.interval.estimate == pytest.approx(means[0] - means[1])


def test_the_budget_is_met_as_nearly_as_whole_numbers_allow(study: Study) -> None:
    gru, lstm = study.cells
    assert gru.variant.mismatch == 0.0
    assert lstm.variant.hidden_size < gru.variant.hidden_size
    ratio = lstm.costs.parameters / gru.costs.parameters
    assert lstm.variant.mismatch == pytest.approx(ratio - 1)
    assert abs(ratio - 1) < 0.1


def test_the_other_budgets(study: Study) -> None:
    reference = study.runs[0].forecaster
    assert match_network(reference, "lstm", "hidden").hidden_size == 9
    flops = match_network(reference, "rnn", "flops")
    assert flops.hidden_size > 9
    assert flops.target == study.cells[0].costs.flops_per_step


def test_two_seeds_do_not_make_it_know(study: Study) -> None:
    assert study.recommendation.startswith("This run does not know which cell is best")
    assert "it takes at least 3 seeds" in study.recommendation


def test_a_baseline_that_the_cells_do_not_leave_behind_is_named(study: Study) -> None:
    naive = study.baselines["seasonal naive"]["mase"]
    assert naive < min(cell.quality["mase"].estimate for cell in study.cells)
    said = f"and seasonal naive, which needs no training (MASE {number(naive)}), is no worse."
    assert study.recommendation.endswith(said)


def test_the_baselines_stand_beside(study: Study) -> None:
    assert set(study.baselines) == {"persistence", "seasonal naive", "window mean"}
    assert study.baselines == {n: s for n, s in study.runs[0].backtest.scores().overall.items() if n != "gatelet"}


def test_progress_tells_of_every_training_to_its_end(study: Study, told: list[WorkDone]) -> None:
    ends = {at.work: at.done for at in told}
    trainings = ["GRU 9, seed 0", "GRU 9, seed 1", "LSTM 8, seed 0", "LSTM 8, seed 1"]
    assert list(ends) == ["sizing the cells", *trainings, "weighing the results"]
    assert set(ends.values()) == {1.0}
    assert any("validation loss" in at.note for at in told)


def test_settings_out_of_range_are_refused_before_any_training(waves: pl.DataFrame, template: Forecaster) -> None:
    with pytest.raises(GateletError, match="budget must be one of params, hidden, flops; got 'time'"):
        compare_forecast(waves, template, budget="time")
    with pytest.raises(GateletError, match="cells must be different ones of gru, lstm, rnn; got gru, gru"):
        compare_forecast(waves, template, cells=("gru", "gru"))
    with pytest.raises(GateletError, match="got elman"):
        compare_forecast(waves, template, cells=("elman",))
    with pytest.raises(GateletError, match="seeds must be at least 1; got 0"):
        compare_forecast(waves, template, seeds=0)
    with pytest.raises(GateletError, match="metric must be one of mae, rmse"):
        compare_forecast(waves, template, metric="accuracy")


def test_a_metric_that_no_baseline_has_may_decide(waves: pl.DataFrame) -> None:
    heavy_tails = Forecaster(
        6, context_length=12, distribution="student_t", network=NetworkSettings(hidden_size=5), seasonality=6
    )
    once = TrainingSettings(epochs=1, steps_per_epoch=2, batch_size=8)
    study = compare_forecast(
        waves, heavy_tails, cells=("gru", "rnn"), seeds=1, metric="qlike", training=once, split=SPLIT
    )
    assert study.baseline_scores("qlike") == {}
    page = study_page(study)
    assert "lowest QLIKE" in page.lead
    assert [bar.name for bar in page.bars.items] == [cell.variant.name for cell in study.cells]
    assert render(page)


def test_a_metric_that_no_series_has_is_one_sentence(waves: pl.DataFrame, template: Forecaster) -> None:
    constant = waves.with_columns(y=pl.lit(3.0))
    once = TrainingSettings(epochs=1, steps_per_epoch=1, batch_size=4)
    with pytest.raises(GateletError, match="MASE must be defined for at least one series"):
        compare_forecast(constant, template, cells=("gru",), seeds=1, training=once, split=SPLIT)

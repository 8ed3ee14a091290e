import json

import numpy as np
import pytest

import gatelet
from gatelet.errors import GateletError
from gatelet.progress import WorkDone
from gatelet.study.demo import DEMO_FILES, Demo, gate_day, run_demo
from gatelet.training import TrainingSettings

QUICK = TrainingSettings(epochs=1, steps_per_epoch=3, batch_size=16)


@pytest.fixture(scope="module")
def told() -> list[WorkDone]:
    return []


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, told: list[WorkDone]) -> Demo:
    out = tmp_path_factory.mktemp("demo") / "gatelet-demo"
    return run_demo(out, training=QUICK, progress=told.append)


def test_everything_is_written(demo: Demo) -> None:
    assert {path.name for path in demo.folder.iterdir()} == set(DEMO_FILES)
    results = json.loads((demo.folder / "results.json").read_text(encoding="utf-8"))
    assert [cell["variant"]["cell"] for cell in results["cells"]] == ["gru", "lstm", "lstm"]
    html = (demo.folder / "report.html").read_text(encoding="utf-8")
    assert html.count("data:image/png;base64,") == 8
    assert "Newark" in html


def test_the_lstms_match_the_gru_in_size_and_in_parameters(demo: Demo) -> None:
    gru, lstm, equal = demo.study.cells
    assert lstm.variant.hidden_size == gru.variant.hidden_size
    assert equal.variant.hidden_size < gru.variant.hidden_size
    assert abs(equal.costs.parameters / gru.costs.parameters - 1) < 0.02


def test_the_last_eight_weeks_are_forecast_once_a_day(demo: Demo) -> None:
    backtest = demo.study.runs[0].backtest
    assert demo.study.windows == 3 * 56
    assert set(np.diff(backtest.windows.origins[backtest.series == 0])) == {24}
    assert str(backtest.times.max()) == "2013-12-30T23:00:00.000000"


def test_the_saved_model_is_the_gru(demo: Demo) -> None:
    model = gatelet.load(demo.folder / "model")
    gru = demo.study.runs[0].forecaster
    assert model.num_parameters == gru.num_parameters
    for name, weight in model.module.state_dict().items():
        np.testing.assert_array_equal(weight, gru.module.state_dict()[name])


def test_gates_are_shown_from_midnight_to_midnight_in_new_york(demo: Demo) -> None:
    day = gate_day(demo.study.runs[0])
    assert day.update.shape == day.reset.shape == (24, 64)
    assert str(day.times[0]).endswith("T00:00:00.000000")
    assert str(day.times[-1]).endswith("T23:00:00.000000")
    assert ((day.update > 0) & (day.update < 1)).all()
    assert not np.isnan(day.signal).any()


def test_progress_tells_of_three_trainings_and_the_report(demo: Demo, told: list[WorkDone]) -> None:
    assert len({at.work for at in told}) == 4
    assert told[-1] == WorkDone("drawing the report", 1.0)


def test_a_full_folder_is_refused_before_any_training(demo: Demo, told: list[WorkDone]) -> None:
    before = len(told)
    with pytest.raises(GateletError, match="must be a new or empty folder"):
        run_demo(demo.folder, training=QUICK, progress=told.append)
    assert len(told) == before

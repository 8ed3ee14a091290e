import pytest

from gatelet.study.pages import number, quality_bars, study_page
from gatelet.study.report import render
from gatelet.study.results import Study
from gatelet.study.words import COSTS, MEASURES


def test_the_page_says_what_the_study_found(study: Study) -> None:
    page = study_page(study, unit="metres")
    assert page.verdict == study.recommendation
    assert "GRU 9, LSTM 8" in page.lead
    assert "2 times" in page.lead
    assert [picture.name for picture in page.pictures] == ["forecast", "learning", "cost"]
    assert any("LSTM 8 " in line and "as many parameters" in line for line in page.method)
    html = render(page)
    assert "metres" in html
    assert "{" not in html.partition("</style>")[2]  # no explanation with a gap left in it


def test_every_measure_and_cost_has_a_row_with_a_cell_for_each_model(study: Study) -> None:
    quality, costs = study_page(study).tables
    assert quality.columns == ("GRU 9", "LSTM 8", "seasonal naive", "persistence", "window mean")
    assert [row.name for row in quality.rows] == [MEASURES[metric][0] for metric in study.cells[0].quality]
    assert [row.name for row in costs.rows] == [name for name, _ in COSTS.values()]
    for table in (quality, costs):
        assert all(len(row.cells) == len(table.columns) for row in table.rows)
        assert all(any(cell.best for cell in row.cells) for row in table.rows)


def test_coverage_is_best_where_it_is_nearest_to_its_promise(study: Study) -> None:
    (row,) = (row for row in study_page(study).tables[0].rows if row.name == "Coverage")
    values = [cell.quality["coverage"].estimate for cell in study.cells]
    values += [scores["coverage"] for scores in study.baselines.values()]
    nearest = min(range(len(values)), key=lambda place: abs(values[place] - 0.8))
    assert row.cells[nearest].best


def test_bars_stand_for_all_models(study: Study) -> None:
    bars = quality_bars(study, "mae", unit="m")
    assert [bar.name for bar in bars.items] == ["GRU 9", "LSTM 8", "seasonal naive", "persistence", "window mean"]
    assert max(bar.percent for bar in bars.items) == 100.0
    assert all(bar.text.endswith(" m") for bar in bars.items)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.08991, "0.0899"), (4.575, "4.58"), (12, "12.0"), (120.4, "120"), (30881, "30,881"), (float("nan"), "–")],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert number(value) == text

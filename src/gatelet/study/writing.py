"""A study as a folder: `study.json`, `report.html` and its pictures as PNG files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from gatelet.folders import check_folder, new_folder
from gatelet.study.pages import study_page
from gatelet.study.report import Page, Picture, render
from gatelet.study.results import Study

STUDY_FILES = ("study.json", "report.html", "forecast.png", "learning.png", "cost.png")


def check_study_folder(out: Path, *, overwrite: bool = False) -> None:
    """Raise GateletError if `write_study` would refuse to write there; to be asked before long work."""
    check_folder(out, overwrite=overwrite, ours=STUDY_FILES)


def write_study(study: Study, out: Path, *, overwrite: bool = False, unit: str = "the unit of the data") -> Path:
    """Write a study to a folder that appears whole or not at all.

    Args:
        study: with its runs.
        out: a new or empty folder.
        overwrite: replace an earlier study there.
        unit: of the target, for the report.

    Raises:
        GateletError: the folder holds something, or cannot be written.
    """
    page = study_page(study, unit=unit)
    with new_folder(out, overwrite=overwrite, ours=STUDY_FILES) as folder:
        write_json(folder / "study.json", study)
        write_page(folder, page)
    return out


def write_json(path: Path, study: Study) -> None:
    """The study as one JSON object."""
    path.write_text(json.dumps(study.to_json(), indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def write_page(folder: Path, page: Page) -> None:
    """`report.html`, and each picture for light paper as a file of its own."""
    (folder / "report.html").write_text(render(page), encoding="utf-8")
    write_pictures(folder, page.pictures)


def write_pictures(folder: Path, pictures: Iterable[Picture]) -> None:
    """One PNG file for each picture."""
    for picture in pictures:
        (folder / f"{picture.name}.png").write_bytes(picture.light_png)

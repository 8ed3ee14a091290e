"""What a package of WebAssembly takes to be tested: the tools, and Chromium at a page."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gatelet.deploy.wasm.compiling import need_tools
from gatelet.errors import ExportError

CHROMIUM = next((name for name in ("chromium", "chromium-browser", "google-chrome") if shutil.which(name)), None)
READY: dict[str, Any] = {"expression": "document.body?.dataset.ready === 'yes'", "until": 20_000}


@pytest.fixture(autouse=True, scope="session")
def tools() -> None:
    """Skip where one is missing."""
    try:
        need_tools()
    except ExportError as error:
        pytest.skip(str(error))
    if not shutil.which("node"):
        pytest.skip("node is not there")


@pytest.fixture
def browse(tmp_path: Path) -> Callable[..., Any]:
    """Open a page, evaluate expressions in it, one after the other, and give what they say."""

    def browsed(url: str, steps: list[dict[str, Any]], microphone: Path | None = None, before: str = "") -> Any:
        if CHROMIUM is None:
            pytest.skip("chromium is not there")
        command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'chromium'}"]
        if microphone:
            command += ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
            command += [f"--use-file-for-fake-audio-capture={microphone}"]
        given = {"command": command, "url": url, "before": before, "steps": [READY, *steps]}
        driver = Path(__file__).with_name("browser.mjs")
        done = subprocess.run(
            ["node", str(driver)], input=json.dumps(given), capture_output=True, text=True, check=False, timeout=120
        )
        assert not done.returncode, done.stderr
        ready, *found = json.loads(done.stdout)
        assert ready is True
        return found

    return browsed

import subprocess
import sys

import pytest


@pytest.mark.parametrize(("module", "extra"), [("matplotlib", "report"), ("jinja2", "report"), ("torch", "train")])
def test_a_missing_extra_is_named_with_the_command_that_installs_it(module: str, extra: str) -> None:
    code = f"import sys; sys.modules[{module!r}] = None; import gatelet.study"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f'{module}; install it with: pip install "gatelet[{extra}]"' in done.stderr

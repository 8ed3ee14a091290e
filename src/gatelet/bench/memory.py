"""How much memory this process takes at most, from one moment on."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


class HighWater:
    """The peak of memory since this was made, beyond what was in use then; programs read from files do not count.

    On Linux the peak is set back when this is made. Elsewhere it counts from the start of the process, so that only
    what exceeds all before is seen.
    """

    def __init__(self) -> None:
        if STATUS.exists():
            with contextlib.suppress(OSError):  # where it is forbidden, the peak counts from the start of the process
                Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
            self._before: int | None = _read()["RssAnon"]
        else:
            self._before = _peak_resident()

    def rise(self) -> int | None:
        """Bytes; None where the system does not tell."""
        if self._before is None:
            return None
        if not STATUS.exists():
            return max(0, (_peak_resident() or 0) - self._before)
        now = _read()
        return max(0, now["VmHWM"] - now["RssFile"] - now["RssShmem"] - self._before)


def _read() -> dict[str, int]:
    """The sizes that Linux tells, in bytes."""
    lines = (line.split() for line in STATUS.read_text(encoding="ascii").splitlines())
    return {words[0].rstrip(":"): 1024 * int(words[1]) for words in lines if words[-1] == "kB"}


def _peak_resident() -> int | None:
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak

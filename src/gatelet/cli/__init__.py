"""The command line: arguments, tables and progress bars, with no logic of its own."""

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave the process: 0 done, 2 data or options are at fault, 130 stopped by Ctrl-C."""
    from gatelet.cli.app import app

    app(args=None if arguments is None else list(arguments), prog_name="gatelet")

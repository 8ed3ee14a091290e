"""How commands fail: one sentence on stderr and an exit status, never a traceback for what a user can cause."""

import errno
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from gatelet.cli.output import say
from gatelet.errors import GateletError

# What an import that fails belongs to.
EXTRAS = {
    "torch": "train",
    "lightning": "train",
    "polars": "train",
    "scipy": "train",
    "matplotlib": "report",
    "jinja2": "report",
    "tensorboard": "logs",
    "tokenizers": "text",
    "sacrebleu": "text",
    "onnx": "onnx",
    "h5py": "keras",
    "yaml": "text",
}

# Contexts and commands are typer's own copy of click's in newer versions and click's in older ones: no type to name.


class Root(TyperGroup):
    """All commands: status 2 for an error of the user's, 130 for Ctrl-C."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            say("Stopped by Ctrl-C; no result was written.")
            raise typer.Exit(130) from None
        except GateletError as error:
            say(str(error))
            raise typer.Exit(2) from error
        except ModuleNotFoundError as error:
            package = (error.name or "").partition(".")[0]
            if package not in EXTRAS:
                raise
            say(f'This command needs {package}; install it with: pip install "gatelet[{EXTRAS[package]}]"')
            raise typer.Exit(2) from error
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            say(f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror or error}.")
            raise typer.Exit(2) from error


class Tasks(TyperGroup):
    """The tasks of one verb."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As typer's, but a file where the task should stand gets a kind word."""
        if args and args[0] not in self.commands and (Path(args[0]).suffix or Path(args[0]).exists()):
            tasks = " or ".join(self.commands)
            raise GateletError(f"Name the task before the data: {ctx.command_path} {tasks} {args[0]}")
        return super().resolve_command(ctx, args)

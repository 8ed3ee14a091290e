"""Chat bots: fit chat, and chat, in a terminal, for scripts, and as a test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gatelet.cli import options as opt
from gatelet.cli.fitting import check_place
from gatelet.cli.grouping import grouped
from gatelet.cli.model import load_model
from gatelet.cli.output import print_json, print_table, say
from gatelet.errors import DataError

if TYPE_CHECKING:
    from gatelet.chat import ChatBot
    from gatelet.chat.conversations import Expected

BotFile = Annotated[Path, typer.Argument(help="The YAML file that describes the bot.", metavar="BOT.yaml")]
Bot = Annotated[Path, typer.Argument(help="Folder of the saved bot.", metavar="BOT")]
Epochs = Annotated[int | None, typer.Option("--epochs", min=1, help="Epochs for the examples.", show_default="20")]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help="Of everything that is drawn.", show_default="0")]
Test = Annotated[
    Path | None,
    typer.Option(
        "--test", help="Hold the conversations of this YAML file, and name what differs.", metavar="FILE",
        show_default="none",
    ),
]  # fmt: skip


@grouped
def fit(file: BotFile, new: opt.NewModel, epochs: Epochs = None, seed: Seed = None, json: opt.Json = False) -> None:
    """Train a chat bot from a YAML file that names intents, slots, answers and stories, and save it as a folder.

    **Example**

    ```
    gatelet fit chat examples/chat/table.yaml --out table
    ```
    """
    from dataclasses import replace

    from gatelet.chat import ChatBot
    from gatelet.chat.understanding import TRAINING

    check_place(new.out, new.overwrite)
    changes = opt.given(epochs=epochs, seed=seed)
    bot = ChatBot().fit(file, training=replace(TRAINING, **changes), progress=True)
    bot.save(new.out, overwrite=new.overwrite)
    facts = _facts(bot)
    if json:
        print_json({"model": new.out, **facts, "metrics": bot.metrics})
    else:
        print_table(bot.description.name, ["", ""], facts.items())
    stopped = " Training was stopped by Ctrl-C." if bot.history.interrupted else ""
    say(f"The bot is in {new.out}; talk to it with: gatelet chat {new.out}{stopped}")
    if bot.history.interrupted:
        raise typer.Exit(130)


def chat(bot: Bot, test: Test = None, json: opt.Json = False) -> None:
    """Talk with a saved bot; Ctrl-D ends the conversation.

    Lines that are piped in are answered one by one; with --json, each answer is a JSON object with the intent and the
    slots that the bot has understood.

    **Examples**

    ```
    gatelet chat table
    echo "a table for two please" | gatelet chat table --json
    gatelet chat table --test examples/chat/table-test.yaml
    ```
    """
    conversations = None
    if test is not None:
        from gatelet.chat.conversations import read_conversations

        conversations = read_conversations(test)
    from gatelet.chat import ChatBot

    loaded = load_model(bot, ChatBot)
    if conversations is not None:
        _test(loaded, conversations, json)
    else:
        with suppress(KeyboardInterrupt):
            _talk(loaded, json)


def _talk(bot: ChatBot, json: bool) -> None:
    from gatelet.chat import Dialogue

    dialogue = Dialogue()
    for text in _typed(bot.description.name) if sys.stdin.isatty() else _piped():
        reply = bot.reply(text, dialogue)
        if json:
            print_json(asdict(reply))
        else:
            typer.echo(reply.text)
        sys.stdout.flush()


def _typed(name: str) -> Iterator[str]:
    """What is typed, with a history of lines where the system has one; empty lines are no turns."""
    with suppress(ImportError):
        import readline  # noqa: F401
    say(f"{name} listens; Ctrl-D ends the conversation.")
    while True:
        try:
            text = input("> ")
        except (EOFError, KeyboardInterrupt):
            typer.echo()
            return
        if text.strip():
            yield text


def _piped() -> Iterator[str]:
    """The lines of the standard input."""
    stream = getattr(sys.stdin, "buffer", None)
    for number, line in enumerate(stream if stream is not None else sys.stdin, 1):
        try:
            text = line.decode("utf-8") if isinstance(line, bytes) else line
        except UnicodeDecodeError as error:
            byte = error.object[error.start]
            raise DataError(
                f"standard input, line {number}: must be UTF-8; got byte 0x{byte:02x} at offset {error.start}."
            ) from error
        yield text.rstrip("\r\n")


def _test(bot: ChatBot, conversations: dict[str, list[Expected]], json: bool) -> None:
    from gatelet.chat.conversations import run_conversations

    failures = run_conversations(bot, conversations)
    turns = sum(map(len, conversations.values()))
    if json:
        print_json(
            {"conversations": len(conversations), "turns": turns, "failures": [asdict(each) for each in failures]}
        )
    else:
        for failure in failures:
            typer.echo(str(failure))
    wrong = len({(each.conversation, each.place) for each in failures})
    say(f"{len(conversations)} conversations, {turns} turns, {wrong} failed.")
    if failures:
        raise typer.Exit(1)


def _facts(bot: ChatBot) -> dict[str, object]:
    description = bot.description
    return {
        "intents": len(description.intents),
        "slots": len(description.slots),
        "answers": len(description.answers),
        "stories": len(description.stories),
        "pairs": len(description.pairs),
        "num_parameters": bot.num_parameters,
    }

"""The bot that ships gets its own conversations right."""

from pathlib import Path

from gatelet.chat import ChatBot
from gatelet.chat.conversations import read_conversations, run_conversations

EXAMPLES = Path(__file__).parents[2] / "examples" / "chat"


def test_the_bot_that_ships_passes_its_tests() -> None:
    bot = ChatBot().fit(EXAMPLES / "table.yaml")
    assert run_conversations(bot, read_conversations(EXAMPLES / "table-test.yaml")) == []

"""A small bot that the tests of bots share."""

from dataclasses import replace
from pathlib import Path

import pytest

from gatelet.chat import ChatBot
from gatelet.chat.understanding import TRAINING

SMALL = """\
bot: Small
slots:
  people:
    ask: ["How many?", "How many people?"]
    values: {"2": [two, a couple], "4": [four]}
  day:
    ask: On which day?
    values: [today, friday, sunday]
  food:
intents:
  greet: {examples: [hello, good evening, hi there, hello there], answer: welcome}
  book:
    - book a table
    - book a table please
    - a table for [two](people)
    - a table for [four](people) on [friday](day)
    - a table on [sunday](day)
  tell: ["for [two](people)", "for [four](people)", "on [friday](day)", "on [today](day)", "on [sunday](day)"]
  eat: ["do you have [thai](food) food", "i like [french food](food)", "i like [thai](food)"]
answers:
  welcome: [Hello!, Good day!]
  booked:
    needs: [people, day]
    say:
      - A table for {people}, {day}.
      - {text: "On sunday for {people}, in the garden.", when: {day: sunday}}
    forget: [people, day]
  dish:
    act: offer(food={food})
    forget: food
stories:
  step by step:
    - user: book a table
    - bot: ask_people
    - user: for [two](people)
    - bot: ask_day
    - user: on [friday](day)
    - bot: booked
  at once:
    - user: A table for [four](people) on [friday](day)
    - bot: booked
  day first:
    - user: a table on [sunday](day)
    - bot: ask_people
    - user: for [four](people)
    - bot: booked
  people first:
    - user: a table for [two](people)
    - bot: ask_day
    - user: on [today](day)
    - bot: booked
  food:
    - user: i like [thai](food)
    - bot: dish
pairs:
  - {question: [where are you, what is your address], answer: 12 Mill Lane.}
  - {question: can i pay by card, answer: Yes.}
unknown:
  say: [I do not know., "Sorry?"]
  examples: [what is the weather like, who won the match, play some music, how old are you]
acts:
  - {act: offer(food=greek), text: We have greek food.}
  - {act: offer(food=thai), text: We have thai food.}
"""


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the small bot."""
    path = tmp_path_factory.mktemp("bots") / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def bot(small: Path) -> ChatBot:
    """The small bot, fitted."""
    return ChatBot().fit(small, training=replace(TRAINING, epochs=15, batch_size=8))

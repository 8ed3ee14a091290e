"""The policy of a bot as a plan gives the answers that its network gives; the parts have plans of their own."""

from pathlib import Path

import numpy as np

from gatelet.chat import ChatBot
from gatelet.plan import interpret, load_plan
from gatelet.stream import Session


def test_parity(bot: ChatBot) -> None:
    plan, policy = bot.plan(), bot._need_fitted().policy
    turns = np.random.default_rng(0).random((5, policy.coder.size)).round()
    exact = interpret.whole(plan, [{"turn": turn} for turn in turns])["answers"]
    np.testing.assert_allclose(Session(plan).push(turns), exact, atol=1e-5)
    state: list[float] = []
    for turn, found in zip(turns, exact, strict=True):
        ranked, state = policy.step(turn, state)
        assert ranked[0] == plan.features["answers"][found.argmax()]


def test_the_folders_hold_the_plans(bot: ChatBot, tmp_path: Path) -> None:
    folder = bot.save(tmp_path / "bot")
    plans = bot.plans()
    assert list(plans) == ["understanding", "policy", "realizer"]
    for name, place in (
        ("understanding", folder / "understanding"),
        ("policy", folder),
        ("realizer", folder / "realizer"),
    ):
        stored = load_plan(place)
        assert getattr(stored, "digest", "") == plans[name].digest

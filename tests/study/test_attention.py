import numpy as np
import pytest

from gatelet.errors import GateletError
from gatelet.study.attention import MOST_TOKENS, attention_picture
from gatelet.study.canvas import DARK, LIGHT, png


@pytest.mark.parametrize("tokens", [1, 15, 65])
def test_any_number_of_tokens_makes_a_picture(tokens: int) -> None:
    weights = np.random.default_rng(0).dirichlet(np.ones(tokens), tokens + 2).astype(np.float32)
    source = [f"$rather{number}long token" for number in range(tokens)]
    for theme in (LIGHT, DARK):
        figure = attention_picture(weights, source, ["$"] * (tokens + 2), theme)
        assert png(figure).startswith(b"\x89PNG")
        assert len(figure.axes[0].get_xticklabels()) == min(tokens, MOST_TOKENS)


def test_nothing_to_show() -> None:
    with pytest.raises(GateletError, match=r"got \(0, 2\)"):
        attention_picture(np.zeros((0, 2), np.float32), ["a", "b"], [], LIGHT)

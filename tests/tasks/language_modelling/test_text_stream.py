"""Texts as they are written: the same as by recomputing everything at each step, in whole pieces, up to a stop text."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from gatelet.errors import GateletError
from gatelet.features.text import TextSettings, Writer
from gatelet.nn.sampling import SamplingSettings, draw
from gatelet.tasks.language_modelling import LanguageModel
from gatelet.training import TrainingSettings

from .conftest import SPACES, New, counted


def recomputed(model: LanguageModel, prompt: str, sampling: SamplingSettings) -> str:
    """A text without a state that is carried: for each token the network reads all before it again."""
    script, network = model.fitted_script, model.module
    lines = script.prompt(prompt)
    numbers = [script.end]
    for place, tokens in enumerate(lines):
        numbers += [script.line] * (place > 0) + script.numbers(tokens)
    writer = Writer(script.features.settings.unit, script.spacing)
    for token in lines[-1]:
        writer.add(token)
    assert sampling.seed is not None
    generator, text = torch.Generator().manual_seed(sampling.seed), ""
    for _ in range(sampling.max_length):
        with torch.no_grad():
            features = network(torch.tensor([numbers]), network.initial(1)).features[0, -1]
            scores = functional.linear(features, network.scoring, network.bias)
        scores[script.unwritten] = -torch.inf
        numbers.append(draw(scores, sampling, generator))
        if numbers[-1] == script.end:
            break
        text += writer.line() if numbers[-1] == script.line else writer.add(script.token(numbers[-1]))
    return text + writer.end()


@settings(max_examples=15)
@given(
    seed=st.integers(0, 2**32),
    prompt=st.sampled_from(["", "1 2", "7 8\n", "x 3", "\n4"]),
    temperature=st.sampled_from([0.5, 1.0, 2.0]),
    top_k=st.sampled_from([None, 1, 4]),
    top_p=st.sampled_from([0.6, 1.0]),
)
def test_a_stream_is_what_full_recomputation_gives(
    fitted: LanguageModel, seed: int, prompt: str, temperature: float, top_k: int | None, top_p: float
) -> None:
    sampling = SamplingSettings(temperature=temperature, top_k=top_k, top_p=top_p, max_length=25, seed=seed)
    assert "".join(fitted.stream(prompt, sampling=sampling)) == recomputed(fitted, prompt, sampling)


@pytest.fixture(scope="module")
def bytes_model(new: New) -> LanguageModel:
    """A model of bytes whose text has characters of one to four of them."""
    text = "\n".join(f"{line} é€👍" for line in counted(80).split("\n"))
    training = TrainingSettings(epochs=5, batch_size=8, learning_rate=2e-2)
    return new(text=TextSettings(unit="byte", lowercase=False)).fit([text], training=training)


def test_no_character_comes_in_halves(bytes_model: LanguageModel) -> None:
    pieces = list(bytes_model.stream("1 2 é€", sampling=SamplingSettings(max_length=300, seed=1)))
    assert any(character in "".join(pieces) for character in "é€👍")
    assert all(piece for piece in pieces)
    whole = "".join(pieces)
    again = bytes_model.predict("1 2 é€", sampling=SamplingSettings(max_length=300, seed=1))
    assert again.texts == (whole,)
    # what the model itself breaks is marked; of what it writes well nothing is
    assert whole.count("\ufffd") < 0.1 * len(whole)


@pytest.mark.parametrize("stop", [("\n",), ("5 6",), ("9", "\n", "4 5 6"), ("zz",), ("5 6 7 8 9 0 1",)], ids=str)
def test_a_text_ends_before_the_first_stop_text(stop: tuple[str, ...], fitted: LanguageModel) -> None:
    for seed in range(5):
        whole = "".join(fitted.stream("1 2", sampling=SamplingSettings(max_length=40, seed=seed)))
        stream = fitted.stream("1 2", sampling=SamplingSettings(max_length=40, seed=seed, stop=stop))
        text = "".join(stream)
        places = [at for each in stop if (at := whole.find(each)) >= 0]
        assert text == whole[: min(places, default=len(whole))]
        assert (stream.reason == "stop") is bool(places)


def test_why_a_text_ends_and_what_gives_it_again(fitted: LanguageModel) -> None:
    stream = fitted.stream("1", sampling=SamplingSettings(max_length=3))
    assert stream.reason == "" and stream.tokens == 0
    text = "".join(stream)
    assert (stream.reason, stream.tokens) == ("length", 3)
    again = fitted.stream("1", sampling=SamplingSettings(max_length=3, seed=stream.seed))
    assert "".join(again) == text


def test_short_documents_end(new: New) -> None:
    training = TrainingSettings(epochs=4, batch_size=8, learning_rate=2e-2)
    model = new(text=SPACES).fit(counted(100).split("\n"), training=training)
    found = model.predict(samples=6, sampling=SamplingSettings(seed=0, max_length=100))
    assert {sample.reason for sample in found.samples} == {"end"}
    assert any(found.texts) and not any("\n" in text for text in found.texts)


def test_a_stream_may_be_left_and_others_go_on(fitted: LanguageModel) -> None:
    sampling = SamplingSettings(seed=4, max_length=30)
    first, second = fitted.stream("1", sampling=sampling), fitted.stream("1", sampling=sampling)
    torch.manual_seed(0)
    before = torch.get_rng_state()
    pairs = list(itertools.islice(zip(first, second, strict=True), 10))
    assert all(one == other for one, other in pairs)
    assert torch.equal(before, torch.get_rng_state())  # torch's own draws are nobody's business


def test_samples_have_seeds_in_a_row(fitted: LanguageModel) -> None:
    found = fitted.predict(["1 2", "3"], samples=2, sampling=SamplingSettings(seed=7, max_length=8))
    assert [sample.seed for sample in found.samples] == [7, 8, 9, 10]
    assert [sample.prompt for sample in found.samples] == ["1 2", "1 2", "3", "3"]
    alone = fitted.predict("1 2", sampling=SamplingSettings(seed=8, max_length=8))
    assert alone.texts[0] == found.texts[1]
    assert found.frame().columns == ["prompt", "text", "seed", "tokens", "reason"]
    with pytest.raises(GateletError, match="samples must be a whole number of at least 1; got 0"):
        fitted.predict(samples=0)


def test_a_prompt_may_end_in_the_middle(new: New, brief: TrainingSettings) -> None:
    model = new().fit(["ab ab ab " * 30], training=brief)
    script = model.fitted_script
    assert script.prompt("x  ab ") == [["x", " ", "a", "b", " "]]
    assert script.prompt("ab\n") == [["a", "b"], []]

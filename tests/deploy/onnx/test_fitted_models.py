"""Fitted models of every task as ONNX: what they say outside is what they say here, at the ends of the opsets too."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest

from gatelet.features import Columns
from gatelet.features.text import TextColumns, TextSettings
from gatelet.features.text.numbered import numbered
from gatelet.plan.storing import Model, plans_of
from gatelet.tasks.classification import Classifier, ClassifierSettings
from gatelet.tasks.forecasting import Forecaster, NetworkSettings
from gatelet.tasks.language_modelling import LanguageModel, LanguageModelSettings, SegmentSettings
from gatelet.tasks.realisation import Realizer, RealizerSettings
from gatelet.tasks.translation import Translator, TranslatorSettings
from gatelet.training import TrainingSettings

pytest.importorskip("onnx")
from gatelet.deploy import onnx as exported
from gatelet.deploy.onnx.checking import ONNX_RUNTIME, OPENVINO, REFERENCE

BRIEF = TrainingSettings(epochs=2, steps_per_epoch=3, batch_size=16)
MODULES = {REFERENCE: "onnx", ONNX_RUNTIME: "onnxruntime", OPENVINO: "openvino"}
CHARACTERS, WORDS = TextSettings(unit="character", buckets=0), TextSettings(unit="word", buckets=0)
DIGITS = ("nil", "one", "two", "three")
TEXTS = ("the superb film was slow", "awful", "a plot nobody knows")


def series() -> pl.DataFrame:
    """A series with gaps, a covariate of the past, two of the future, and a static one."""
    rng, rows = np.random.default_rng(0), 60
    y = 100 + np.cumsum(rng.standard_normal(rows))
    y[rng.choice(rows - 1, 6, replace=False)] = np.nan
    columns = {
        "unique_id": "s",
        "ds": np.datetime64("2024-01-01", "us") + np.arange(rows) * np.timedelta64(3600, "s"),
        "y": y,
        "load": rng.standard_normal(rows),
        "wind": 3 * rng.standard_normal(rows),
        "holiday": rng.choice(["yes", "no"], rows),
        "size": 2.0,
    }
    return pl.DataFrame(columns).with_columns(pl.col("y").fill_nan(None))


def forecaster(**settings: Any) -> Forecaster:
    columns = Columns(past=("load",), future=("wind", "holiday"), static=("size",))
    network = NetworkSettings(hidden_size=5)
    model = Forecaster(4, context_length=6, columns=columns, network=network, seasonality=8, **settings)
    return model.fit(series(), training=BRIEF, test_size=8, conformal=not settings)


def classifier(**network: Any) -> Classifier:
    settings = ClassifierSettings(hidden_size=9, embedding_size=7, **network)
    rows = [("a superb film", "pos"), ("an awful slow plot", "neg")] * 20
    table = pl.DataFrame(rows, ["text", "label"], orient="row")
    model = Classifier(network=settings, text=TextSettings(spelling_buckets=53))
    return model.fit(table, training=BRIEF)


def tagger() -> Classifier:
    rows = [("fly to rome", "fly", "O O B-city"), ("wake me monday", "wake", "O O B-day")] * 20
    model = Classifier(
        network=ClassifierSettings(hidden_size=9, embedding_size=7),
        columns=TextColumns(slots="tags"),
        text=TextSettings(unit="space"),
    )
    return model.fit(pl.DataFrame(rows, ["text", "label", "tags"], orient="row"), training=BRIEF)


def language_model() -> LanguageModel:
    network = LanguageModelSettings(embedding_size=12, hidden_size=20, num_layers=2)
    text = "\n".join(f"{n} {n + 1} {n + 2}" for n in range(60))
    return LanguageModel(network=network, segments=SegmentSettings(length=20)).fit([text], training=BRIEF)


def realizer() -> Realizer:
    said = [(f"inform(name='{name}';food=Thai)", f"{name} serves Thai food.") for name in ("Red Door", "Blue Cat")]
    network = RealizerSettings(embedding_size=6, hidden_size=9)
    return Realizer(network=network).fit(said * 3, validation=said, training=BRIEF)


@cache
def translator() -> Translator:
    rng = np.random.default_rng(0)
    numbers = ["".join(rng.choice(list("0123"), rng.integers(1, 4))) for _ in range(80)]
    said = [(number, " ".join(DIGITS[int(digit)] for digit in number)) for number in numbers]
    network = TranslatorSettings(
        embedding_size=12, hidden_size=20, dropout=0.0, attention="additive", input_feeding=True, coverage=True
    )
    training = TrainingSettings(epochs=12, batch_size=16, learning_rate=1e-2, patience=12)
    return Translator(network=network, source=CHARACTERS, target=WORDS).fit(said, training=training)


MODELS: dict[str, Callable[[], Any]] = {
    "forecaster": forecaster,
    "forecaster with a Student-t head": lambda: forecaster(distribution="student_t"),
    "classifier": classifier,
    "classifier with attention": lambda: classifier(bidirectional=False, pooling="attention"),
    "classifier of words": tagger,
    "language model": language_model,
    "realizer": realizer,
    "translator": translator,
}


@cache
def plans(name: str) -> Model:
    found: Model = MODELS[name]().plan()
    return found


@cache
def share(name: str, opset: int, runner: str) -> float:
    """The largest difference, of what is allowed, in all forms of all plans of a model."""
    found: list[float] = []
    for part, plan in plans_of(plans(name)).items():
        forms = {"sequence": exported.sequence_model(plan, opset)} if part != "decoder" else {}
        if plan.streamed:
            forms["step"] = exported.step_model(plan, opset)
        found += exported.check_models(plan, forms, (runner,)).values()
    return max(found)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("runner", MODULES)
def test_every_task(name: str, runner: str) -> None:
    pytest.importorskip(MODULES[runner])
    assert share(name, exported.USUAL_OPSET, runner) <= 1.0


@pytest.mark.parametrize("opset", [14, 23])
@pytest.mark.parametrize("name", MODELS)
def test_the_ends_of_the_opsets(name: str, opset: int) -> None:
    runner = ONNX_RUNTIME if pytest.importorskip("onnxruntime") else REFERENCE
    assert share(name, opset, runner) <= 1.0


def session(model: Any) -> Any:
    runtime = pytest.importorskip("onnxruntime")
    return runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def states_of(plan: Any, lengths: dict[str, int]) -> dict[str, Any]:
    """The states before the first step, of one stream."""
    types = {1: np.float32, 7: np.int64, 11: np.float64}
    return {
        state.read: np.full([1, *(lengths.get(str(axis), axis) for axis in state.axes)], state.first, types[state.type])
        for each in exported.state_names(plan)
        for state in each
    }


def test_a_classifier_in_onnx_runtime_says_what_it_says_here() -> None:
    model = classifier(bidirectional=False, pooling="attention")
    plan, features = model.plan(), model._need_fitted().features
    runtime = session(exported.step_model(plan))
    names = {state.written: state.read for each in exported.state_names(plan) for state in each}
    outputs = ["probabilities", *names]
    for text, expected in zip(TEXTS, model.predict(list(TEXTS)).probabilities, strict=True):
        tokens, states = features.encode([text]), states_of(plan, {})
        for place in tokens.places:
            begin, end = tokens.spelling_offsets[place : place + 2]
            given = {"tokens": tokens.ids[place][None], "spelling": tokens.spelling[begin:end][None]}
            given = {name: np.asarray(array, np.int64) for name, array in given.items()}
            found = dict(zip(outputs, runtime.run(outputs, given | states), strict=True))
            states = {read: found[written] for written, read in names.items()}
        np.testing.assert_allclose(found["probabilities"][0], expected, atol=1e-5)


def test_a_translator_in_onnx_runtime_writes_what_it_writes_here() -> None:
    model = translator().plan()
    source, target = translator()._need_fitted().source, translator()._need_fitted().target
    encoder = session(exported.sequence_model(model.encoder))
    decoder = session(exported.step_model(model.decoder))
    edge = model.decoder.features["edge"]
    names = {state.written: state.read for each in exported.state_names(model.decoder) for state in each}
    given_names = [value.name for value in model.encoder.outputs]
    search = translator().search
    for number in ("12", "301", "0"):
        ids = numbered(source, [number]).ids
        wrote = encoder.run(given_names, {"source": ids[:, None].astype(np.int64)})
        memory = {
            name: array.swapaxes(0, 1) if array.ndim == 3 else array
            for name, array in zip(given_names, wrote, strict=True)
        }
        states, token, said = states_of(model.decoder, {"source": len(ids)}), edge, []
        for _ in range(8):
            outputs = ["log_probabilities", *names]
            fed = memory | {"token": np.array([token])} | states
            found = dict(zip(outputs, decoder.run(outputs, fed), strict=True))
            states = {read: found[written] for written, read in names.items()}
            token = int(found["log_probabilities"][0].argmax())
            if token == edge:
                break
            said.append(token)
        words = [target.vocabulary.tokens[token - 2] for token in said]
        greedy = translator().predict([number], search=type(search)(beams=1)).texts[0]
        assert " ".join(words) == greedy

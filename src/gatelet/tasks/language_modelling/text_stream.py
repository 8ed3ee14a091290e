"""A text that goes on: token by token, given out in pieces as soon as they are certain."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import torch

from gatelet.features.text import Writer
from gatelet.nn.sampling import SamplingSettings, draw
from gatelet.tasks.language_modelling.fitted import Fitted

_DRAWN_SEEDS = 2**31


class TextStream(Iterator[str]):
    """The pieces of a text, each as soon as it is certain: whole characters, and nothing that a stop text may cut off.

    Attributes:
        seed: that gives this text again.
        tokens: written so far, ends of lines included.
        reason: why the text ended: "end" (of a document), "stop" (one of the stop texts), "length" (`max_length`
            tokens); "" while it goes on.
    """

    def __init__(self, fitted: Fitted, prompt: str, settings: SamplingSettings) -> None:
        """Begin a text that goes on where the prompt ends.

        Args:
            fitted: what writes.
            prompt: may be empty.
            settings: how to write.
        """
        self.seed = secrets.randbelow(_DRAWN_SEEDS) if settings.seed is None else settings.seed
        self.tokens, self.reason = 0, ""
        self._fitted, self._prompt, self._settings = fitted, prompt, settings
        self._pieces = self._held_back()

    def __next__(self) -> str:
        """The next piece, never empty."""
        return next(self._pieces)

    def _held_back(self) -> Iterator[str]:
        """Pieces up to the first stop text; what may be its beginning waits."""
        waiting = ""
        for piece in self._written():
            waiting += piece
            found = [at for stop in self._settings.stop if (at := waiting.find(stop)) >= 0]
            if found:
                self.reason, waiting = "stop", waiting[: min(found)]
                break
            certain = len(waiting) - max((_overlap(waiting, stop) for stop in self._settings.stop), default=0)
            if certain:
                yield waiting[:certain]
                waiting = waiting[certain:]
        if waiting:
            yield waiting

    def _written(self) -> Iterator[str]:
        script, network, settings = self._fitted.script, self._fitted.network.eval(), self._settings
        generator = torch.Generator().manual_seed(self.seed)
        writer = Writer(script.features.settings.unit, script.spacing)
        states, last = network.initial(1), script.end
        lines = script.prompt(self._prompt)
        with torch.inference_mode():
            for number, tokens in enumerate(lines):
                for id_ in script.numbers(tokens) + [script.line] * (number < len(lines) - 1):
                    _, states = network.step(last, states)
                    last = id_
        for token in lines[-1]:
            writer.add(token)
        unwritten = script.unwritten
        while self.tokens < settings.max_length:
            with torch.inference_mode():
                scores, states = network.step(last, states)
                scores[unwritten] = -torch.inf
                last = draw(scores, settings, generator)
            self.tokens += 1
            if last == script.end:
                self.reason = "end"
                break
            yield writer.line() if last == script.line else writer.add(script.token(last))
        yield writer.end()
        self.reason = self.reason or "length"


def _overlap(text: str, stop: str) -> int:
    """Characters at the end of a text that may become the beginning of a stop text."""
    longest = min(len(text), len(stop) - 1)
    return next((size for size in range(longest, 0, -1) if text.endswith(stop[:size])), 0)

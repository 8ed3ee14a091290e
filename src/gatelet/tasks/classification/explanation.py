"""The words that moved a decision, as numbers and as a page.

The score of a class is what the recurrent stack says plus the votes of the highway. The votes of a word are exact; of
the stack's part a word has its vector times the gradient of the score, which says how the score changes as the word
fades (Denil et al., Extraction of Salient Sentences from Labelled Documents, 2014, arXiv:1412.6815). Both are measured
against the mean over all classes, so that only what tells the classes apart counts.
"""

from __future__ import annotations

import html
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from gatelet.errors import GateletError
from gatelet.tasks.classification.batch import TextCutter
from gatelet.tasks.classification.fitted import Fitted
from gatelet.tasks.planned import need_weights

Array = NDArray[np.float64]

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1.05rem/2 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }}
h1 {{ font-size: 1.3rem; line-height: 1.3; }}
h2 {{ font-size: 1rem; margin: 1.6rem 0 0; }}
p.note {{ font-size: .9rem; line-height: 1.4; opacity: .75; }}
span {{ border-radius: .25rem; padding: .1rem .15rem; }}
</style></head><body>
<h1>{title}</h1>
<h2>Influence</h2>
<p dir="auto">{influence}</p>
<p class="note">Blue speaks for {label}, orange against it; the stronger the colour, the more.</p>
{attention}
</body></html>
"""
_ATTENTION = """<h2>Attention</h2>
<p dir="auto">{words}</p>
<p class="note">How much of each word's state the model looked at.</p>"""
_FOR, _AGAINST, _LOOKED_AT = "0,114,178", "230,126,20", "0,131,95"


@dataclass(frozen=True)
class Explanation:
    """Why a text got its class.

    Attributes:
        tokens: (T) as the model saw them.
        label: the class that is explained.
        probability: that the model gave it.
        influence: (T) of each token on the score of the class; negative where it spoke against it.
        attention: (T) weights that add up to 1, or None without attention.
    """

    tokens: tuple[str, ...]
    label: str
    probability: float
    influence: Array
    attention: Array | None

    def html(self) -> str:
        """A page of its own, with each word in the colour of its influence and of the attention it got."""
        label = html.escape(self.label)
        strongest = float(np.abs(self.influence).max()) or 1.0
        colours = [
            f"rgba({_FOR if value >= 0 else _AGAINST},{0.75 * abs(value) / strongest:.2f})" for value in self.influence
        ]
        attention = ""
        if self.attention is not None:
            most = float(self.attention.max())
            shades = [f"rgba({_LOOKED_AT},{0.75 * value / most:.2f})" for value in self.attention]
            attention = _ATTENTION.format(words=self._spans(shades, self.attention))
        return _PAGE.format(
            title=f"{label}: {self.probability:.1%}",
            influence=self._spans(colours, self.influence),
            label=label,
            attention=attention,
        )

    def _spans(self, colours: list[str], values: Array) -> str:
        return " ".join(
            f'<span style="background:{colour}" title="{value:+.3f}">{html.escape(token)}</span>'
            for token, colour, value in zip(self.tokens, colours, values, strict=True)
        )


def explain(fitted: Fitted, text: str, label: str | None) -> Explanation:
    """Explain the score of a class for a text, see `Classifier.explain`."""
    need_weights(fitted.network, "explained")
    network, names = fitted.network.eval(), fitted.labels.names
    if label is not None and label not in names:
        raise GateletError(f"label must be one of the {len(names)} known classes; got {label!r:.60}.")
    tokens = fitted.features.encode([text])
    batch = TextCutter(tokens)(torch.tensor([0]))
    with torch.enable_grad():
        x = network.embedded(batch).detach().requires_grad_()
        scores = network.scores(x, batch)[0][0]
        number = int(scores.argmax()) if label is None else names.index(label)
        (gradient,) = torch.autograd.grad(scores[number] - scores.mean(), x)
    influence = (gradient * x.detach())[0].sum(-1)
    attention = None
    with torch.inference_mode():
        if network.settings.highway:
            votes = network.token_votes(batch)[0]
            influence = influence + votes[:, number] - votes.mean(1)
        if network.settings.pooling == "attention":
            y = network.encode(x.detach(), batch.lengths)
            attention = network.pool.weights(y, batch.mask)[0].double().numpy()
    probabilities = scores.detach().double()
    probabilities = probabilities.sigmoid() if fitted.labels.multiple else probabilities.softmax(0)
    return Explanation(
        tuple(fitted.features.tokens(text)),
        names[number],
        float(probabilities[number]),
        influence.double().numpy(),
        attention,
    )

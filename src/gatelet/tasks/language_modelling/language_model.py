"""Write text that goes on like the text it was trained on: fit, predict, stream, evaluate, save."""

from __future__ import annotations

import lzma
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from gatelet.errors import GateletError
from gatelet.features.text import TextSettings, lines_of, read_documents, split_end
from gatelet.metrics import bits_per_character, perplexity
from gatelet.nn.sampling import SamplingSettings
from gatelet.plan import Plan
from gatelet.tasks.arguments import need_validation_share, need_whole
from gatelet.tasks.language_modelling import store
from gatelet.tasks.language_modelling.fitted import Fitted
from gatelet.tasks.language_modelling.learning import SegmentSettings, learn, prepare
from gatelet.tasks.language_modelling.network import LanguageModelSettings, LanguageNetwork
from gatelet.tasks.language_modelling.planning import plan_of
from gatelet.tasks.language_modelling.results import Generated, Sample, Scores
from gatelet.tasks.language_modelling.script import LONGEST_LINE, Script
from gatelet.tasks.language_modelling.text_stream import TextStream
from gatelet.tasks.store import Contents, SavedModel
from gatelet.tasks.task import Task
from gatelet.training import TrainingSettings
from gatelet.training.progress import Report

TEXT = TextSettings(
    unit="character", lowercase=False, min_count=2, vocabulary_size=10_000, buckets=0, max_length=LONGEST_LINE
)


class LanguageModel(Task[Fitted, LanguageNetwork]):
    """Foretells a text token by token, and so writes one.

    model = LanguageModel().fit("tales.txt")
    for piece in model.stream("Once upon a time"): print(piece, end="", flush=True)
    """

    task, noun = "LanguageModel", "language model"

    def __init__(
        self,
        *,
        text: TextSettings | None = None,
        column: str = "text",
        network: LanguageModelSettings | None = None,
        segments: SegmentSettings | None = None,
        sampling: SamplingSettings | None = None,
    ) -> None:
        """Describe a language model.

        Args:
            text: how lines are split; by default into characters. `buckets` and `max_length` play no part: all unknown
                tokens are one, which is never written, and lines are read as a whole.
            column: where a table has the text.
            network: cell and sizes.
            segments: how far back gradients go.
            sampling: how to write.

        Raises:
            GateletError: a value is outside its range.
        """
        super().__init__()
        text = text or TEXT
        if text.spelling_buckets:
            raise GateletError(
                f"A language model knows no spelling_buckets, which must be 0; got {text.spelling_buckets}."
            )
        self.text = replace(text, buckets=0, max_length=LONGEST_LINE)
        self.column = column
        self.network = network or LanguageModelSettings()
        self.segments = segments or SegmentSettings()
        self.sampling = sampling or SamplingSettings()

    @property
    def fitted_script(self) -> Script:
        """What the numbers of the tokens mean.

        Raises:
            GateletError: not fitted yet.
        """
        return self._need_fitted().script

    def fit(
        self,
        data: Any,
        *,
        training: TrainingSettings | None = None,
        validation: Any | None = None,
        validation_share: float = 0.1,
        checkpoints: Path | None = None,
        resume: bool = False,
        progress: bool | Report = False,
    ) -> LanguageModel:
        """Learn from documents; the best weights by validation loss are kept.

        The documents are cut into `batch_size` parallel streams, read segment by segment with the state carried along;
        where a document begins, the state is zero.

        Args:
            data: what `read_documents` takes: a file of text, a folder of .txt files, a CSV, Parquet or .jsonl file, a
                dataframe, or a list of documents.
            training: how to train; `batch_size` is the number of streams, fewer where they would be shorter than 20
                segments, and `steps_per_epoch` of segments.
            validation: the same, for choosing the best epoch; by default the end of the data.
            validation_share: how much of it, in (0, 1).
            checkpoints: folder for checkpoints and logs; a temporary one if None.
            resume: go on from the last checkpoint in that folder.
            progress: draw a bar on stderr, or call this after every batch.

        Raises:
            DataError: the data cannot be read, see `read_documents`, or is shorter than one segment.
            GateletError: nothing to resume from, or training was stopped before the first epoch ended.
            MissingExtraError: subwords without the library for them.
        """
        training = training or TrainingSettings()
        need_validation_share(validation_share)
        documents = read_documents(data, self.column)
        if validation is None:
            documents, held = split_end(documents, validation_share)
        else:
            held = read_documents(validation, self.column)
        fitted, corpus = prepare(documents, self.text, self.network, training.seed)
        scored = fitted.script.corpus(held)
        history = learn(
            fitted, corpus, scored, self.segments, training, checkpoints=checkpoints, resume=resume, progress=progress
        )
        loss = history.best.validation_loss
        self._take(
            fitted,
            training,
            history,
            perplexity=perplexity(loss, 1),
            bits_per_character=bits_per_character(loss * len(scored) + scored.spelling_nats, scored.characters),
            tokens=len(corpus),
        )
        return self

    def stream(self, prompt: str = "", *, sampling: SamplingSettings | None = None) -> TextStream:
        """Write a text piece by piece, as an iterator; it may be left at any time.

        Args:
            prompt: where it begins; it is not given again.
            sampling: how to write; as the model was made if None.

        Raises:
            GateletError: not fitted yet.
        """
        return TextStream(self._need_fitted(), prompt, sampling or self.sampling)

    def predict(
        self, prompts: str | Sequence[str] = "", *, samples: int = 1, sampling: SamplingSettings | None = None
    ) -> Generated:
        """Go on with each prompt.

        Args:
            prompts: one or more; "" begins a document.
            samples: for each prompt. With a seed, the first of all has this one, the next the next, and so on.
            sampling: how to write; as the model was made if None.

        Raises:
            GateletError: not fitted yet, or there are no samples to be written.
        """
        need_whole(1, samples=samples)
        wanted = [prompts] if isinstance(prompts, str) else list(prompts)
        found: list[Sample] = []
        settings = sampling or self.sampling
        for prompt in [prompt for prompt in wanted for _ in range(samples)]:
            stream = self.stream(prompt, sampling=settings.following(len(found)))
            text = "".join(stream)
            found.append(Sample(prompt, text, stream.seed, stream.tokens, stream.reason))
        return Generated(tuple(found))

    def evaluate(self, data: Any) -> Scores:
        """Perplexity and bits per character, each document read as a whole; noted in `metrics`, saved with the model.

        Args:
            data: as in `fit`.

        Raises:
            DataError: the data cannot be read.
            GateletError: not fitted yet.
        """
        fitted = self._need_fitted()
        documents = read_documents(data, self.column)
        corpus = fitted.script.corpus(documents)
        overall: dict[str, dict[str, float]] = {}
        for method, nats in (("gatelet", fitted.nats(corpus)), ("frequencies", fitted.nats_by_frequency(corpus))):
            bits = bits_per_character(nats + corpus.spelling_nats, corpus.characters)
            overall[method] = {"perplexity": perplexity(nats, len(corpus)), "bits_per_character": bits}
        plain = "\n".join(line for document in documents for line in lines_of(document))
        packed = lzma.compress((plain.lower() if self.text.lowercase else plain).encode())
        overall["xz"] = {"bits_per_character": 8.0 * len(packed) / corpus.characters}
        unknown = corpus.unknown / len(corpus)
        self.metrics = {"test": overall, "documents": len(documents), "unknown": unknown}
        return Scores(overall, len(documents), corpus.characters, len(corpus), unknown)

    def plan(self) -> Plan:
        """What this model computes as data, without torch; `plan_of` says what goes in and out.

        Raises:
            GateletError: not fitted yet.
        """
        return plan_of(self._need_fitted(), self.sampling)

    def _contents(self, fitted: Fitted) -> Contents:
        return store.contents(self, fitted)

    @classmethod
    def _rebuilt(cls, saved: SavedModel) -> tuple[Self, Fitted]:
        return store.rebuilt(cls, saved)

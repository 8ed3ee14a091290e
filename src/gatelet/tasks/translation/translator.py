"""Write text from text with a recurrent encoder and decoder: fit, predict, evaluate, save."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from gatelet.errors import GateletError
from gatelet.features.text import PairColumns, TextSettings, read_pairs
from gatelet.metrics import text_scores
from gatelet.nn.beam_search import SearchSettings
from gatelet.plan import EncoderDecoder
from gatelet.tasks.arguments import need_shares, need_validation_share
from gatelet.tasks.store import Contents, SavedModel
from gatelet.tasks.task import Task
from gatelet.tasks.translation import store
from gatelet.tasks.translation.fitted import Fitted
from gatelet.tasks.translation.learning import Plan, learn, prepare, split
from gatelet.tasks.translation.network import TranslationLoss, TranslatorNetwork, TranslatorSettings
from gatelet.tasks.translation.planning import plan_of
from gatelet.tasks.translation.results import Scores, Translations
from gatelet.training import TrainingSettings
from gatelet.training.progress import Report

TEXT = TextSettings(unit="bpe", lowercase=False, vocabulary_size=8000, buckets=0, max_length=256)


class Translator(Task[Fitted, TranslatorNetwork]):
    """Writes a text for a text: its translation, a date in another form, how a word is spoken.

    translator = Translator(languages=("de", "en")).fit((Path("train.de"), Path("train.en")))
    translator.predict(["Ein Mann schläft."]).texts
    """

    task, noun = "Translator", "translator"

    def __init__(
        self,
        *,
        languages: tuple[str, str] | None = None,
        columns: PairColumns | None = None,
        source: TextSettings | None = None,
        target: TextSettings | None = None,
        shared_vocabulary: bool = False,
        network: TranslatorSettings | None = None,
        label_smoothing: float = 0.1,
        scheduled_sampling: float = 0.0,
        search: SearchSettings | None = None,
    ) -> None:
        """Describe a translator.

        Args:
            languages: names of the two, such as "de" and "en"; whoever asks for another pair is told so.
            columns: which column plays which part.
            source: how the texts to read are split; by default into 8,000 subwords at most, A and a told apart.
            target: how the texts to write are; by default as the source.
            shared_vocabulary: both sides have one vocabulary, for languages that share words.
            network: cell and sizes.
            label_smoothing: share of the truth spread over all tokens in training, against overconfidence.
            scheduled_sampling: share of the former tokens in training that the network guesses, not reads.
            search: how to look for the best translation.

        Raises:
            GateletError: a value is outside its range.
        """
        super().__init__()
        need_shares(label_smoothing=label_smoothing, scheduled_sampling=scheduled_sampling)
        self.languages = None if languages is None else _pair(languages)
        self.columns = columns or PairColumns()
        self.source = source or TEXT
        self.target = target or self.source
        if shared_vocabulary and self.source != self.target:
            raise GateletError("A shared vocabulary needs source and target to be split alike; their settings differ.")
        for text in (self.source, self.target):
            if text.spelling_buckets:
                raise GateletError("A translator knows no spelling_buckets, which must be 0; got "
                                   f"{text.spelling_buckets}.")  # fmt: skip
        self.shared_vocabulary = shared_vocabulary
        self.network = network or TranslatorSettings()
        self.label_smoothing, self.scheduled_sampling = label_smoothing, scheduled_sampling
        self.search = search or SearchSettings()

    def fit(
        self,
        data: Any,
        *,
        training: TrainingSettings | None = None,
        validation: Any | None = None,
        validation_share: float = 0.05,
        checkpoints: Path | None = None,
        resume: bool = False,
        progress: bool | Report = False,
    ) -> Translator:
        """Learn from pairs of texts; the best weights by validation loss are kept.

        Args:
            data: what `read_pairs` takes: the paths of two parallel files, a CSV, Parquet or .jsonl file, a dataframe,
                or a list of pairs. Pairs with nothing on one side are left out.
            training: how to train; in precision "bf16" a CPU with bfloat16 instructions is much faster.
            validation: the same, for choosing the best epoch; by default a share of the data.
            validation_share: in (0, 1).
            checkpoints: folder for checkpoints and logs; a temporary one if None.
            resume: go on from the last checkpoint in that folder.
            progress: draw a bar on stderr, or call this after every batch.

        Raises:
            DataError: the pairs cannot be used, see `read_pairs`.
            GateletError: nothing to resume from, or training was stopped before the first epoch ended.
        """
        training = training or TrainingSettings()
        need_validation_share(validation_share)
        loss = TranslationLoss(self.label_smoothing, self.scheduled_sampling)
        plan = Plan(self.source, self.target, self.shared_vocabulary, self.network, loss)
        train = read_pairs(data, self.columns).both()
        if validation is None:
            train, held = split(train, validation_share, training.seed)
        else:
            held = read_pairs(validation, self.columns).both()
        fitted = prepare(train, plan, training.seed)
        history = learn(fitted, train, held, plan, training, checkpoints=checkpoints, resume=resume, progress=progress)
        self._take(fitted, training, history, pairs=len(train))
        return self

    def predict(
        self, data: Any, *, languages: tuple[str, str] | None = None, search: SearchSettings | None = None
    ) -> Translations:
        """Write the translation of each text.

        Args:
            data: a list of texts, a file of lines, or what `read_pairs` takes; targets are not needed.
            languages: the pair that is asked for, to be sure; any if None.
            search: how to look for the best; as the translator was made if None.

        Raises:
            DataError: the texts cannot be read.
            GateletError: not fitted yet, or another pair of languages.
        """
        fitted = self._need_fitted()
        if languages is not None:
            self._need_pair(_pair(languages))
        texts = read_pairs(data, self.columns, targets=False).sources
        return fitted.translate(texts, search or self.search)

    def evaluate(self, data: Any, *, search: SearchSettings | None = None, lowercase: bool | None = None) -> Scores:
        """BLEU, chrF and exact matches; noted in `metrics`, and saved with the model.

        Args:
            data: pairs, as in `fit`.
            search: as in `predict`.
            lowercase: A counts as a; by default if the model writes in small letters alone.

        Raises:
            DataError: the pairs cannot be read.
            GateletError: not fitted yet.
            MissingExtraError: without the sacrebleu library.
        """
        fitted = self._need_fitted()
        pairs = read_pairs(data, self.columns)
        search = replace(search or self.search, best=1)
        lower = self.target.lowercase if lowercase is None else lowercase
        written = fitted.translate(pairs.sources, search).texts
        overall, signatures = {}, {}
        for method, texts in (("gatelet", written), ("source copied", pairs.sources)):
            found = text_scores(texts, pairs.targets, lowercase=lower)
            overall[method] = {"bleu": found.bleu, "chrf": found.chrf, "exact": found.exact}
            signatures = found.signatures
        scores = Scores(overall, signatures, len(pairs))
        self.metrics = {"test": overall, "signatures": signatures, "pairs": len(pairs)}
        return scores

    def plan(self) -> EncoderDecoder:
        """What this translator computes as data, without torch; `plan_of` says what goes in and out.

        Raises:
            GateletError: not fitted yet.
        """
        return plan_of(self._need_fitted(), self.search)

    def _contents(self, fitted: Fitted) -> Contents:
        return store.contents(self, fitted)

    @classmethod
    def _rebuilt(cls, saved: SavedModel) -> tuple[Self, Fitted]:
        return store.rebuilt(cls, saved)

    def _need_pair(self, asked: tuple[str, str]) -> None:
        if self.languages is None:
            raise GateletError(
                f"This model was fitted without names of languages; it cannot tell whether {asked[0]} to {asked[1]} is "
                "what it knows."
            )
        if asked != self.languages:
            raise GateletError(
                f"This model translates {self.languages[0]} to {self.languages[1]}; got {asked[0]} to {asked[1]}."
            )


def _pair(languages: Any) -> tuple[str, str]:
    if not (isinstance(languages, list | tuple) and len(languages) == 2):
        raise GateletError(f"languages must be the names of two; got {languages!r:.60}.")
    first, second = languages
    if not all(isinstance(name, str) and name for name in languages) or first == second:
        raise GateletError(f"languages must be the names of two that differ; got {first!r:.30} and {second!r:.30}.")
    return first, second

"""Write sentences from dialogue acts with a recurrent network: fit, predict, evaluate, save."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from gatelet.errors import GateletError
from gatelet.features.text import PairColumns, TextSettings, read_pairs
from gatelet.features.text.acts import DialogueAct
from gatelet.features.text.slot_rules import SlotRules
from gatelet.nn.beam_search import SearchSettings
from gatelet.plan import Plan
from gatelet.tasks.arguments import need_shares, need_validation_share
from gatelet.tasks.realisation import store
from gatelet.tasks.realisation.fitted import Fitted
from gatelet.tasks.realisation.learning import learn, parsed, prepare, split, splitter, understood
from gatelet.tasks.realisation.network import RealizationLoss, RealizerNetwork, RealizerSettings
from gatelet.tasks.realisation.planning import plan_of
from gatelet.tasks.realisation.results import Realizations, Scores
from gatelet.tasks.realisation.scoring import read_out, score
from gatelet.tasks.store import Contents, SavedModel
from gatelet.tasks.task import Task
from gatelet.training import TrainingSettings
from gatelet.training.progress import Report

TEXT = TextSettings(unit="word", lowercase=False, vocabulary_size=8000, buckets=0, max_length=256)
COLUMNS = PairColumns("act", "text")
SEARCH = SearchSettings(beams=10)
UNITS = ("word", "space")


class Realizer(Task[Fitted, RealizerNetwork]):
    """Writes a sentence for a dialogue act, such as inform(name='red door cafe';food=italian).

    realizer = Realizer().fit("acts.jsonl")
    realizer.predict(["inform(name='red door cafe';food=italian)"]).texts
    """

    task, noun = "Realizer", "realizer"

    def __init__(
        self,
        *,
        columns: PairColumns | None = None,
        text: TextSettings | None = None,
        network: RealizerSettings | None = None,
        rules: SlotRules | None = None,
        label_smoothing: float = 0.0,
        plan_weight: float = 1.0,
        error_cost: float = 100.0,
        search: SearchSettings | None = None,
    ) -> None:
        """Describe a realizer.

        Args:
            columns: which column plays which part; `act` and `text` by default.
            text: how sentences are split; by default into words, A and a told apart.
            network: its sizes.
            rules: which slots sentences are held to, and by which words.
            label_smoothing: share of the truth spread over all tokens in training.
            plan_weight: of what it costs in training to leave a slot unsaid, or to say several at once.
            error_cost: what a slot left out or made up costs a candidate, beside its log probability.
            search: how to look for candidates; all the beams are ranked.

        Raises:
            GateletError: a value is outside its range.
        """
        super().__init__()
        for name, value, most in (("plan_weight", plan_weight, 1e6), ("error_cost", error_cost, 1e6)):
            if not 0.0 <= value <= most:
                raise GateletError(f"{name} must be from 0 to {most:g}; got {value}.")
        need_shares(label_smoothing=label_smoothing)
        self.columns = columns or COLUMNS
        self.text = text or TEXT
        if self.text.unit not in UNITS:
            raise GateletError(f"A realizer needs text in units of {' or '.join(UNITS)}; got {self.text.unit}.")
        if self.text.buckets or self.text.spelling_buckets:
            raise GateletError("A realizer writes known words alone: buckets and spelling_buckets must be 0.")
        self.network = network or RealizerSettings()
        self.rules = rules or SlotRules()
        self.label_smoothing, self.plan_weight, self.error_cost = label_smoothing, plan_weight, error_cost
        self.search = search or SEARCH

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
    ) -> Realizer:
        """Learn from acts and their sentences; the best weights by validation loss are kept.

        Args:
            data: what `read_pairs` takes: a CSV, Parquet or .jsonl file with columns `act` and `text`, a dataframe,
                the paths of two parallel files, or a list of pairs.
            training: how to train.
            validation: the same, for choosing the best epoch; by default a share of the data.
            validation_share: in (0, 1).
            checkpoints: folder for checkpoints and logs; a temporary one if None.
            resume: go on from the last checkpoint in that folder.
            progress: draw a bar on stderr, or call this after every batch.

        Raises:
            DataError: the data cannot be used, see `read_pairs`; or an act has another form than it should have.
            GateletError: nothing to resume from, or training was stopped before the first epoch ended.
        """
        training = training or TrainingSettings()
        need_validation_share(validation_share)
        train = understood(read_pairs(data, self.columns).both(), self.text)
        if validation is None:
            train, held = split(train, validation_share, training.seed)
        else:
            held = understood(read_pairs(validation, self.columns).both(), self.text)
        fitted = prepare(train, self.text, self.network, training.seed)
        loss = RealizationLoss(self.label_smoothing, self.plan_weight)
        history = learn(fitted, train, held, loss, training, checkpoints=checkpoints, resume=resume, progress=progress)
        self._take(fitted, training, history, acts=len(train))
        return self

    def predict(self, acts: Any, *, search: SearchSettings | None = None) -> Realizations:
        """Write sentences for each act.

        Args:
            acts: a list of `DialogueAct` or of texts such as "inform(name='x')", a file of lines, or what `read_pairs`
                takes; sentences are not needed.
            search: how to look for candidates, and how many to give back; as the realizer was made if None.

        Raises:
            DataError: the acts cannot be read.
            GateletError: not fitted yet.
        """
        fitted = self._need_fitted()
        return fitted.write(self._acts(acts), search or self.search, self.rules, self.error_cost)

    def evaluate(self, data: Any, *, search: SearchSettings | None = None) -> Scores:
        """BLEU beside all sentences of the same act, and the slot error; noted in `metrics`, and saved with the model.

        Sentences whose acts differ in values alone are references for each other, each with the values of the act that
        is scored. All of the `best` sentences of an act are scored.

        Args:
            data: acts and sentences, as in `fit`.
            search: as in `predict`.

        Raises:
            DataError: the data cannot be read.
            GateletError: not fitted yet.
        """
        fitted = self._need_fitted()
        said = understood(read_pairs(data, self.columns).both(), self.text)
        written = fitted.write(said.acts, search or self.search, self.rules, self.error_cost)
        ours = [[each.text for each in found] for found in written.candidates]
        arguments = (said, self.rules.expressed(fitted.slots), self.rules, splitter(self.text))
        overall = {
            "gatelet": score(ours, *arguments),
            "act read out": score([[read_out(act)] for act in said.acts], *arguments),
        }
        distinct = len({act.features for act in said.acts})
        self.metrics = {"test": overall, "acts": len(said), "distinct": distinct}
        return Scores(overall, len(said), distinct)

    def plan(self) -> Plan:
        """What this realizer computes as data, without torch; `plan_of` says what goes in and out.

        Raises:
            GateletError: not fitted yet.
        """
        return plan_of(self._need_fitted(), self.search)

    def _contents(self, fitted: Fitted) -> Contents:
        return store.contents(self, fitted)

    @classmethod
    def _rebuilt(cls, saved: SavedModel) -> tuple[Self, Fitted]:
        return store.rebuilt(cls, saved)

    def _acts(self, acts: Any) -> Sequence[DialogueAct]:
        if isinstance(acts, list | tuple) and acts and all(isinstance(act, DialogueAct) for act in acts):
            return acts
        return parsed(read_pairs(acts, self.columns, targets=False).sources)

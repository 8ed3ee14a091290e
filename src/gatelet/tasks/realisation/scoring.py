"""How sentences are scored: beside all sentences of the same act, and by the slots that they say.

The grouping and the counting are RNNLG's (Wen et al., EMNLP 2015): acts are the same if they differ in values alone,
every act of the set is scored, acts that are the same as often as they are there, and slots are counted in the finished
sentence after its values were taken out again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gatelet.features.text.acts import ASKED, DialogueAct, delexicalise, lexicalise
from gatelet.features.text.slot_rules import SlotRules
from gatelet.metrics import reference_bleu, slot_errors
from gatelet.tasks.realisation.learning import Said


def score(
    written: Sequence[Sequence[str]],
    said: Said,
    expressed: Mapping[str, tuple[str, ...]],
    rules: SlotRules,
    split: Callable[[str], list[str]],
) -> dict[str, float]:
    """BLEU-4 and the share of slots in error, both from 0 to 1.

    Args:
        written: (N) the sentences for each act; all count the same.
        said: the N acts with their references.
        expressed: slot -> the words that say it.
        rules: which slots and acts are counted.
        split: text to tokens.
    """
    groups: dict[tuple[str, ...], list[list[str]]] = {}
    for act, marked in zip(said.acts, said.marked, strict=True):
        groups.setdefault(act.features, []).append(marked.split())
    corpus, slots, errors = [], 0, 0
    for act, sentences in zip(said.acts, written, strict=True):
        references = [_words(lexicalise(act, marked), split) for marked in groups[act.features]]
        corpus.append(([split(sentence) for sentence in sentences], references))
        wanted = rules.wanted(act)
        for sentence in sentences if rules.counts(act) else ():
            slots += sum(wanted.values())
            errors += slot_errors(wanted, delexicalise(act, sentence, split), expressed)
    return {"bleu": reference_bleu(corpus), "slot_error": errors / slots if slots else 0.0}


def read_out(act: DialogueAct) -> str:
    """An act as it is written, without its signs."""
    words = [act.type, *(part for name, value in act.slots for part in (name, "" if value == ASKED else value))]
    return " ".join(filter(None, words))


def _words(tokens: Sequence[str], split: Callable[[str], list[str]]) -> list[str]:
    """Tokens of which some are values of several words, split again."""
    return split(" ".join(tokens))

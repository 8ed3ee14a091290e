"""From texts to numbers: splitting, vocabulary, subwords, vectors, and the readers of labelled texts."""

from gatelet.features.text.features import TextFeatures as TextFeatures
from gatelet.features.text.features import TextSettings as TextSettings
from gatelet.features.text.features import Tokens as Tokens
from gatelet.features.text.features import fit_text as fit_text
from gatelet.features.text.joining import Spacing as Spacing
from gatelet.features.text.joining import fit_spacing as fit_spacing
from gatelet.features.text.joining import join_tokens as join_tokens
from gatelet.features.text.pairs import PairColumns as PairColumns
from gatelet.features.text.pairs import Pairs as Pairs
from gatelet.features.text.pairs import read_pairs as read_pairs
from gatelet.features.text.reading import TextColumns as TextColumns
from gatelet.features.text.reading import Texts as Texts
from gatelet.features.text.reading import read_texts as read_texts
from gatelet.features.text.vectors import read_vectors as read_vectors

"""From texts to numbers: splitting, vocabulary, subwords, vectors, and the readers of labelled texts."""

from gatelet.features.text.documents import lines_of as lines_of
from gatelet.features.text.documents import plain_line as plain_line
from gatelet.features.text.documents import read_documents as read_documents
from gatelet.features.text.documents import split_end as split_end
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
from gatelet.features.text.writer import Writer as Writer

"""From texts to numbers: splitting, vocabulary, subwords, vectors, and the readers of labelled texts."""

from gatelet.features.text.features import TextFeatures as TextFeatures
from gatelet.features.text.features import TextSettings as TextSettings
from gatelet.features.text.features import Tokens as Tokens
from gatelet.features.text.features import fit_text as fit_text
from gatelet.features.text.reading import TextColumns as TextColumns
from gatelet.features.text.reading import Texts as Texts
from gatelet.features.text.reading import read_texts as read_texts
from gatelet.features.text.vectors import read_vectors as read_vectors

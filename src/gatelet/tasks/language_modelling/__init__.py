"""Writing text that goes on, and saying how well a text was foretold."""

from gatelet.tasks.language_modelling.language_model import LanguageModel as LanguageModel
from gatelet.tasks.language_modelling.learning import SegmentSettings as SegmentSettings
from gatelet.tasks.language_modelling.network import LanguageModelSettings as LanguageModelSettings
from gatelet.tasks.language_modelling.results import Generated as Generated
from gatelet.tasks.language_modelling.results import Sample as Sample
from gatelet.tasks.language_modelling.results import Scores as Scores
from gatelet.tasks.language_modelling.text_stream import TextStream as TextStream

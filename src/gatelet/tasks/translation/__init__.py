"""Writing text from text: translation, normalisation, grapheme to phoneme."""

from gatelet.tasks.translation.network import TranslatorSettings as TranslatorSettings
from gatelet.tasks.translation.results import Candidate as Candidate
from gatelet.tasks.translation.results import Scores as Scores
from gatelet.tasks.translation.results import Translations as Translations
from gatelet.tasks.translation.translator import Translator as Translator

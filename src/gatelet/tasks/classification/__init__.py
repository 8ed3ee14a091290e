"""Classification: of texts so far."""

from gatelet.tasks.classification.classifier import Classifier as Classifier
from gatelet.tasks.classification.explanation import Explanation as Explanation
from gatelet.tasks.classification.network import ClassifierSettings as ClassifierSettings
from gatelet.tasks.classification.results import Predictions as Predictions
from gatelet.tasks.classification.results import Scores as Scores
from gatelet.tasks.classification.stream import Stream as Stream

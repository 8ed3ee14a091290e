"""Surface realisation: a sentence for a dialogue act."""

from gatelet.tasks.realisation.network import RealizerNetwork as RealizerNetwork
from gatelet.tasks.realisation.network import RealizerSettings as RealizerSettings
from gatelet.tasks.realisation.realizer import Realizer as Realizer
from gatelet.tasks.realisation.results import Realization as Realization
from gatelet.tasks.realisation.results import Realizations as Realizations
from gatelet.tasks.realisation.results import Scores as Scores

"""One fit loop for all tasks, on Lightning."""

from gatelet.training.batches import Batches as Batches
from gatelet.training.batches import portions as portions
from gatelet.training.fit import Run as Run
from gatelet.training.fit import fit as fit
from gatelet.training.history import Epoch as Epoch
from gatelet.training.history import History as History
from gatelet.training.progress import TrainingProgress as TrainingProgress
from gatelet.training.progress import training_bar as training_bar
from gatelet.training.settings import TrainingSettings as TrainingSettings

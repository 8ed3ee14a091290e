"""Scores in NumPy. A missing truth (NaN) is not scored; a missing forecast makes its score NaN."""

from gatelet.metrics.classes import accuracy as accuracy
from gatelet.metrics.classes import class_scores as class_scores
from gatelet.metrics.classes import confusion as confusion
from gatelet.metrics.classes import macro_f1 as macro_f1
from gatelet.metrics.classes import micro_f1 as micro_f1
from gatelet.metrics.perplexity import bits_per_character as bits_per_character
from gatelet.metrics.perplexity import perplexity as perplexity
from gatelet.metrics.points import mae as mae
from gatelet.metrics.points import mase as mase
from gatelet.metrics.points import mse as mse
from gatelet.metrics.points import rmse as rmse
from gatelet.metrics.points import seasonal_scale as seasonal_scale
from gatelet.metrics.points import smape as smape
from gatelet.metrics.quantiles import coverage as coverage
from gatelet.metrics.quantiles import crps_from_quantiles as crps_from_quantiles
from gatelet.metrics.quantiles import interval_width as interval_width
from gatelet.metrics.quantiles import pinball as pinball
from gatelet.metrics.quantiles import winkler as winkler
from gatelet.metrics.quantiles import wql as wql
from gatelet.metrics.realisations import reference_bleu as reference_bleu
from gatelet.metrics.realisations import slot_errors as slot_errors
from gatelet.metrics.slots import slot_scores as slot_scores
from gatelet.metrics.slots import spans as spans
from gatelet.metrics.translations import TextScores as TextScores
from gatelet.metrics.translations import text_scores as text_scores
from gatelet.metrics.variance import qlike as qlike

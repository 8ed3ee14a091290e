"""Public data sets: where they are, whose they are, and parsers that give plain arrays and tables."""

from gatelet.datasets.registry import Dataset as Dataset
from gatelet.datasets.registry import Resource as Resource
from gatelet.datasets.registry import dataset as dataset
from gatelet.datasets.registry import get as get
from gatelet.datasets.registry import path as path

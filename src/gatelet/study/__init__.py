"""Which cell, and why: fair comparisons, what they cost, and the report.

Importing it raises MissingExtraError where the extras `train` and `report` are not installed.
"""

from gatelet.errors import require

for _module, _extra in (("torch", "train"), ("matplotlib", "report"), ("jinja2", "report")):
    require(_module, _extra)

"""Which cell, and why: fair comparisons, what they cost, and the report."""

"""Quantiles of Student-t distributions as sums of polynomials, for formats that have no incomplete beta function."""

from __future__ import annotations

from gatelet import plan as p
from gatelet.errors import ExportError
from gatelet.plan.student_t import LEAST_FREEDOM
from gatelet.reference.layer import Array
from gatelet.reference.student_t import quantile_series


def series_of(plan: p.Plan, operation: p.StudentTQuantiles, form: str) -> Array:
    """Coefficients (Q, K) of T_0 ... T_{K-1} at 2 * 2.1 / freedom - 1, for each level; see `quantile_series`.

    Args:
        plan: of the operation.
        operation: its levels.
        form: what the plan is exported to, in a sentence.

    Raises:
        ExportError: the degrees of freedom may be fewer than 2.1, or levels lie too close to 0 or 1.
    """
    if not any(isinstance(each, p.StudentT) and each.target == operation.source for each in plan.operations):
        raise ExportError(
            f"StudentTQuantiles can be exported to {form} where a StudentT keeps the degrees of freedom above "
            f"{LEAST_FREEDOM}; {operation.source!r:.80} is not of such a one."
        )
    try:
        return quantile_series(operation.levels, LEAST_FREEDOM)
    except ValueError as error:
        raise ExportError(f"StudentTQuantiles cannot be exported to {form}: {error}") from error

"""Quantiles of Student-t distributions.

    t = F^-1(level; v),   1 - F(t; v) = I_x(v / 2, 1 / 2) / 2 for t > 0,   x = v / (v + t^2)

I is the regularized incomplete beta function, here by its continued fraction (Numerical Recipes, section 6.4). The
quantile is found by Newton's method on the logarithm of the tail over log t, kept within bounds that close in.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.polynomial import chebyshev

from gatelet.reference.layer import Array

# log t lies within these; what is beyond is as good as 0 or infinite
LOWEST, HIGHEST = -50.0, 100.0
ROUNDS, TERMS = 200, 400
# from here on the series around the normal distribution is good to the last digit, and the fraction loses some
NORMAL = 1e5
# of the series of log(Gamma(a + 1/2) / Gamma(a)) - log(a) / 2 in 1 / a^2, times 1 / a
STIRLING = (-1 / 8, 1 / 192, -1 / 640, 17 / 14336, -31 / 18432, 691 / 180224)


def quantiles(levels: Sequence[float], freedom: Array) -> Array:
    """F^-1 of each level for each number of degrees of freedom, to 1e-11 relative.

    Args:
        levels: (Q,) within 0 and 1.
        freedom: (N,); NaN comes of what is not positive.

    Returns:
        (N, Q).
    """
    given = np.asarray(levels, np.float64)
    tails, side = np.minimum(given, 1.0 - given), np.sign(given - 0.5)
    z = -np.array([NormalDist().inv_cdf(tail) for tail in tails.tolist()])
    found = np.full((len(freedom), len(given)), np.nan)
    some, many = (freedom > 0.0) & (freedom < NORMAL), freedom >= NORMAL
    with np.errstate(all="ignore"):
        found[some] = side * np.exp(_log_quantile(np.log(tails), z, freedom[some, None]))
        found[many] = side * _nearly_normal(z, freedom[many, None])
    return found


def quantile_series(levels: Sequence[float], least: float) -> Array:
    """F^-1 of each level as a sum of Chebyshev polynomials, for `least` degrees of freedom and more:

        F^-1(level; v) = sum over k of c_k T_k(2 least / v - 1), to 1e-9 relative

    A level is known before a forecast is made, and in 1 / v the quantile is as smooth as can be: a dozen products
    replace the search.

    Returns:
        c (Q, K).

    Raises:
        ValueError: forty of them are not enough, because a level is too close to 0 or 1.
    """
    v = least / np.geomspace(1e-9, 1.0, 301)
    wanted = quantiles(levels, v)
    for terms in range(8, 41, 2):
        nodes = np.cos(np.pi * (np.arange(terms) + 0.5) / terms)
        c: Array = chebyshev.chebfit(nodes, quantiles(levels, 2.0 * least / (nodes + 1.0)), terms - 1).T.astype(
            np.float64
        )
        off = np.abs(chebyshev.chebval(2.0 * least / v - 1.0, c.T) - wanted.T)
        if (off <= 1e-9 * np.abs(wanted.T)).all():
            return c
    raise ValueError(f"Levels must not lie so close to 0 and 1; got {', '.join(map(repr, levels))}.")


def _log_quantile(wanted: Array, z: Array, v: Array) -> Array:
    """Log t for which log(1 - F(t; v)) is `wanted`: (N, Q) from (Q,), quantiles (Q,) of the normal, and v (N, 1)."""
    s: Array = np.clip(np.nan_to_num(np.log(z * (1.0 + (z * z + 1.0) / (4.0 * v)))), LOWEST, 0.2 * HIGHEST)
    low, high = np.full_like(s, LOWEST), np.full_like(s, HIGHEST)
    for _ in range(ROUNDS):
        t = np.exp(s)
        density = _log_density(t, v)
        tail = _tail(t, v, density)
        off = np.log(tail) - wanted
        low, high = np.where(off > 0.0, s, low), np.where(off > 0.0, high, s)
        moved = s + off * tail / (t * np.exp(density))
        still = ~(np.abs(moved - s) <= 1e-9)  # each step doubles the digits
        s = np.where(still & ~((moved > low) & (moved < high)), 0.5 * (low + high), moved)
        if not (still & (high - low > 1e-12)).any():
            break
    return s


def _nearly_normal(z: Array, v: Array) -> Array:
    """The quantile of many degrees of freedom: z, that of the normal, and a series in 1 / v (Hill 1970)."""
    w, u = z * z, 1.0 / v
    third = (((3 * w + 19) * w + 17) * w - 15) / 384
    return z * (1.0 + u * ((w + 1) / 4 + u * (((5 * w + 16) * w + 3) / 96 + u * third)))


def _tail(t: Array, v: Array, log_density: Array) -> Array:
    a, squared = 0.5 * v, t * t
    x, y = v / (v + squared), squared / (v + squared)
    front = t * np.exp(log_density)  # x^a y^b / B(a, b), b = 1 / 2
    far = x < (a + 1.0) / (a + 2.5)
    first, second = np.where(far, a, 0.5), np.where(far, 0.5, a)
    part = front * _continued_fraction(first, second, np.where(far, x, y)) / first
    return np.where(far, 0.5 * part, 0.5 - 0.5 * part)


def _continued_fraction(a: Array, b: Array, x: Array) -> Array:
    """Of the incomplete beta function, by Lentz's algorithm."""
    c, d = np.ones_like(x), 1.0 / (1.0 - (a + b) * x / (a + 1.0))
    result = d
    for m in range(1, TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        for term in (even, odd):
            d, c = 1.0 / (1.0 + term * d), 1.0 + term / c
            result = result * (d * c)
        if not (np.abs(d * c - 1.0) >= 1e-15).any():
            break
    return result


def _log_density(t: Array, v: Array) -> Array:
    return _log_ratio(0.5 * v) - 0.5 * np.log(v * np.pi) - 0.5 * (v + 1.0) * np.log1p(t * t / v)


def _log_ratio(a: Array) -> Array:
    """log(Gamma(a + 1/2) / Gamma(a)), without the difference of two large logarithms."""
    lifted = np.zeros_like(a)
    for _ in range(12):
        lifted += np.where(a < 12.0, np.log(a / (a + 0.5)), 0.0)
        a = np.where(a < 12.0, a + 1.0, a)
    return lifted + 0.5 * np.log(a) + np.polynomial.polynomial.polyval(1.0 / (a * a), STIRLING) / a

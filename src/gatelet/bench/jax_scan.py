"""The GRU's equations in JAX, `lax.scan` over the steps, compiled: forward and train."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from gatelet.bench.jobs import Jobs
from gatelet.bench.problem import Problem


def gru(x: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any) -> Any:
    """Y (T, B, H) of x (T, B, I); the inputs' products are one matrix product ahead of the scan."""
    projected = x @ w_ih.T + b_ih

    def step(h: Any, a: Any) -> tuple[Any, Any]:
        a_r, a_z, a_n = jnp.split(a, 3, axis=-1)
        h_r, h_z, h_n = jnp.split(h @ w_hh.T + b_hh, 3, axis=-1)
        r, z = jax.nn.sigmoid(a_r + h_r), jax.nn.sigmoid(a_z + h_z)
        n = jnp.tanh(a_n + r * h_n)
        h = (1 - z) * n + z * h
        return h, h

    return jax.lax.scan(step, jnp.zeros((x.shape[1], w_hh.shape[1]), x.dtype), projected)[1]


def build(problem: Problem, threads: int) -> Jobs:
    """Both programs compiled; how many threads they take was said by the processors that this process may use."""
    arrays = (problem.x, problem.weight_ih, problem.weight_hh, problem.bias_ih, problem.bias_hh)
    given = [jnp.asarray(array) for array in arrays]
    dy = jnp.asarray(problem.dy)

    def with_gradients(dy: Any, *given: Any) -> Any:
        y, back = jax.vjp(gru, *given)
        return [y, *back(dy)]

    forward_program = jax.jit(gru).lower(*given).compile()
    train_program = jax.jit(with_gradients).lower(dy, *given).compile()

    def forward() -> Any:
        return forward_program(*given).block_until_ready()

    def train() -> Sequence[Any]:
        results: Sequence[Any] = jax.block_until_ready(train_program(dy, *given))
        return results

    return Jobs(f"JAX {jax.__version__}", forward, train)

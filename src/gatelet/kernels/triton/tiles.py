"""What the recurrent kernels do with tiles of a matrix: read, multiply, normalise.

A matrix is (rows, N), row-major; `row` (BM,) are the rows that a program works on, `running` which of them count.
"""

import triton
import triton.language as tl


@triton.jit
def read_part(matrix, row, running, unit, part, H, PARTS: tl.constexpr):
    """Units (BN,) of one of the parts of H columns that a row consists of."""
    at = row.to(tl.int64)[:, None] * (PARTS * H) + part * H + unit[None, :]
    return tl.load(matrix + at, running[:, None] & (unit < H)[None, :], 0.0).to(tl.float32)


@triton.jit
def write_part(matrix, row, running, unit, part, H, value, PARTS: tl.constexpr):
    """As `read_part`."""
    at = row.to(tl.int64)[:, None] * (PARTS * H) + part * H + unit[None, :]
    tl.store(matrix + at, value.to(matrix.dtype.element_ty), running[:, None] & (unit < H)[None, :])


@triton.jit
def read_vector(vector, unit, part, H):
    """Units (BN,) of one of the parts of H values of a vector, as a row."""
    return tl.load(vector + part * H + unit, unit < H, 0.0).to(tl.float32)[None, :]


@triton.jit
def multiply(
    left, left_row, mask, mask_row, scale, weight, along_k, along_n, out, out_row, running, K, N,
    MASKED: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    """Set out (., N) to (scale * mask * left) (., K) times weight; weight[k, n] lies at k * along_k + n * along_n."""
    for n0 in range(0, N, BN):
        n = n0 + tl.arange(0, BN)
        total = tl.zeros((BM, BN), tl.float32)
        for k0 in range(0, K, BK):
            k = k0 + tl.arange(0, BK)
            a = read_part(left, left_row, running, k, 0, K, 1) * scale[:, None]
            if MASKED:
                a = a * read_part(mask, mask_row, running, k, 0, K, 1)
            at = k.to(tl.int64)[:, None] * along_k + n[None, :] * along_n
            b = tl.load(weight + at, (k < K)[:, None] & (n < N)[None, :], 0.0)
            total = tl.dot(a.to(b.dtype), b, total, input_precision=PRECISION)
        write_part(out, out_row, running, n, 0, N, total, 1)


@triton.jit
def normalise(
    products, row, running, deviations, deviation_row, H,
    PARTS: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr,
):  # fmt: skip
    """Replace each part of `products` (., PARTS * H) by (u - mean) / deviation, and keep 1 / deviation (., PARTS)."""
    for part in tl.static_range(PARTS):
        total = tl.zeros((BM,), tl.float32)
        for j0 in range(0, H, BN):
            total += tl.sum(read_part(products, row, running, j0 + tl.arange(0, BN), part, H, PARTS), 1)
        mean = (total / H)[:, None]
        squares = tl.zeros((BM,), tl.float32)
        for j0 in range(0, H, BN):
            unit = j0 + tl.arange(0, BN)
            u = read_part(products, row, running, unit, part, H, PARTS) - mean
            squares += tl.sum(tl.where((unit < H)[None, :], u * u, 0.0), 1)
        scale = 1.0 / tl.sqrt(squares / H + 1e-5)
        tl.store(deviations + deviation_row * PARTS + part, scale, running)
        for j0 in range(0, H, BN):
            unit = j0 + tl.arange(0, BN)
            u = (read_part(products, row, running, unit, part, H, PARTS) - mean) * scale[:, None]
            write_part(products, row, running, unit, part, H, u, PARTS)


@triton.jit
def normalise_backward(
    gradients, normal, row, running, deviations, H, PARTS: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr
):
    """Replace the gradients (., PARTS * H) of the normalised products by those of the products."""
    for part in tl.static_range(PARTS):
        total = tl.zeros((BM,), tl.float32)
        along = tl.zeros((BM,), tl.float32)
        for j0 in range(0, H, BN):
            unit = j0 + tl.arange(0, BN)
            d = read_part(gradients, row, running, unit, part, H, PARTS)
            total += tl.sum(d, 1)
            along += tl.sum(d * read_part(normal, row, running, unit, part, H, PARTS), 1)
        scale = tl.load(deviations + row * PARTS + part, running, 0.0)[:, None]
        for j0 in range(0, H, BN):
            unit = j0 + tl.arange(0, BN)
            d = read_part(gradients, row, running, unit, part, H, PARTS)
            u = read_part(normal, row, running, unit, part, H, PARTS)
            d = (d - (total / H)[:, None] - u * (along / H)[:, None]) * scale
            write_part(gradients, row, running, unit, part, H, d, PARTS)

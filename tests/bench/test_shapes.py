import pytest

from gatelet.bench import GRIDS, Shape, grid, parse
from gatelet.errors import GateletError


def test_parse() -> None:
    assert parse("64,100,64,128") == Shape(64, 100, 64, 128)
    assert str(parse(" 1, 2,3, 4")) == "1, 2, 3, 4"


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,4,5", "1,2,3,0", "1,2,3,x", "1.5,2,3,4"])
def test_parse_refuses(text: str) -> None:
    with pytest.raises(GateletError, match="A shape must be four whole numbers B,T,I,H"):
        parse(text)


def test_flops() -> None:
    shape = Shape(batch=2, steps=3, inputs=5, hidden=7)
    forward = 2 * 3 * (3 * 7) * (5 + 7) * 2  # rows, times columns of both products, times a multiplication and a sum
    assert shape.flops(3, train=False) == forward
    assert shape.flops(4, train=False) == forward * 4 // 3
    assert shape.flops(3, train=True) == 3 * forward


def test_grids() -> None:
    assert len(grid("usual")) == 7
    assert all(shapes for shapes in GRIDS.values())
    with pytest.raises(GateletError, match="--shapes must be one of usual, .*; got 'all'"):
        grid("all")

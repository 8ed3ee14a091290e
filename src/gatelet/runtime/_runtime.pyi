class Cell:
    def __init__(
        self,
        inputs: int,
        units: int,
        weights: int,
        multipliers: int,
        biases: int,
        shift: int,
        exponent: int,
        zeta: int,
        nu: int,
    ) -> None: ...
    def gru(self, steps: int, x: int, h: int, y: int) -> None: ...
    def gru_sparse(self, blocks: int, steps: int, x: int, h: int, y: int) -> None: ...
    def lstm_sparse(self, blocks: int, steps: int, x: int, h: int, c: int, y: int) -> None: ...
    def gru_low_rank(
        self, rank: int, weights: int, multipliers: int, biases: int, shift: int, steps: int, x: int, h: int, y: int
    ) -> None: ...
    def lstm_low_rank(
        self,
        rank: int,
        weights: int,
        multipliers: int,
        biases: int,
        shift: int,
        steps: int,
        x: int,
        h: int,
        c: int,
        y: int,
    ) -> None: ...
    def fastgrnn(self, steps: int, x: int, h: int, y: int) -> None: ...
    def lstm(self, steps: int, x: int, h: int, c: int, y: int) -> None: ...

class FloatCell:
    def __init__(
        self, inputs: int, units: int, rank: int, weights: int, biases: int, right: int, zeta: float, nu: float
    ) -> None: ...
    def run(self, kind: str, blocks: int, steps: int, x: int, h: int, c: int, y: int) -> None: ...

def float_dense(
    rows: int,
    inputs: int,
    outputs: int,
    weights: int,
    biases: int,
    x: int,
    y: int,
) -> None: ...
def log_mel(
    steps: int,
    sizes: tuple[int, int, int, int, int],
    floor: float,
    constants: tuple[int, ...],
    x: int,
    samples: int,
    y: int,
) -> None: ...
def float_layer_norm(gains: int, biases: int, epsilon: float, size: int, x: int) -> None: ...
def float_sigmoid(x: int, size: int) -> None: ...
def float_tanh(x: int, size: int) -> None: ...
def float_softmax(x: int, size: int) -> None: ...
def dense(
    rows: int,
    inputs: int,
    outputs: int,
    weights: int,
    multipliers: int,
    biases: int,
    shift: int,
    x: int,
    y: int,
) -> None: ...
def embed(table: int, multipliers: int, rows: int, size: int, shift: int, row: int, y: int) -> None: ...
def affine(centers: int, multipliers: int, size: int, shift: int, x: int, y: int) -> None: ...
def sigmoid(x: int, size: int) -> None: ...
def tanh(x: int, size: int) -> None: ...
def relu(x: int, size: int) -> None: ...
def argmax(x: int, size: int) -> int: ...

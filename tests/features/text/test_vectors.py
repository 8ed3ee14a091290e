import gzip
from pathlib import Path

import numpy as np
import pytest

from gatelet.errors import DataError
from gatelet.features.text import read_vectors

GLOVE = "the 0.5 1\ncafé -1 2e-1\nna\u00a0me 3 4\n"


@pytest.mark.parametrize("head", ["", "3 2\n"])
def test_vectors_of_the_wanted_words(head: str, tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt.gz"
    path.write_bytes(gzip.compress((head + GLOVE).encode()))
    words, vectors = read_vectors(path, {"café", "na\u00a0me", "absent"})
    assert words == ["café", "na\u00a0me"] and vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, np.array([[-1.0, 0.2], [3.0, 4.0]]), rtol=1e-6)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"the 1 2\nof 1\n", "v.txt, row 2: expected 2 numbers; got 1."),
        (b"the 1 x\n", "v.txt, row 1: expected numbers after the word; could not convert string to float: 'x'."),
        (b"the 1 nan\n", "v.txt, row 1: expected finite numbers; got nan."),
        (b"the 1 2\ncaf\xe9 1 2\n", "v.txt must be UTF-8; got byte 0xe9 at offset 11."),
        (b"of 1 2\n", "v.txt must hold vectors of words that the texts have; it holds none of them."),
    ],
)
def test_bad_files_get_one_sentence(
    content: bytes, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("v.txt").write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_vectors("v.txt", {"the"})
    assert str(caught.value) == message


def test_absent_and_damaged_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no file"):
        read_vectors(tmp_path / "none.txt", {"the"})
    (tmp_path / "v.gz").write_bytes(gzip.compress(b"the 1 2\n" * 100)[:-12])
    with pytest.raises(DataError, match="cannot be read"):
        read_vectors(tmp_path / "v.gz", {"the"})

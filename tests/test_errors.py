import pytest

from gatelet.errors import DataError, GateletError, MissingExtraError, ModelError, require


def test_kinds() -> None:
    assert issubclass(DataError, GateletError) and issubclass(DataError, ValueError)
    assert issubclass(ModelError, GateletError) and issubclass(ModelError, ValueError)
    assert issubclass(MissingExtraError, GateletError) and issubclass(MissingExtraError, ImportError)


def test_require_gives_the_module() -> None:
    assert require("json.decoder", "train").__name__ == "json.decoder"


def test_require_says_what_to_install() -> None:
    with pytest.raises(MissingExtraError) as caught:
        require("no_such_package.part", "report")
    assert str(caught.value) == 'This needs no_such_package; install it with: pip install "gatelet[report]"'


def test_a_broken_package_is_not_called_missing(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    with open(f"{tmp_path}/broken_package.py", "w") as file:
        file.write("import a_dependency_that_is_not_there\n")
    with pytest.raises(ModuleNotFoundError, match="a_dependency_that_is_not_there"):
        require("broken_package", "train")

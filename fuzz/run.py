"""Fuzzes every target under sanitizers, and prints what was tried and found.

python fuzz/run.py --seconds 600 [--targets plan_folder native_program]

Needs clang 14 with libFuzzer (apt-get install clang-14 libclang-rt-14-dev) and gatelet[fuzz]. Inputs that reach
something new, and those that break a target, are left in build/fuzz. Ends with status 1 on a finding.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from driver import HERE, TARGETS

ROOT = HERE.parent
BUILD = ROOT / "build" / "fuzz"
NATIVE = ("native_program", "runtime_steps")
LIMITS = ("-rss_limit_mb=3000", "-timeout=60", "-len_control=20")
SANITIZERS = "-fno-sanitize=vptr,function -fsanitize=fuzzer-no-link,float-cast-overflow"


@dataclass(frozen=True)
class Result:
    """What came of one target."""

    target: str
    executions: int
    coverage: int
    inputs: int
    findings: tuple[str, ...]


def main() -> None:
    """Build, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600, help="for each target")
    parser.add_argument("--targets", nargs="+", default=[*TARGETS, *NATIVE], choices=[*TARGETS, *NATIVE])
    given = parser.parse_args()
    clang = next((name for name in ("clang-14", "clang") if shutil.which(name)), None)
    if clang is None:
        sys.exit("Fuzzing needs clang; install it with: apt-get install clang-14 libclang-rt-14-dev")
    environment = os.environ | {"CC": clang, "CXX": clang.replace("clang", "clang++"), "OMP_NUM_THREADS": "1"}
    if set(given.targets) & set(NATIVE):
        _build(HERE, BUILD / "native", [], environment)
    if set(given.targets) & set(TARGETS):
        environment |= _extension(environment)
    results = [_run(target, given.seconds, environment) for target in given.targets]
    print(f"\n| target | tried in {given.seconds} s | points reached | inputs kept | findings |\n|---|---|---|---|---|")
    for r in results:
        print(f"| {r.target} | {r.executions:,} | {r.coverage:,} | {r.inputs} | {', '.join(r.findings) or 'none'} |")
    sys.exit(any(result.findings for result in results))


def _build(source: Path, folder: Path, options: list[str], environment: dict[str, str], target: str = "all") -> None:
    subprocess.run(
        ["cmake", "-S", source, "-B", folder, *options], env=environment, check=True, stdout=subprocess.DEVNULL
    )
    subprocess.run(
        ["cmake", "--build", folder, "--target", target], env=environment, check=True, stdout=subprocess.DEVNULL
    )


def _extension(environment: dict[str, str]) -> dict[str, str]:
    """Build the native part of gatelet under sanitizers, and say what Python needs to load it."""
    import atheris

    options = ["-DSKBUILD=ON", "-DSKBUILD_PROJECT_NAME=gatelet", "-DSKBUILD_PROJECT_VERSION=0", "-DGATELET_PORTABLE=ON"]
    options += ["-DGATELET_SANITIZE=address,undefined", f"-DCMAKE_CXX_FLAGS={SANITIZERS}"]
    _build(ROOT, BUILD / "extension", [*options, f"-DPython_EXECUTABLE={sys.executable}"], environment, "_native")
    root = BUILD / "python"
    place = root / "gatelet" / "kernels"
    shutil.rmtree(root, ignore_errors=True)
    place.mkdir(parents=True)
    for file in (BUILD / "extension" / "native" / "bindings").glob("_native*.so"):
        shutil.copy(file, place)
    return {
        "GATELET_FUZZ_NATIVE": str(root),
        "LD_PRELOAD": str(Path(atheris.path()) / "asan_with_fuzzer.so"),
        # Python itself leaks, and what is refused may have asked for much
        "ASAN_OPTIONS": "detect_leaks=0,allocator_may_return_null=1",
    }


def _run(target: str, seconds: int, environment: dict[str, str]) -> Result:
    found, kept = BUILD / "findings" / target, BUILD / "corpus" / target
    shutil.rmtree(found, ignore_errors=True)
    for folder in (found, kept, HERE / "corpus" / target):
        folder.mkdir(parents=True, exist_ok=True)
    command = (
        [str(BUILD / "native" / target)] if target in NATIVE else [sys.executable, str(HERE / "driver.py"), target]
    )
    if target in NATIVE:
        environment = {name: value for name, value in environment.items() if name not in ("LD_PRELOAD", "ASAN_OPTIONS")}
    arguments = [str(kept), str(HERE / "corpus" / target), f"-max_total_time={seconds}", f"-artifact_prefix={found}/"]
    log = BUILD / f"{target}.log"
    with log.open("w", encoding="utf-8") as stream:
        done = subprocess.run([*command, *arguments, *LIMITS], env=environment, stdout=stream, stderr=stream)
    text = log.read_text(encoding="utf-8", errors="replace")
    states = re.findall(r"^#(\d+)\t.* cov: (\d+) .* corp: (\d+)/", text, re.MULTILINE)
    executions, coverage, inputs = map(int, states[-1]) if states else (0, 0, 0)
    findings = sorted(file.name for file in found.iterdir())
    if done.returncode and not findings:
        findings = [f"status {done.returncode}, see {log.relative_to(ROOT)}"]
    return Result(target, executions, coverage, inputs, tuple(findings))


if __name__ == "__main__":
    main()

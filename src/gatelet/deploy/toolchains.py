"""The cores that a program can be compiled for and run on here, and which tools that takes.

The emulators count instructions, not cycles: QEMU lets one instruction last one nanosecond (`-icount shift=0`), and the
program reads a timer, or the core's own counter. Only simavr counts cycles.
"""

import shutil
from dataclasses import dataclass

__all__ = ["CORES", "Core", "missing_tools"]


@dataclass(frozen=True)
class Core:
    """One core: how to compile for it, how to run it, and what one tick of its counter is."""

    name: str
    title: str
    compiler: str
    flags: tuple[str, ...]
    board: str  # the file of runtime/boards that answers for it
    emulator: tuple[str, ...] = ()  # the program's path follows; none: it runs as it is
    link: tuple[str, ...] = ()
    script: str = ""  # linker script of runtime/boards
    per_tick: float = 0.0  # instructions; 0: the ticks mean nothing
    counts: str = "instructions"
    cpp: str = ""  # prefix of the tools beside the compiler, say `size`
    flash: int = 0  # bytes that a program may have; 0: more than any model here needs
    ram: int = 0  # likewise, of memory

    @property
    def tools(self) -> tuple[str, ...]:
        """The programs that have to be there."""
        return (self.compiler, *self.emulator[:1])


def _cortex(
    name: str,
    title: str,
    flags: str,
    machine: str,
    per_tick: float,
    rom: int = 0,
    ram: int = 0x20000000,
    kib: int = 128,
) -> Core:
    memory = {
        "rom_origin": rom,
        "rom_size": (256 if kib == 16 else 512) * 1024,
        "ram_origin": ram,
        "ram_size": kib * 1024,
    }
    quiet = "-nographic -monitor none -serial none -semihosting-config enable=on,target=native -icount shift=0"
    return Core(
        name=name,
        title=title,
        compiler="arm-none-eabi-gcc",
        flags=("-mthumb", *flags.split()),
        board="cortex_m.c",
        emulator=("qemu-system-arm", "-M", machine, *quiet.split(), "-kernel"),
        link=("--specs=nosys.specs", "-nostartfiles", *(f"-Wl,--defsym={k}={v:#x}" for k, v in memory.items())),
        script="cortex_m.ld",
        per_tick=per_tick,
        cpp="arm-none-eabi-",
        flash=memory["rom_size"],
        ram=memory["ram_size"],
    )


_RISCV_RUN = (
    "qemu-system-riscv32 -machine virt -cpu rv32 -bios none -nographic -monitor none -serial none "
    "-semihosting-config enable=on,target=native -icount shift=0 -kernel"
)

CORES: dict[str, Core] = {
    core.name: core
    for core in (
        Core("host", "this machine", "cc", (), "hosted.c"),
        _cortex("cortex-m0", "Cortex-M0", "-mcpu=cortex-m0", "microbit", 62.5, kib=16),
        _cortex("cortex-m3", "Cortex-M3", "-mcpu=cortex-m3", "mps2-an385", 40),
        _cortex("cortex-m4", "Cortex-M4F", "-mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard", "mps2-an386", 40),
        _cortex("cortex-m7", "Cortex-M7", "-mcpu=cortex-m7 -mfpu=fpv5-d16 -mfloat-abi=hard", "mps2-an500", 40),
        _cortex(
            "cortex-m33",
            "Cortex-M33",
            "-mcpu=cortex-m33 -mfpu=fpv5-sp-d16 -mfloat-abi=hard",
            "mps2-an505",
            50,
            rom=0x10000000,
            ram=0x38000000,
        ),
        _cortex("cortex-m55", "Cortex-M55", "-mcpu=cortex-m55 -mfpu=auto -mfloat-abi=hard", "mps3-an547", 31.25),
        Core(
            name="riscv32",
            title="RV32IMAC",
            compiler="riscv64-unknown-elf-gcc",
            flags=("--specs=picolibc.specs", "-march=rv32imac", "-mabi=ilp32"),
            board="riscv.c",
            emulator=tuple(_RISCV_RUN.split()),
            link=("-nostartfiles",),
            script="riscv.ld",
            per_tick=1,
            cpp="riscv64-unknown-elf-",
            flash=4 * 2**20,
            ram=4 * 2**20,
        ),
        Core(
            name="aarch64",
            title="AArch64",
            compiler="aarch64-linux-gnu-gcc",
            flags=(),
            board="hosted.c",
            emulator=("qemu-aarch64",),
            link=("-static",),
            cpp="aarch64-linux-gnu-",
        ),
        Core(
            name="avr",
            title="AVR (ATmega1284P)",
            compiler="avr-gcc",
            flags=("-mmcu=atmega1284p", "-DF_CPU=16000000UL"),
            board="avr.c",
            emulator=("simavr", "-m", "atmega1284p", "-f", "16000000"),
            per_tick=8,
            counts="cycles",
            cpp="avr-",
            flash=65536,  # of the 128 KiB, what constants may lie in
            ram=16384,
        ),
    )
}


def missing_tools(core: Core) -> list[str]:
    """Name the tools that a core needs and this machine does not have."""
    return [tool for tool in core.tools if shutil.which(tool) is None]

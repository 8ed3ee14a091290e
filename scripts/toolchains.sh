#!/usr/bin/env bash
# Installs the compilers and emulators with which the tests run the C runtime on other cores. Only where apt-get is there and
# may be used; a group that cannot be installed within its time is named, and its tests are skipped. Never fails.
set -u
minutes=4
groups=(
    "Cortex-M:arm-none-eabi-gcc qemu-system-arm:gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm"
    "RISC-V:riscv64-unknown-elf-gcc qemu-system-riscv32:gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf qemu-system-misc"
    "AArch64:aarch64-linux-gnu-gcc qemu-aarch64:gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user"
    "AVR:avr-gcc simavr:gcc-avr avr-libc simavr"
    "Arduino:arduino-builder:arduino-builder arduino-core-avr gcc-avr avr-libc"
    "Clang:clang-14:clang-14 lld-14"
)
updated=no
for group in "${groups[@]}"; do
    IFS=: read -r title tools packages <<<"$group"
    missing=""
    for tool in $tools; do command -v "$tool" >/dev/null || missing+=" $tool"; done
    if [[ -z $missing ]]; then
        echo "$title: there."
        continue
    fi
    if ! command -v apt-get >/dev/null || [[ $(id -u) != 0 ]]; then
        echo "$title: skipped, for it lacks$missing, and apt-get may not be used here."
        continue
    fi
    if [[ $updated == no ]]; then
        timeout "${minutes}m" apt-get update -qq >/dev/null 2>&1 || true
        updated=yes
    fi
    # shellcheck disable=SC2086  # a list of packages
    if DEBIAN_FRONTEND=noninteractive timeout "${minutes}m" \
        apt-get install -y -qq --no-install-recommends $packages >/dev/null 2>&1; then
        echo "$title: installed."
    else
        echo "$title: skipped, for apt-get did not install $packages within $minutes minutes."
    fi
done
exit 0

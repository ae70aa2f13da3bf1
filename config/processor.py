"""What this machine's processor can do."""

from pathlib import Path

# https://github.com/OpenMathLib/OpenBLAS/blob/develop/README.md#setting-the-number-of-threads-and-target-at-runtime
WIDE = frozenset({"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"})


def kernels(cpuinfo: Path = Path("/proc/cpuinfo")) -> dict[str, str]:
    """How OpenBLAS is to multiply, as a variable of the environment, where it would not know.

    It knows processors by their model. One that is younger than it gets kernels of 2013, and a
    sentence's meaning takes a quarter longer than with the wide registers that are there.
    """
    if not cpuinfo.is_file():
        return {}
    for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "flags":
            return {"OPENBLAS_CORETYPE": "SkylakeX"} if WIDE.issubset(value.split()) else {}
    return {}

"""How OpenBLAS is told what the processor can do."""

from config.processor import kernels

WIDE = "flags\t\t: fpu sse2 avx2 avx512f avx512dq avx512cd avx512bw avx512vl\n"


def told(tmp_path, text):
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nmodel name\t: Some\n{text}", "utf-8")
    return kernels(tmp_path / "cpuinfo")


def test_a_processor_with_all_wide_registers_is_told_of(tmp_path):
    assert told(tmp_path, WIDE) == {"OPENBLAS_CORETYPE": "SkylakeX"}


def test_where_one_kind_is_missing_openblas_finds_out_by_itself(tmp_path):
    assert told(tmp_path, WIDE.replace(" avx512vl", "")) == {}
    assert told(tmp_path, "Features\t: fp asimd\n") == {}


def test_a_machine_that_does_not_tell_is_left_alone(tmp_path):
    assert kernels(tmp_path / "nowhere") == {}

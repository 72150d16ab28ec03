"""Memory that was given back is there for the next picture, whichever thread reads it."""

import subprocess
import sys

import pytest

SCRIPT = """
import resource, sys
from concurrent.futures import ThreadPoolExecutor
from clearance.memory import keep_memory

if sys.argv[1] == "kept":
    keep_memory()

def work(_):
    for _ in range(5):
        b"x" * (64 << 20)

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

readers = [ThreadPoolExecutor(1) for _ in range(3)]
readers[0].submit(work, 0).result()
before = faults()
for reader in readers:
    reader.submit(work, 0).result()
print(faults() - before)
"""


def faults(how: str) -> int:
    """Pages that the kernel made for 15 blocks of 64 MB each, after five others."""
    return int(subprocess.run([sys.executable, "-c", SCRIPT, how], capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="mallopt is glibc's")
def test_large_blocks_lie_in_memory_that_the_process_has() -> None:
    assert faults("given back") > 15 * 10_000
    assert faults("kept") < 10_000

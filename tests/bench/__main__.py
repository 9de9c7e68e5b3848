"""Run all benchmarks, one process each, and print one table: name, value, unit, target, kept or not."""

import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    """Run them; 1 where one of them failed (a missed target is not a failure)."""
    failed = []
    print(f"{'name':72} {'value':>10} {'unit':10} {'target':9} ok?")
    for script in sorted(HERE.glob("bench_*.py")):
        began = time.monotonic()
        print(f"\n# {script.stem}", flush=True)
        if subprocess.run([sys.executable, script], check=False, cwd=HERE.parents[1]).returncode:
            failed.append(script.stem)
        print(f"# {time.monotonic() - began:.0f} s", flush=True)
    if failed:
        print("failed:", ", ".join(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""``python -m tests.benchmarks [FIGURE…]``: measure, print JSON lines, leave nothing running.

A number behind ``retrieval`` is how many passages a company has: ``retrieval 10000 500000``.
"""

import os
import sys

if __name__ == "__main__":
    if os.environ.get("LEADWIRE_BENCH") != "inside":
        from config.demo.throwaway import run_throwaway

        sizes = [each for each in sys.argv[1:] if each.isdigit()]
        named = [each for each in sys.argv[1:] if each not in sizes]
        sized = {"BENCH_PASSAGES": ",".join(sizes)} if sizes else {}
        command = ["-m", "tests.benchmarks", *named]
        sys.exit(run_throwaway(command, LEADWIRE_BENCH="inside", **sized))
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()

    from tests.benchmarks.figures import measure

    sys.exit(measure(sys.argv[1:]))

"""``python -m tests.benchmarks [FIGURE…]``: measure, print JSON lines, leave nothing running."""

import os
import sys

if __name__ == "__main__":
    if os.environ.get("LEADWIRE_BENCH") != "inside":
        from config.demo.throwaway import run_throwaway

        sys.exit(run_throwaway(["-m", "tests.benchmarks", *sys.argv[1:]], LEADWIRE_BENCH="inside"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()

    from tests.benchmarks.figures import measure

    sys.exit(measure(sys.argv[1:]))

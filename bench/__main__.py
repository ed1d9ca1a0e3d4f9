"""`python -m bench`: all measurements, one after the other."""

from __future__ import annotations

import argparse

from bench import landing, people_traits_segments, push, windows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "only", nargs="?", choices=["segments", "push", "landing", "windows"], help="one of them (all without it)"
    )
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--orders", type=int, default=500_000)
    parser.add_argument("--members", type=int, default=200_000, help="of the push")
    parser.add_argument("--bulk-orders", type=int, default=200_000, help="of the bulk pull that lands")
    parser.add_argument("--window-people", type=int, default=1_000_000, help="of the windowed segments")
    parser.add_argument("--runs", type=int, default=3, help="of each competitor; the figures are medians")
    asked = parser.parse_args()
    if asked.only in (None, "segments"):
        print(people_traits_segments.run(people=asked.people, orders=asked.orders, runs=asked.runs), flush=True)
    if asked.only in (None, "push"):
        print("\n" + push.run(members=asked.members, runs=asked.runs), flush=True)
    if asked.only in (None, "landing"):
        print("\n" + landing.run(orders=asked.bulk_orders, runs=asked.runs), flush=True)
    if asked.only in (None, "windows"):
        print("\n" + windows.run(people=asked.window_people, runs=asked.runs), flush=True)


if __name__ == "__main__":
    main()

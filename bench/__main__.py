"""`python -m bench`: both measurements, one after the other."""

from __future__ import annotations

import argparse

from bench import people_traits_segments, push


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("only", nargs="?", choices=["segments", "push"], help="one of the two (both without it)")
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--orders", type=int, default=500_000)
    parser.add_argument("--members", type=int, default=200_000, help="of the push")
    parser.add_argument("--runs", type=int, default=3, help="of each competitor; the figures are medians")
    asked = parser.parse_args()
    if asked.only != "push":
        print(people_traits_segments.run(people=asked.people, orders=asked.orders, runs=asked.runs), flush=True)
    if asked.only != "segments":
        print("\n" + push.run(members=asked.members, runs=asked.runs), flush=True)


if __name__ == "__main__":
    main()

"""Write ``links_zone_by_distance.parquet``: polars writes no such zone, so pyarrow does.

Run: python -m pip install pyarrow==26.0.1, then python make_zone_by_distance.py
"""

from datetime import UTC, datetime
from pathlib import Path


def main() -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(
        {
            "subject": ["a.example"],
            "kind": ["address"],
            "value": ["192.0.2.1"],
            "first_seen": pa.array(
                [datetime(2026, 1, 1, tzinfo=UTC)], pa.timestamp("us", tz="+05:30")
            ),
        }
    )
    pq.write_table(table, Path(__file__).with_name("links_zone_by_distance.parquet"))


if __name__ == "__main__":
    main()

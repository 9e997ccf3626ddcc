"""Run an XQL query of up to 5,000 rows, and write what it finds into a CSV file.

    export SETTLED_CORTEX_XDR_URL=... SETTLED_CORTEX_XDR_KEY_ID=... SETTLED_CORTEX_XDR_KEY=...
    python xql_to_csv.py 'dataset = xdr_data | fields event_id, event_type | limit 5000' events.csv

Rows are written as they come, so their number does not matter. The file gets its name when all of them are in it: a
stream that is cut in the middle leaves none that looks whole.
"""

from __future__ import annotations

import csv
import sys
from datetime import timedelta
from pathlib import Path

import settled
from settled import cortex_xdr


def main(query: str, target: str) -> int:
    """Write the rows of a query into a file, and return how many there are."""
    with cortex_xdr.connect_from_env() as client:
        # Other queries of the tenant may take all four places for a while.
        job = cortex_xdr.start_query(client, query, timeframe=timedelta(days=1), wait_for_slot=300)
        print(f"started {job.ref}", file=sys.stderr)
        end = settled.wait(job, timeout=timedelta(minutes=30)).raise_for_outcome()
        unfinished, count = Path(f"{target}.part"), 0
        with unfinished.open("w", newline="", encoding="utf-8") as file:
            writer = None
            for row in cortex_xdr.xql_rows(end):
                if writer is None:
                    writer = csv.DictWriter(file, row, restval="", extrasaction="ignore")
                    writer.writeheader()
                writer.writerow(row)
                count += 1
        unfinished.replace(target)
    return count


if __name__ == "__main__":
    print(f"{main(*sys.argv[1:])} rows")

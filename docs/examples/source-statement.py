#!/usr/bin/env python3
"""Makes a system's monthly statement from the receipts that it kept: how many events, and a digest of their ids.

Usage: source-statement.py SOURCE MONTH RECEIPTS > statement.ndjson
       source-statement.py hr-system 2025-11 hr-receipts.ndjson > statement.ndjson
"""

import base64, calendar, datetime, hashlib, json, sys, uuid, zoneinfo

source, month, file = sys.argv[1:]
year, number = map(int, month.split("-"))
zone = zoneinfo.ZoneInfo("Europe/London")  # the ledger's own

ids = set()
for line in open(file, encoding="utf-8"):
    receipt = json.loads(line)
    recorded = datetime.datetime.fromisoformat(receipt["recordedAt"].replace("Z", "+00:00")).astimezone(zone)
    # What counts is when the ledger took it, not when it happened.
    if receipt["source"] == source and (recorded.year, recorded.month) == (year, number):
        ids.add(uuid.UUID(receipt["eventId"]).bytes)

digest = hashlib.sha256(b"".join(sorted(ids))).digest()  # over the 16 bytes of each id, in ascending order
last = calendar.monthrange(year, number)[1]
# The id is made from what is said: to say the same again is a repeat, to say something else is a new statement.
said = f"statement of {source}, {month}: {len(ids)} {digest.hex()}"
print(json.dumps({
    "eventId": str(uuid.uuid5(uuid.NAMESPACE_URL, said)),
    "subject": f"source/{source}",
    "occurred": {"day": {"year": year, "month": number, "day": last}},
    "sourceStatement": {
        "periodFrom": {"year": year, "month": number, "day": 1},
        "periodTo": {"year": year, "month": number, "day": last},
        "count": len(ids),
        "digest": base64.b64encode(digest).decode(),
    },
}))

"""How a stream's bytes may come: whatever is done to them on the way, the events are the same."""

DELIVERIES = {
    "torn into single bytes": {"split": 1},
    "torn anywhere": {"split": 7},
    "with CRLF": {"line_end": "crlf"},
    "with CR": {"line_end": "cr"},
    "with CR, torn": {"line_end": "cr", "split": 3},
    "without the space": {"tight": True},
    "between comments": {"comments": True},
    "over several lines": {"multi_line": True},
    "escaped": {"ascii": True},
    "on a new connection each": {"close": True},
}

"""Everything that the simulator can do to a request before its answer's first content. Shared with the Node tests."""

import json
from dataclasses import dataclass
from pathlib import Path

from rig.clients import FORMS

FAULTS = json.loads((Path(__file__).parents[1] / "faults.json").read_text())


@dataclass(frozen=True)
class Case:
    """One fault, met by one SDK in one form of request, on a route of its own."""

    name: str
    form: str
    stream: bool
    fault: dict
    slow: bool

    @property
    def dialect(self):
        return self.form.split("-")[0]

    @property
    def policy(self):
        """Where only patience ends a fault. The healthy answer has the same limits: they are more than a busy machine takes."""
        if not self.slow:
            return {}
        limits = {"header_timeout": "3s", "max_time_to_first_token": "3s"} if self.stream else {}
        return {**limits, "total_timeout": "6s"}

    def __str__(self):
        return self.name


def cases(slow):
    """The faults that are seen at once, or those that only time shows, each met by both protocols.

    Of the quick ones every other is met by a protocol's sync client, the rest by its async one; of the slow ones each
    by both.
    """
    for number, fault in enumerate(fault for fault in FAULTS if fault.get("slow", False) == slow):
        for place, kind in enumerate([fault["of"]] if "of" in fault else ["plain", "stream"]):
            for turn, form in enumerate(FORMS):
                if slow or (number + place + turn + turn // 2) % 2 == 0:
                    yield Case(f"{fault['name']} ({form} {kind})", form, kind == "stream", fault["fault"], slow)

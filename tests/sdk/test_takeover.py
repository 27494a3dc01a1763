"""P1: before the first content a supplier's failure is invisible, whatever it is, to each SDK in each form."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from rig.config import MODEL, one_route_each
from rig.faults import cases

QUICK, SLOW = list(cases(slow=False)), list(cases(slow=True))


def config(first, second):
    routes = {case.name: (case.dialect, case.policy) for case in [*QUICK, *SLOW]}
    return one_route_each(routes, first, second, told_apart=True)


def assert_whole(case, said, expected):
    assert said.text == expected.text, case
    assert said.finish == expected.finish, case
    assert said.headers["x-releve-deployment"] == f"healthy-{case.dialect}/{MODEL}", case
    assert (said.headers["x-releve-attempts"], said.headers["x-releve-takeover"]) == ("2", "before-content"), case


@pytest.fixture(scope="module")
def ran():
    """The cases that were tried."""
    return []


@pytest.mark.parametrize("case", QUICK, ids=str)
async def test_p1_the_sdk_sees_one_whole_answer(case, callers, first, second, truth, ran):
    ran.append(case)
    caller = callers(case.form)
    first.play(case.fault)
    before = caller.sent
    said = await caller.ask(case.stream, case.name)
    assert_whole(case, said, await truth(case.dialect))
    assert caller.sent == before + 1, "the SDK had to try again"
    kind = case.fault["kind"]
    played = first.counters()["faults"].get(kind, 0)
    # A kept connection that turns out to be closed is no attempt yet: such a request goes out once more.
    assert kind == "refuse" or played == 1 or (kind, played) == ("reset", 2), "the fault was met so often"
    assert second.requests() == 1


async def test_p1_what_only_time_shows_is_invisible_too(callers, first, second, truth, ran):
    """All side by side, since each of them is waited for."""
    ran.extend(SLOW)
    first.play(*({"fault": case.fault, "model": case.name} for case in SLOW))

    expected = {dialect: await truth(dialect) for dialect in ("openai", "anthropic")}
    with ThreadPoolExecutor(len(SLOW)) as threads:

        def ask(case):
            asking = callers(case.form).ask(case.stream, case.name)
            in_thread = asyncio.get_running_loop().run_in_executor
            return asking if "async" in case.form else in_thread(threads, asyncio.run, asking)

        answers = await asyncio.gather(*map(ask, SLOW))
    for case, said in zip(SLOW, answers, strict=True):
        assert_whole(case, said, expected[case.dialect])
    assert sum(first.counters()["faults"].values()) == second.requests() == len(SLOW)


def test_p1_each_takeover_is_in_the_ledger(gateway, ran):
    """Whatever was asked above has one entry, with two attempts: the first failed, the second served."""
    entries = gateway.entries()
    assert sorted(entry["route"] for entry in entries) == sorted(case.name for case in ran)
    for entry in entries:
        first, second = entry["attempts"]
        # A first attempt that had been accepted has used something, too: nobody says how much, so that is estimated.
        served = second if "usage_source" in second else entry
        assert entry["outcome"] == "answered" and served["usage_source"] == "supplier", entry
        # So has one that was given up in silence, where nobody knows whether its supplier then stops billing.
        silent = "status" not in first and first["outcome"] == {"failed": "timeout"}
        assert first.get("status") == 200 or silent or entry["usage_source"] == "supplier", entry
        assert first["deployment"].startswith(f"first-{entry['route']}/") and "failed" in first["outcome"], entry
        assert second["outcome"] == "served" and second["deployment"] == entry["deployment"], entry

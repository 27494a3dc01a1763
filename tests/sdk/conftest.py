"""What tests are given. Each module has suppliers and a gateway of its own; at its end the ledger must be whole."""

import json
import os

# Before the SDKs are loaded: nothing of the caller's may reach them, neither keys nor proxies nor tracing.
for name in list(os.environ):
    if name.upper().startswith(
        ("OPENAI", "ANTHROPIC", "LANGSMITH", "LANGCHAIN", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    ):
        del os.environ[name]

import pytest
import pytest_asyncio

from rig.clients import FORMS, PROMPT, Caller
from rig.config import MODEL, two_suppliers
from rig.processes import SUPPLIER_KEY, Gateway, Supplier


@pytest.fixture(scope="module")
def folder(tmp_path_factory, request):
    return tmp_path_factory.mktemp(request.module.__name__)


def running(name, folder):
    supplier = Supplier(name, folder)
    yield supplier
    supplier.stop()


@pytest.fixture(scope="module")
def first(folder):
    """The supplier that is asked first, and that things happen to."""
    yield from running("first", folder)


@pytest.fixture(scope="module")
def second(folder):
    """The supplier that takes over."""
    yield from running("second", folder)


@pytest.fixture(scope="module")
def witness(folder):
    """A supplier that the gateway does not know: what it says to the SDK directly is the truth."""
    yield from running("witness", folder)


@pytest.fixture(scope="module")
def gateway(request, folder, first, second):
    """The gateway, with the module's own `config(first, second)` or with one route over both suppliers."""
    config = getattr(request.module, "config", two_suppliers)(first, second)
    gateway = Gateway(folder, config, getattr(request.module, "ENVIRONMENT", None))
    try:
        yield gateway
        gateway.stop()
    finally:
        gateway.kill()


@pytest.fixture(autouse=True)
def healthy(first, second):
    """Suppliers are healthy and know of no earlier request when a test begins."""
    for supplier in (first, second):
        supplier.play()
        supplier.forget()


@pytest.fixture
def change(first, second, witness):
    """Changes settings of all suppliers alike, for one test."""
    before = []

    def change(**settings):
        before.extend((supplier, supplier.change(**settings)) for supplier in (first, second, witness))

    yield change
    for supplier, settings in reversed(before):
        supplier.change(**settings)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def callers(gateway):
    """Makes SDK clients of the gateway, by form; the same options give the same client."""
    made = {}

    def caller(form, **options):
        name = (form, repr(options))
        if name not in made:
            made[name] = Caller(form, **{"place": gateway, "key": gateway.key, **options})
        return made[name]

    yield caller
    for each in made.values():
        await each.close()


@pytest.fixture(params=FORMS)
def caller(request, callers):
    """Each SDK in each form."""
    return callers(request.param)


@pytest.fixture(params=["sync", "async"])
def openai_caller(request, callers):
    return callers(f"openai-{request.param}")


@pytest.fixture(params=["sync", "async"])
def anthropic_caller(request, callers):
    return callers(f"anthropic-{request.param}")


@pytest.fixture(scope="module")
def direct(witness):
    """SDK clients of the witness, by protocol."""
    return {dialect: Caller(f"{dialect}-sync", witness, SUPPLIER_KEY) for dialect in ("openai", "anthropic")}


@pytest.fixture
def truth(direct):
    """What the same question gets from the supplier itself, without a gateway between."""

    async def truth(dialect, prompt=PROMPT, **options):
        return await direct[dialect].plain(MODEL, prompt, **options)

    return truth


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Lets fixtures know whether their test passed."""
    report = yield
    if report.when == "call":
        item.has_passed = report.passed
    return report


@pytest.fixture
def note():
    """Writes down what became of a feature between two protocols: from this `docs/fidelity.md` is made."""

    def note(client, supplier, feature, outcome, dropped, both=None):
        if where := os.environ.get("FIDELITY_OUT"):
            line = {"client": client, "from": client, "to": supplier, "feature": feature, "outcome": outcome}
            line |= {"dropped": ", ".join(dropped), "both": outcome not in ("dropped", "refused") if both is None else both}
            with open(where, "a", encoding="utf-8") as out:
                out.write(json.dumps(line) + "\n")

    return note

"""G24: canaries. Neither the provider's credential nor a product's key is ever told to anybody."""

import base64
import json
from pathlib import Path

import pytest

from rig.clients import FORMS
from rig.config import entry, provider, two_suppliers
from rig.processes import SUPPLIER_KEY

# As much as it can be made to say.
ENVIRONMENT = {"RUST_LOG": "trace", "RELEVE_LOG": "trace", "RUST_BACKTRACE": "1"}
STRANGE_KEY = "rlv_canary-of-a-stranger-5d10c2"
ECHO = {"error": {"message": f"Incorrect API key provided: {SUPPLIER_KEY}.", "code": "invalid_api_key"}}
FAULTS = [
    {"kind": "status", "status": 401, "content_type": "application/json", "body": json.dumps(ECHO)},
    {"kind": "status", "status": 500, "content_type": "application/json", "body": json.dumps(ECHO)},
    {"kind": "unauthorized"},
    {"kind": "forbidden"},
    {"kind": "reset"},
    {"kind": "garbage", "bytes": 99},
    {"kind": "cut", "after": {"tokens": 2}},
    {"kind": "bad_request"},
    {"kind": "refuse"},
]
COMMANDS = [
    ["config", "show"],
    ["check"],
    ["routes"],
    ["keys", "list"],
    ["ledger", "tail"],
    ["ledger", "summary"],
    ["ledger", "export"],
    ["ledger", "verify"],
    ["explain"],
]


def config(first, second):
    """A route for each fault and form, over two deployments of its own: a benched one would not be asked."""
    config = two_suppliers(first, second)
    for number in range(len(FAULTS)):
        for form in FORMS:
            for place, supplier in [("a", first), ("b", second)]:
                config[f'providers."{place} {number} {form}"'] = provider(supplier, form.split("-")[0])
            deployments = [entry(f"a {number} {form}"), entry(f"b {number} {form}")]
            config[f'routes."{number} {form}"'] = {"deployments": deployments}
    config["products.office"] = {}
    return config


@pytest.fixture(scope="module")
def canaries(gateway):
    """The secrets, in every form in which they might be written down."""
    forms = set()
    for secret in (SUPPLIER_KEY, gateway.key, STRANGE_KEY):
        inner = secret.split("_", 1)[-1].removeprefix("sk-")
        packed = base64.b64encode(secret.encode()).decode().rstrip("=")
        forms |= {secret, inner, inner[:24], inner[-24:], packed, inner[::-1]}
    assert all(len(form) >= 20 for form in forms)
    return [form.encode() for form in forms]


def found(canaries, content):
    content = content if isinstance(content, bytes) else content.encode()
    return [canary.decode() for canary in canaries if canary in content]


async def test_g24_requests_of_every_kind(caller, callers, gateway, first, second, canaries):
    """Whatever happens, no client is told a secret. The tests below look where all this left traces."""
    strangers = callers(caller.form, key=STRANGE_KEY)
    for number, fault in enumerate(FAULTS):
        for supplier in (first, second):
            supplier.play(fault)
            supplier.forget()
        for each in (caller, strangers):
            for stream in (False, True):
                try:
                    said = await each.ask(stream, f"{number} {caller.form}")
                    told = f"{said.text} {dict(said.headers)}"
                except caller.sdk.APIError as error:
                    told = f"{error} {error.body} {getattr(error, 'response', None) and error.response.headers.raw}"
                assert not found(canaries, told)
        assert first.requests() > 0 or fault["kind"] == "refuse"
    assert gateway.process.poll() is None


def test_g24_no_command_tells_a_secret(gateway, canaries):
    for command in COMMANDS:
        for form in ([], ["--json"]):
            done = gateway.command(*command, *form)
            assert not found(canaries, done.stdout + done.stderr), command
            assert "panicked" not in done.stderr, f"{command}: {done.stderr}"
            assert done.returncode in (0, 1), f"{command}: {done.stderr}"


@pytest.mark.parametrize("path", ["/metrics", "/api/config", "/api/health", "/livez", "/readyz", "/nowhere"])
def test_g24_no_admin_answer_tells_a_secret(gateway, canaries, path):
    status, body = gateway.get(path)
    assert status in (200, 404, 503)
    assert not found(canaries, body)


def test_g24_no_file_and_no_output_holds_a_secret(gateway, canaries):
    files = [path for path in gateway.folder.iterdir() if path.name.startswith("releve")]
    assert {"releve.db", "releve.out", "releve.err", "releve.toml"} <= {path.name for path in files}
    for path in files:
        assert not found(canaries, path.read_bytes()), path


def test_g24_the_process_list_shows_no_secret(gateway, canaries):
    line = Path(f"/proc/{gateway.process.pid}/cmdline")
    if not line.exists():
        pytest.skip("no /proc here")
    assert not found(canaries, line.read_bytes())


def test_g24_metrics_have_no_label_of_a_clients_choice(gateway):
    status, body = gateway.get("/metrics")
    assert status == 200 and body.rstrip().endswith("# EOF")
    assert "releve_requests_total" in body
    assert "no-such-model" not in body


def test_p8_the_admin_listener_refuses_other_names_and_pages(gateway):
    assert gateway.get("/api/config", Host="evil.example")[0] == 421
    assert gateway.get("/api/config", Origin="http://evil.example")[0] == 403

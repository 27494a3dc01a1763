"""Coding agents on suppliers of another protocol: each reads a file, writes one, and says that it is done.

The supplier's script calls the agent's own tools: the first until the file's words have come back to it, the second until it
sees what was written. So both calls, their results and the answer went through the gateway, in the agent's protocol on one side
and in the supplier's on the other.
"""

import json
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from rig.config import MODEL, every_protocol
from rig.processes import Gateway, Supplier
from rig.suppliers import SAID

BIN = Path(__file__).resolve().parent / "node_modules" / ".bin"
ASK = "Read tide.txt, write what it says to copy.txt, and tell me when that is done."
READ, WRITTEN, DONE = "high water at 6:42", "six forty-two, as read", "All is written down."
PATIENCE_S = 60
SEARCHES = ("openai-responses", "anthropic-messages")
"""Whose models search the web beside tools of the client's, whatever the model."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """One supplier that speaks every protocol, and the gateway with a route for each."""
    folder = tmp_path_factory.mktemp("agents")
    supplier = Supplier("supplier", folder)
    # Codex sends OpenAI members that its SDK does not know.
    supplier.change(ignores_unknown_fields=True)
    # Codex offers a search of the web, unasked.
    gateway = Gateway(folder, {**every_protocol(supplier), "policy": {"may_drop": ["web_search"]}})
    yield supplier, gateway
    gateway.stop()
    supplier.stop()


@pytest.fixture
def desk():
    """A home and a working folder of the agent's own; not below /tmp, where Codex will not have its home."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as home, tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        (Path(folder) / "tide.txt").write_text(f"At Saint-Malo: {READ}.\n")
        yield Path(home), Path(folder)


@dataclass
class Agent:
    """How one agent is started, and how its tools are called."""

    name: str
    protocol: str
    command: object
    script: object

    def run(self, gateway, route, desk, *options):
        home, folder = desk
        words, environment = self.command(gateway, route, home)
        environment = {"PATH": os.environ["PATH"], "HOME": str(home), **environment}
        words = [str(BIN / words[0]), *words[1:-1], *options, words[-1]]
        return subprocess.run(
            words, env=environment, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S
        )


def codex(gateway, route, _):
    provider = f'model_providers.r={{name="r",base_url="{gateway.openai_url}",env_key="OPENAI_API_KEY",wire_api="responses"}}'
    settings = ["-c", "model_provider=r", "-c", provider]
    words = ["codex", "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "-m", route, *settings, ASK]
    return words, {"OPENAI_API_KEY": gateway.key}


def claude(gateway, route, _):
    words = ["claude", "--permission-mode", "acceptEdits", "--model", route, "-p", ASK]
    return words, {
        "ANTHROPIC_BASE_URL": gateway.url, "ANTHROPIC_AUTH_TOKEN": gateway.key, "ANTHROPIC_SMALL_FAST_MODEL": route,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }


def gemini(gateway, route, home):
    (home / ".gemini").mkdir(exist_ok=True)
    (home / ".gemini" / "settings.json").write_text(json.dumps({"security": {"auth": {"selectedType": "gemini-api-key"}}}))
    words = ["gemini", "-m", route, "--approval-mode", "yolo", "-p", ASK]
    return words, {"GEMINI_API_KEY": gateway.key, "GOOGLE_GEMINI_BASE_URL": gateway.url, "GEMINI_CLI_TRUST_WORKSPACE": "true"}


def files(read, write):
    """A script for agents that have a tool for files."""

    def script(folder):
        return [
            {"tool": read, "arguments": {"file_path": str(folder / "tide.txt")}, "until": READ},
            {"tool": write, "arguments": {"file_path": str(folder / "copy.txt"), "content": WRITTEN}, "until": WRITTEN},
        ]

    return script


def shell(_):
    return [
        {"tool": "exec_command", "arguments": {"cmd": "cat tide.txt"}, "until": READ},
        {"tool": "exec_command", "arguments": {"cmd": f"printf '%s' '{WRITTEN}' > copy.txt"}, "until": WRITTEN},
    ]


AGENTS = {
    "codex": Agent("codex", "openai-responses", codex, shell),
    "claude": Agent("claude", "anthropic-messages", claude, files("Read", "Write")),
    "gemini": Agent("gemini", "gemini", gemini, files("read_file", "write_file")),
}


@pytest.mark.parametrize("supplier", SAID)
@pytest.mark.parametrize("agent", AGENTS)
def test_a_task_is_done_on_any_supplier(stage, desk, agent, supplier):
    place, gateway = stage
    agent, (_, folder) = AGENTS[agent], desk
    place.forget()
    place.change(answer={"script": agent.script(folder), "words": DONE})
    before = len(gateway.entries())
    try:
        done = agent.run(gateway, f"to-{supplier}", desk)
    except subprocess.TimeoutExpired as late:
        sent = [record["body"].decode()[-600:] for record in place.recorded()]
        raise AssertionError(f"{len(sent)} requests, the last: {sent[-1:]}, {late.stderr}") from None
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-3000:]
    assert (folder / "copy.txt").read_text() == WRITTEN
    assert DONE in done.stdout
    entries = gateway.entries()[before:]
    assert len(entries) >= 3 and {each["deployment"] for each in entries} == {f"{supplier}/{MODEL}"}
    assert {each["protocol"] for each in entries} == {agent.protocol}
    # To a supplier of its own protocol an agent may say what that refuses, and then say it otherwise.
    if supplier != agent.protocol:
        assert all(each["outcome"] == "answered" for each in entries), [each["outcome"] for each in entries]
    if agent.name == "codex":
        lost = [attempt.get("dropped", []) for each in entries for attempt in each["attempts"]]
        assert all(("tools.web_search" in names) == (supplier not in SEARCHES) for names in lost), lost


@pytest.mark.parametrize("supplier", ["openai-chat", "openai-responses"])
def test_codex_goes_on_at_once_where_websockets_are_refused(stage, desk, supplier):
    place, gateway = stage
    agent = AGENTS["codex"]
    place.change(answer={"script": [], "words": DONE})
    taken = []
    for options in ([], ["-c", "model_providers.r.supports_websockets=true"]):
        began = time.monotonic()
        done = agent.run(gateway, f"to-{supplier}", desk, *options)
        taken.append(time.monotonic() - began)
        assert done.returncode == 0 and DONE in done.stdout, done.stderr[-3000:]
    print(f"codex: {taken[0]:.1f} s without, {taken[1]:.1f} s with an attempt at WebSocket")
    assert taken[1] < taken[0] + 5, taken

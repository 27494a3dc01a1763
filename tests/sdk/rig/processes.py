"""The binaries as processes: suppliers with a remote control, and the gateway in front of them.

Everything that a process says is kept in files, so that tests can look for what must not be in there.
"""

import base64
import http.client
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

from rig.config import SUPPLIER_KEY_VARIABLE, written

SUPPLIER_KEY = "sk-canary-of-the-supplier-2f9d41c07be8"
PATIENCE_S = 20


def binary(name):
    """Where `run` has put a binary, or where cargo puts it by default."""
    root = Path(__file__).resolve().parents[3]
    return os.environ.get(f"{name.upper()}_BIN") or str(root / "target" / "debug" / name)


class Process:
    """A process whose output goes to files in `folder`."""

    def __init__(self, name, arguments, folder, environment=None, **options):
        self.name = name
        self.out, self.err = folder / f"{name}.out", folder / f"{name}.err"
        # Nothing of the caller's environment: no proxy, no key, no log level that happens to be set.
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **(environment or {})}
        with self.out.open("ab") as out, self.err.open("ab") as err:
            self.process = subprocess.Popen(arguments, stdout=out, stderr=err, env=environment, cwd=folder, **options)

    def first_document(self):
        """The JSON document that it prints when it is ready."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            try:
                return json.JSONDecoder().raw_decode(self.out.read_text().lstrip())[0]
            except json.JSONDecodeError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.005)
        raise AssertionError(f"{self.name} did not start: {self.said()}")

    def said(self):
        return (self.out.read_bytes() + self.err.read_bytes()).decode(errors="replace")

    def assert_calm(self):
        assert "panicked" not in self.said(), self.said()


class Supplier(Process):
    """A simulated supplier of both protocols."""

    def __init__(self, name, folder, *options):
        arguments = [binary("simulator"), "--control", "127.0.0.1:0", "--until-eof", "--key", SUPPLIER_KEY]
        arguments += ["--prompt-cache", "false", "--record-replies", "true", *options]
        super().__init__(name, arguments, folder, stdin=subprocess.PIPE)
        ready = self.first_document()
        self.address = ready["listen"]
        self.control = http.client.HTTPConnection(ready["control"], timeout=PATIENCE_S)
        self.openai_url, self.anthropic_url = f"http://{self.address}/v1", f"http://{self.address}"

    def ask(self, method, path, body=None):
        try:
            self.control.request(method, path, None if body is None else json.dumps(body))
            response = self.control.getresponse()
            document = json.loads(response.read())
        except OSError as error:
            raise AssertionError(f"{self.name} ({self.process.poll()}) says {error}: {self.said()}") from error
        assert response.status == 200, document
        return document

    def play(self, *rules):
        """Sets the script: rules, or bare faults that each request meets."""
        self.ask("PUT", "/script", [rule if "fault" in rule else {"fault": rule} for rule in rules])

    def change(self, **settings):
        """Sets settings for requests to come; gives back what they were."""
        before = self.ask("GET", "/settings")
        self.ask("PATCH", "/settings", settings)
        return {name: before[name] for name in settings}

    def forget(self):
        self.ask("POST", "/forget")

    def counters(self):
        return self.ask("GET", "/counters")

    def requests(self):
        return self.counters()["requests"]

    def meter(self):
        return self.ask("GET", "/meter")

    def recorded(self):
        """The last requests, bodies as bytes."""
        records = self.ask("GET", "/recorded")
        for record in records:
            record["body"] = base64.b64decode(record["body"])
            record["reply"] = base64.b64decode(record["reply"])
        return records

    def stop(self):
        self.control.close()
        self.process.stdin.close()
        assert self.process.wait(PATIENCE_S) == 0, self.said()
        self.assert_calm()


class Gateway(Process):
    """`releve serve` with a configuration of its own in a folder of its own; with a key for product `office`."""

    def __init__(self, folder, config, environment=None, with_key=True):
        self.folder, self.config = folder, folder / "releve.toml"
        self.config.write_text(written(config))
        self.environment = {SUPPLIER_KEY_VARIABLE: SUPPLIER_KEY, **(environment or {})}
        arguments = [binary("releve"), "--config", str(self.config), "serve", "--json"]
        super().__init__("releve", arguments, folder, self.environment)
        ready = self.first_document()
        self.url, self.admin = ready["listen"].rstrip("/"), ready["admin"].rstrip("/")
        self.openai_url, self.anthropic_url = f"{self.url}/v1", self.url
        if with_key:
            issued = self.run("keys", "create", "--product", "office")
            self.key, self.key_id = issued["key"], issued["id"]

    def command(self, *arguments):
        """Another `releve` over the same configuration."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **self.environment}
        arguments = [binary("releve"), "--config", str(self.config), *arguments]
        return subprocess.run(
            arguments, env=environment, cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE_S
        )

    def run(self, *arguments):
        """The JSON that a command answers."""
        done = self.command(*arguments, "--json")
        assert done.returncode == 0, f"releve {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    def entry(self, request_id):
        """What the ledger says of a request, once it is settled."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            done = self.command("explain", request_id, "--json")
            story = json.loads(done.stdout) if done.returncode == 0 else {}
            if story.get("settlement"):
                return story["settlement"]
            time.sleep(0.02)
        raise AssertionError(f"no settled entry of {request_id}: {done.stdout}{done.stderr}")

    def entries(self):
        """All settled entries, oldest first."""
        done = self.command("ledger", "export", "--json")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def get(self, path, **headers):
        """What the admin listener answers."""
        address = urlsplit(self.admin)
        connection = http.client.HTTPConnection(address.netloc, timeout=PATIENCE_S)
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        return response.status, body

    def configure(self, config):
        """Writes another configuration, whole or not at all, as editors do."""
        draft = self.folder / "draft.toml"
        draft.write_text(config if isinstance(config, str) else written(config))
        draft.rename(self.config)

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def stop(self):
        """Ends it in order: every answer was settled, nothing panicked, and the ledger is whole."""
        self.terminate()
        code = self.process.wait(PATIENCE_S)
        self.assert_calm()
        assert code == 0, self.said()
        report = self.run("ledger", "verify")
        assert report["whole"] and report["open"] == 0, report

    def kill(self):
        self.process.kill()
        self.process.wait(PATIENCE_S)

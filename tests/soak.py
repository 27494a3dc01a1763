#!/usr/bin/env python3
"""Load for an hour, and memory that stays flat.

    python3 tests/soak.py [--seconds 3600] [--no-build]

Plain answers, streams, clients that leave in the middle, and a supplier that fails for a tenth of the requests, in front
of one releve process built with `cargo build --release`. Fails when the last third of the run holds more than 4 MiB above
the second third, or when a client sees an error.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import pathlib
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time

REPO = pathlib.Path(__file__).resolve().parent.parent
RELEASE = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", REPO / "target")) / "release"
CLIENTS = 16
ALLOWED_GROWTH_MIB = 4


def supplier(*options: str) -> tuple[subprocess.Popen, str]:
    command = [str(RELEASE / "simulator"), "--listen", "127.0.0.1:0", "--until-eof", "--record", "0", *options]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return process, json.loads(process.stdout.readline())["listen"]


def gateway(folder: pathlib.Path, shaky: str, steady: str) -> tuple[subprocess.Popen, str]:
    config = folder / "releve.toml"
    config.write_text(f"""
[server]
listen = "127.0.0.1:0"
admin_listen = "127.0.0.1:0"
[providers.shaky]
protocol = "openai-chat"
base_url = "http://{shaky}/v1"
[providers.steady]
protocol = "openai-chat"
base_url = "http://{steady}/v1"
[routes.assistant]
deployments = ["shaky/m", "steady/m"]
[products.office]
routes = ["assistant"]
""")
    command = [str(RELEASE / "releve"), "--config", str(config), "serve", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    printed = ""
    while not printed.rstrip().endswith("}"):
        printed += process.stdout.readline()
    return process, re.sub(r"^https?://", "", json.loads(printed)["listen"])


def ask(address: str, dice: random.Random) -> bool:
    """One request; whether its client got what it should."""
    stream, leaves = dice.random() < 0.5, dice.random() < 0.05
    body = json.dumps({"model": "assistant", "stream": stream, "max_tokens": 40,
                       "messages": [{"role": "user", "content": "word " * dice.randrange(1, 2000)}]})
    connection = http.client.HTTPConnection(address, timeout=60)
    try:
        connection.request("POST", "/v1/chat/completions", body, {"content-type": "application/json"})
        response = connection.getresponse()
        if stream and leaves:
            response.read(20)
            return True
        answer = response.read()
        return response.status == 200 and (answer.endswith(b"data: [DONE]\n\n") or not stream)
    finally:
        connection.close()


def rss_mib(pid: int) -> float:
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--no-build", action="store_true", help="soak what is built already")
    options = parser.parse_args()
    if not options.no_build:
        subprocess.run(["cargo", "build", "--release", "--locked", "-p", "releve", "-p", "simulator"], cwd=REPO, check=True)
    script = json.dumps([{"fault": {"kind": "server_error", "status": 503}, "probability": 0.1}])
    with tempfile.TemporaryDirectory() as name:
        one, shaky = supplier("--script", script)
        other, steady = supplier()
        releve, address = gateway(pathlib.Path(name), shaky, steady)
        until = time.monotonic() + options.seconds
        counts = {"asked": 0, "failed": 0}
        lock = threading.Lock()

        def client(number: int) -> None:
            dice = random.Random(number)
            while time.monotonic() < until:
                good = ask(address, dice)
                with lock:
                    counts["asked"] += 1
                    counts["failed"] += not good

        threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        samples = []
        while time.monotonic() < until:
            time.sleep(min(10, options.seconds / 60))
            samples.append(rss_mib(releve.pid))
        for thread in threads:
            thread.join()
        third = len(samples) // 3
        middle, last = statistics.mean(samples[third:2 * third]), statistics.mean(samples[2 * third:])
        print(f"{counts['asked']} requests, {counts['failed']} failed; {middle:.1f} MiB in the second third, {last:.1f} in the last")
        releve.terminate()
        releve.wait(60)
        one.kill(), other.kill()
        sys.exit(1 if counts["failed"] or last - middle > ALLOWED_GROWTH_MIB else 0)


if __name__ == "__main__":
    main()

"""A real engine as supplier: what clients of every protocol hear from it, and what they notice when it is killed."""

import json
import socket
import subprocess
import threading
import time
import urllib.request
from pathlib import Path

import openai
import pytest

from rig.config import base, entry
from rig.processes import PATIENCE_S, SUPPLIER_KEY, Gateway
from rig.tongues import TONGUES

HERE = Path(__file__).resolve().parent
PYTHON = HERE.parent.parent / ".venv-engine" / "bin" / "python"
PROMPT = "tell me about the sea"
COLD = {
    "openai-chat": {"temperature": 0}, "openai-responses": {"temperature": 0}, "anthropic-messages": {"temperature": 0},
    "gemini": {"generationConfig": {"temperature": 0}}, "bedrock-converse": {"inferenceConfig": {"temperature": 0}},
}
"""The same words every time."""
SKY = {"type": "object", "properties": {"sky": {"enum": ["clear", "grey"]}}, "required": ["sky"], "additionalProperties": False}
"""A model of random weights ends no text by itself, so there is none to end."""
SLOW = 128
"""Layers that make the same words come some thirty times slower."""


class Engine:
    """llama.cpp's server; two of one seed say the same."""

    def __init__(self, ballast=0):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        words = ["run", "--port", str(port), "--until-eof", "--api-key", SUPPLIER_KEY, "--alias", "relief-1", "--ballast", str(ballast)]
        self.process = subprocess.Popen(
            [PYTHON, HERE / "tiny_llm.py", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.address = self.process.stdout.readline().removeprefix("ready http://").strip()
        assert self.address, "the engine did not start"

    def is_busy(self):
        """Whether it works on a request."""
        asked = urllib.request.Request(f"http://{self.address}/slots", headers={"Authorization": f"Bearer {SUPPLIER_KEY}"})
        with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:
            return any(slot["is_processing"] for slot in json.load(answer))

    def kill(self):
        self.process.kill()
        self.process.wait(PATIENCE_S)
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture(scope="module")
def engines():
    """One for questions; and for each way to be killed a slow one."""
    made = {"steady": Engine(), "idle": Engine(), "before": Engine(SLOW), "after": Engine(SLOW)}
    yield made
    for engine in made.values():
        engine.kill()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, engines):
    config = {**base(), "policy": {}}
    for name, engine in engines.items():
        config[f"providers.{name}"] = {
            "protocol": "openai-chat", "base_url": f"http://{engine.address}/v1", "api_key": {"env": "RIG_SUPPLIER_KEY"}
        }
        others = [] if name == "steady" else [entry("steady")]
        config[f"routes.{name}"] = {"deployments": [entry(name), *others]}
    gateway = Gateway(tmp_path_factory.mktemp("engine"), config)
    yield gateway
    gateway.stop()


@pytest.fixture(params=TONGUES)
def tongue(request, gateway):
    return TONGUES[request.param](gateway.url, gateway.key)


def said(tongue, route="steady", stream=False, prompt=PROMPT, limit=24, **options):
    return tongue.ask(stream, route, tongue.user(prompt), limit=limit, more=COLD[tongue.name], **options)


@pytest.fixture(scope="module")
def truth(engines):
    """What the engine says itself, without a gateway between."""
    client = openai.OpenAI(base_url=f"http://{engines['steady'].address}/v1", api_key=SUPPLIER_KEY)

    def truth(limit, prompt=PROMPT):
        asked = {"model": "relief-1", "messages": [{"role": "user", "content": prompt}], "max_tokens": limit, "temperature": 0}
        return client.chat.completions.create(**asked)

    return truth


def test_every_client_hears_the_engines_words_and_counts(tongue, truth):
    expected = truth(24)
    for stream in (False, True):
        heard = said(tongue, stream=stream)
        assert heard.text == expected.choices[0].message.content
        assert heard.finish == "length"
        assert (heard.input_tokens, heard.output_tokens) == (expected.usage.prompt_tokens, expected.usage.completion_tokens)


def test_g3_structured_output_is_of_its_schema(tongue):
    for stream in (False, True):
        assert list(json.loads(said(tongue, stream=stream, limit=400, schema=SKY).text)) == ["sky"]


def test_stop_words_end_the_answer(tongue, truth):
    if tongue.name == "openai-responses":
        pytest.skip("Responses has no stop words")
    whole = truth(24).choices[0].message.content
    word = whole.split()[8]
    for stream in (False, True):
        heard = said(tongue, stream=stream, stop=word)
        assert (heard.text, heard.finish) == (whole[: whole.index(word)], "stop")


def test_p1_an_engine_that_is_killed_is_not_missed(gateway, engines, truth):
    engines["idle"].kill()
    for name, make in TONGUES.items():
        for stream in (False, True):
            heard = said(make(gateway.url, gateway.key), "idle", stream)
            assert heard.text == truth(24).choices[0].message.content, name


def test_p1_an_engine_killed_before_its_first_word_is_not_missed(gateway, engines, truth):
    prompt = "the sea and the land and the water " * 60
    heard = {}
    tongue = TONGUES["anthropic-messages"](gateway.url, gateway.key)
    asking = threading.Thread(target=lambda: heard.update(answer=said(tongue, "before", True, prompt)))
    asking.start()
    until = time.monotonic() + PATIENCE_S
    while not engines["before"].is_busy():
        assert time.monotonic() < until
    engines["before"].kill()
    asking.join(PATIENCE_S)
    assert heard["answer"].text == truth(24, prompt).choices[0].message.content
    served = gateway.entries()[-1]
    assert [each["deployment"].split("/")[0] for each in served["attempts"]] == ["before", "steady"]


def test_p2_an_engine_killed_in_mid_answer_ends_it_in_an_error(gateway, engines, truth):
    client = openai.OpenAI(base_url=gateway.openai_url, api_key=gateway.key, max_retries=0)
    asked = {"model": "after", "messages": [{"role": "user", "content": PROMPT}], "max_tokens": 400, "temperature": 0}
    text, finish = "", None
    with pytest.raises(openai.APIError) as caught:
        for chunk in client.chat.completions.create(stream=True, **asked):
            for choice in chunk.choices:
                text += choice.delta.content or ""
                finish = choice.finish_reason or finish
            if len(text.split()) == 4:
                engines["after"].kill()
    assert not isinstance(caught.value, openai.APIConnectionError)
    assert finish is None and text and truth(400).choices[0].message.content.startswith(text)

"""Bedrock's own client, as its users run it: a virtual key is its bearer token, which it sends over TLS only."""

import datetime
import ipaddress

import boto3
import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from rig.clients import PROMPT
from rig.config import base, entry, provider
from rig.processes import Gateway

PEM = serialization.Encoding.PEM


def self_signed(folder):
    """A certificate of this machine, by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "releve")])
    now = datetime.datetime.now(datetime.timezone.utc)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "chain.pem").write_bytes(certificate.public_bytes(PEM))
    (folder / "key.pem").write_bytes(private)


@pytest.fixture(scope="module")
def over_tls(folder, first):
    self_signed(folder)
    config = base()
    config["server"]["tls"] = {"cert": "chain.pem", "key": "key.pem"}
    config["policy"] = {"translate": True}
    config["providers.first"] = provider(first, "openai")
    config["routes.assistant"] = {"deployments": [entry("first")]}
    config["products.office"] = {"routes": ["assistant"]}
    gateway = Gateway(folder, config)
    try:
        yield gateway
        gateway.stop()
    finally:
        gateway.kill()


def bedrock(monkeypatch, gateway, token):
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", token)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    chain = str(gateway.folder / "chain.pem")
    return boto3.client("bedrock-runtime", region_name="eu-west-3", endpoint_url=gateway.url, verify=chain)


def test_a_virtual_key_is_its_bearer_token(monkeypatch, over_tls):
    assert over_tls.url.startswith("https://"), over_tls.url
    client = bedrock(monkeypatch, over_tls, over_tls.key)
    asked = {"modelId": "assistant", "messages": [{"role": "user", "content": [{"text": PROMPT}]}]}
    assert client.converse(**asked)["stopReason"] == "end_turn"
    *_, usage = client.converse_stream(**asked)["stream"]
    assert usage["metadata"]["usage"]["outputTokens"] > 0


def test_another_token_raises_what_it_raises_there(monkeypatch, over_tls):
    client = bedrock(monkeypatch, over_tls, "rlv_of-a-stranger")
    with pytest.raises(ClientError) as caught:
        client.converse(modelId="assistant", messages=[{"role": "user", "content": [{"text": PROMPT}]}])
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"

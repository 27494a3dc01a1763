"""A budget that is spent, as the SDKs of all protocols hear of it: a limit, and nothing that they try again by themselves."""

import boto3
import botocore
import pytest

from rig.config import every_protocol
from rig.tongues import TONGUES, Converse, status_of

BUDGET = {"amount": "0.000001", "per": "month"}


def config(first, _):
    config = every_protocol(first)
    config["products.poor"] = {"budget": BUDGET}
    return config


@pytest.fixture(scope="module")
def key(gateway):
    return gateway.run("keys", "create", "--product", "poor")["key"]


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("name", TONGUES)
def test_it_is_an_error_of_the_sdks_own(gateway, first, key, name, stream):
    tongue = TONGUES[name](gateway.url, key)
    with pytest.raises(tongue.failures[429]) as caught:
        tongue.ask(stream, f"to-{name}", tongue.user("hello"))
    assert status_of(caught.value) == (400 if name == "bedrock-converse" else 429)
    assert "budget of 0.000001 USD a month" in str(caught.value)
    assert first.requests() == 0


def test_boto3_as_it_comes_does_not_try_again(gateway, first, key):
    """Throttling it would try four times more."""
    tongue = Converse(gateway.url, key)
    config = botocore.config.Config(signature_version=botocore.UNSIGNED)
    session = boto3.session.Session()
    client = session.client("bedrock-runtime", region_name="eu-west-3", endpoint_url=gateway.url, config=config)
    client.meta.events.register("before-send", tongue.sign)
    with pytest.raises(client.exceptions.ServiceQuotaExceededException) as caught:
        client.converse(modelId="to-bedrock-converse", messages=tongue.user("hello"))
    assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 0
    assert first.requests() == 0

"""Configurations of the gateway as Python values, and as the TOML that it reads."""

import json

from rig.suppliers import SAID, base_url

MODEL = "relief-1"
PROTOCOLS = {"openai": "openai-chat", "anthropic": "anthropic-messages"}
SUPPLIER_KEY_VARIABLE = "RIG_SUPPLIER_KEY"
PRICE = {"input": "1.25", "output": "10"}


def written(config):
    """`{"section.name": {key: value}}` as TOML."""
    lines = []
    for section, keys in config.items():
        lines.append(f"[{section}]")
        lines += [f"{key} = {toml(value)}" for key, value in keys.items()]
    return "\n".join(lines) + "\n"


def toml(value):
    match value:
        case dict():
            return "{ " + ", ".join(f"{json.dumps(key)} = {toml(each)}" for key, each in value.items()) + " }"
        case list():
            return "[" + ", ".join(map(toml, value)) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)


def base():
    """What every configuration starts with."""
    return {
        "server": {"listen": "127.0.0.1:0", "admin_listen": "127.0.0.1:0"},
        "ledger": {"url": "sqlite:releve.db"},
        # Each dialect has deployments of its own here: what is tried is the way of the bytes.
        "policy": {"translate": False},
        "products.office": {},
    }


def provider(supplier, dialect, **keys):
    """An account at a simulated supplier."""
    url = supplier.openai_url if dialect == "openai" else supplier.anthropic_url
    key = {"env": SUPPLIER_KEY_VARIABLE}
    return {"protocol": PROTOCOLS[dialect], "base_url": url, "api_key": key, **keys}


def entry(name, **keys):
    """A deployment of the one model at a provider."""
    return {"use": f"{name}/{MODEL}", "price": PRICE, **keys}


def two_suppliers(first, second, **policy):
    """One route over two suppliers, each an account in either protocol."""
    config = base()
    deployments = []
    for name, supplier in [("first", first), ("second", second)]:
        for dialect in PROTOCOLS:
            config[f"providers.{name}-{dialect}"] = provider(supplier, dialect)
            deployments.append(entry(f"{name}-{dialect}"))
    config["routes.assistant"] = {"aliases": ["gpt-4o", "claude-sonnet-*"], "deployments": deployments}
    if policy:
        config["routes.assistant.policy"] = policy
    config["products.office"] = {"routes": ["assistant"]}
    return config


def one_route_each(cases, first, second, told_apart=False):
    """A route for each case, `{name: (dialect, policy)}`: first a deployment of its own, then the healthy one.

    A supplier's breakers, benches and limits belong to its name, so that what one case breaks no other notices.
    Told apart, each asks the first supplier for a model that is called like the case, so that a script can tell them.
    """
    config = base()
    for dialect in PROTOCOLS:
        config[f"providers.healthy-{dialect}"] = provider(second, dialect)
    for name, (dialect, policy) in cases.items():
        config[f'providers."first-{name}"'] = provider(first, dialect)
        deployments = [entry(f"first-{name}", **({"id": name} if told_apart else {})), entry(f"healthy-{dialect}")]
        config[f'routes."{name}"'] = {"deployments": deployments}
        if policy:
            config[f'routes."{name}".policy'] = policy
    return config


def every_protocol(first, more=()):
    """A route for each protocol, over the one supplier that speaks them all; and for `more` names, `protocol-name`, since a
    supplier's breakers belong to its name."""
    config = {**base(), "policy": {}}
    for name in [*SAID, *more]:
        protocol = next(each for each in SAID if name.startswith(each))
        config[f"providers.{name}"] = {
            "protocol": protocol,
            "base_url": base_url(protocol, first.address),
            "api_key": {"env": SUPPLIER_KEY_VARIABLE},
        }
        config[f"routes.to-{name}"] = {"deployments": [entry(name)]}
    return config

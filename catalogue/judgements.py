"""What the model table does not say: who made a model, who may run it, and under which name it is known elsewhere.

Each rule is a pattern over the id as the table has it. What no rule is sure of stays unknown. Read on 2026-11-22:
makers from the ids themselves; weights from the makers' own releases, cross-checked with `open_weights` in
anomalyco/models.dev at f3fc692 (which errs on single hosts, so that no figure is taken from it alone).
"""

import re

# Who made it: first match wins, over the lower-case id.
MAKERS = (
    (r"together-ai-|^model-router", "unknown"),
    (r"claude", "anthropic"),
    (r"gpt-|^o\d|openai[./]|text-embedding-3|^chat-latest", "openai"),
    (r"gemini|gemma|^deep-research-max", "google"),
    (r"llama", "meta"),
    (r"nemotron", "nvidia"),
    (r"mistral|ministral|magistral|codestral|devstral|pixtral|voxtral", "mistral"),
    (r"qwen|qwq", "alibaba"),
    (r"deepseek", "deepseek"),
    (r"glm-", "zai"),
    (r"kimi", "moonshot"),
    (r"minimax", "minimax"),
    (r"grok", "xai"),
    (r"^amazon\.", "amazon"),
    (r"^ai21\.", "ai21"),
    (r"^cohere|^command-|^c4ai-", "cohere"),
    (r"^sonar|^pplx-", "perplexity"),
    (r"mimo-", "xiaomi"),
    (r"^tencent/", "tencent"),
    (r"^arcee-ai/", "arcee"),
)
# Ids that name another maker on the way: Mistral serves GLM as zai-glm-5.
MAKERS_FIRST = ((r"^(zai-)?glm-|^fw-glm", "zai"),)


def maker(supplier, model):
    name = model.lower()
    return next((found for pattern, found in MAKERS_FIRST + MAKERS if re.search(pattern, name)), "unknown")


# Who may run it, over the name of the weights. Licences that forbid commercial use, or that bind it to the maker's
# consent (Cohere's, Mistral's larger code models), are not open; they stay unknown.
WEIGHTS = (
    (r"^gpt-oss-", "open"),
    (r"^llama-", "open"),
    (r"^gemma-", "open"),
    (r"^nemotron-", "open"),
    (r"^(mistral-large-2512|mistral-small|ministral-\d+b-2512|magistral-small|open-mistral-nemo|voxtral-)", "open"),
    (r"^qwen[\d.]*-.*\d+b|^qwq-32b|^qwen3-coder-next", "open"),
    (r"^deepseek-(r1|v3|coder|v4-(pro|flash)$)", "open"),
    (r"^glm-(4\.5|4\.5-air|4\.5v|4\.6|4\.7|4\.7-flash|5|5\.1|5\.2)$", "open"),
    (r"^kimi-k2(\.5|\.6|\.7-code|-instruct)", "open"),
    (r"^minimax-m2(\.1|\.5)?$", "open"),
    (r"^(qwen3?(\.7)?-max|qwen-(plus|turbo|flash))", "maker-only"),
    (r"^(mistral-medium-3$|mistral-embed)", "maker-only"),
    (r"^embed-v4|^j2-|^nova-|^sonar", "maker-only"),
)
CLOSED_MAKERS = ("openai", "anthropic", "google", "xai")


def weights(supplier, model):
    name = weights_name(model)
    found = next((found for pattern, found in WEIGHTS if re.search(pattern, name)), None)
    return found or ("maker-only" if maker(supplier, model) in CLOSED_MAKERS else "unknown")


# How a model wants to be spoken to, over the lower-case id; every rule that matches holds. `Quirks` in the catalogue's
# crate says what each means. Sources, read 2026-11-28: anthropic 2.12.0 (Python SDK), types/thinking_config_*_param.py, and
# github.com/All-Hands-AI/OpenHands-Cloud/issues/616 (budgets refused from Claude 4.7 on; 4.6 takes both); the error
# "Thinking may not be enabled when tool_choice forces tool use" in github.com/BerriAI/litellm/issues/8901; google-genai
# 3.4.0 (Python SDK), types.py, ThinkingConfig (levels from Gemini 3 on).
QUIRKS = (
    (r"claude-(opus|sonnet)-4-[6-9]|claude-[a-z]+-[5-9]", "adaptive_thinking"),
    (r"claude-", "no_forced_tool_with_thinking"),
    (r"gemini-([3-9]|flash-latest|flash-lite-latest|pro-latest)", "thinking_level"),
)


def quirks(model):
    return [quirk for pattern, quirk in QUIRKS if re.search(pattern, model.lower())]


# What a model does not do, over the lower-case id. Source, read 2026-11-29: platform.claude.com/docs, "What's new in Claude
# 4.6" and the migration guide: a conversation whose last word is the model's is an error from 4.6 on.
CANNOT = ((r"claude-(opus|sonnet)-4-[6-9]|claude-[a-z]+-[5-9]", "prefill"),)


def cannot(model):
    return [ability for pattern, ability in CANNOT if re.search(pattern, model.lower())]


# Ids that follow no rule.
SAME = {
    "mistral.mistral-large-3-675b-instruct": "mistral-large-2512",
    "mistral.ministral-3-3b-instruct": "ministral-3b-2512",
    "mistral.ministral-3-8b-instruct": "ministral-8b-2512",
    "mistral.ministral-3-14b-instruct": "ministral-14b-2512",
    "nvidia.nemotron-super-3-120b": "nemotron-3-super-120b",
    "nvidia.nemotron-nano-3-30b": "nemotron-3-nano-30b",
    "nvidia.nemotron-nano-9b-v2": "nemotron-nano-9b-v2",
    "meta.llama4-scout-17b-instruct-v1:0": "llama-4-scout-17b-16e-instruct",
    "meta.llama4-maverick-17b-instruct-v1:0": "llama-4-maverick-17b-128e-instruct",
    "accounts/fireworks/models/llama4-maverick-instruct-basic": "llama-4-maverick-17b-128e-instruct",
    "accounts/fireworks/models/llama-v3p1-8b-instruct": "llama-3.1-8b-instruct",
    "llama-3.1-8b": "llama-3.1-8b-instruct",
    "llama-3.1-70b": "llama-3.1-70b-instruct",
    "deepseek.r1-v1:0": "deepseek-r1",
    "deepseek.v3.2": "deepseek-v3.2",
    "qwen-3.8-27b": "qwen3.8-27b",
    "gemma-4-31b": "gemma-4-31b-it",
    "gemini-gemma-2-9b-it": "gemma-2-9b-it",
    "gemini-gemma-2-27b-it": "gemma-2-27b-it",
    "zai-glm-5-3": "glm-5.3",
    "glm-5-2": "glm-5.2",
    "zai-glm-5": "glm-5",
    "FW-GLM-5": "glm-5",
    "grok-4-20-reasoning": "grok-4.20-reasoning",
    "grok-4-20-non-reasoning": "grok-4.20-non-reasoning",
    "cohere/embed-v4.0": "embed-v4.0",
    "cohere.embed-v4:0": "embed-v4.0",
}
# Names that move from one set of weights to another, or that say nothing certain about them.
MOVING = r"-latest$|^chat-latest|^model-router|^mistral-(tiny|small|medium)$|^codestral-2$|^qwen-(max|plus|turbo|flash|coder)|^qwq-plus|^deepseek-(r1|v3|coder|flash)$|-exp|-fast$|-us$|^together-ai-|-turbo$|-fp4$"


def weights_name(model):
    """The name without the host's way of writing it."""
    if model in SAME:
        return SAME[model]
    name = model.rsplit("/", 1)[-1].lower()
    name = re.sub(r"^(anthropic|openai|google|meta|mistral|qwen|amazon|zai|minimax|moonshotai|ai21)\.", "", name)
    name = re.sub(r"(-v\d+)?:\d+$|-1:0$|-maas$", "", name)
    name = re.sub(r"(claude-.*)-v\d+$", r"\1", name)
    name = re.sub(r"(claude-.*)[-@]20\d{6}$", r"\1", name)
    name = re.sub(r"^(codestral)@", r"\1-", name)
    name = re.sub(r"(?<=\d)p(?=\d)", ".", name)
    return re.sub(r"^llama(\d)-(\d)-", r"llama-\1.\2-", name)


def known_as(supplier, model, siblings):
    name = weights_name(model)
    if re.search(MOVING, name) or model in ("deepseek-r1", "deepseek-v3", "deepseek-coder"):
        return None
    # A dated version is the plain name's own where it is the only one.
    undated = re.sub(r"-20\d{2}-\d{2}-\d{2}$", "", name)
    if undated != name and maker(supplier, model) == "openai":
        dated = [other for other in siblings if re.fullmatch(re.escape(undated) + r"-20\d{2}-\d{2}-\d{2}", other)]
        if len(dated) == 1:
            return undated
    if maker(supplier, model) == "openai" and name == undated:
        dated = [other for other in siblings if re.fullmatch(re.escape(name) + r"-20\d{2}-\d{2}-\d{2}", other)]
        if len(dated) > 1:
            return None
    return name


# What a model speaks at a provider whose other models speak something else.
PROTOCOLS = (
    ("azure-ai-foundry", r"^claude", "anthropic-messages"),
    ("google-vertex", r"^claude", "anthropic-messages"),
    ("google-vertex", r"^meta/|^codestral", "openai-chat"),
)


def protocol(supplier, model, kind):
    if kind == "responses":
        return "openai-responses"
    return next((name for at, pattern, name in PROTOCOLS if at == supplier and re.search(pattern, model)), None)


def is_price_class(model):
    """Rows of the table that are no models: Together's price by size."""
    return model.startswith("together-ai-")


def written(supplier, model):
    """The id that the supplier takes, and other ways to write it.

    Fireworks takes whole resource names; litellm 1.109.1 writes them short and lengthens them before it sends
    (llms/fireworks_ai/common_utils.py, resolve_fireworks_resource_name). Cohere takes no maker in front.
    """
    if supplier == "fireworks" and not model.startswith("accounts/"):
        folder = "routers" if model.endswith("-fast") else "models"
        return f"accounts/fireworks/{folder}/{model}", [model]
    if supplier == "cohere" and model.startswith("cohere/"):
        return model.removeprefix("cohere/"), [model]
    return model, []

"""By which names it may be told that a feature is lost, or said otherwise: only by its own is it told."""

from fnmatch import fnmatchcase

NAMES = {
    "a PDF": ["media.name"],
    "a mark behind all": ["cache_control"],
    "a model's own members": ["additionalModelRequestFields.mirostat"],
    "a program of access": ["access_programs"],
    "a project": ["projectIdentifier"],
    "a policy of moderation": ["moderation"],
    "answers about elections": ["generationConfig.enableEnhancedCivicAnswers"],
    "a document in passages": ["document", "document.passages", "media.name"],
    "a document to cite": ["document", "document.citations", "media.name"],
    "a limit of one token": ["max_tokens"],
    "a limit of searches": ["max_uses"],
    "a named tool": ["tool_choice"],
    "a search near the user": ["user_location"],
    "a search result": ["document", "document.citations", "document.passages", "search_result.source", "media.name"],
    "a search result of a tool": ["document", "search_result.source", "media.name", "tool_result.media"],
    "a text document": ["document", "media.name"],
    "a text document in base64": ["document", "media.name"],
    "any JSON": ["response_format"],
    "any JSON, without the word": ["response_format"],
    "cache marks": ["cache_control"],
    "cache marks for an hour": ["cache_control"],
    "citations of documents": ["citation.quote", "citations"],
    "class of service": ["service_tier"],
    "class of service told": ["service_tier"],
    "frequency penalty": ["frequency_penalty"],
    "functions, as before tools": ["functions", "parallel_tool_calls"],
    "how a cache is kept": ["prompt_cache_options", "prompt_cache_retention"],
    "how closely to look": ["generationConfig.mediaResolution"],
    "latency": ["performanceConfig"],
    "log probabilities": ["top_logprobs", "logprobs.bytes"],
    "metadata": ["metadata"],
    "no better class of service": ["service_tier"],
    "no tool now": ["tools", "tool_choice"],
    "one call at a time": ["parallel_tool_calls"],
    "pictures, made smaller": ["image"],
    "presence penalty": ["presence_penalty"],
    "reasoning that goes back": ["reasoning", "reasoning.display", "reasoning.proof", "reasoning_effort", "text.proof", "tool_call.proof"],
    "results that are errors": ["tool_result.is_error"],
    "results with an image": ["tool_result.media"],
    "safety settings": ["safetySettings"],
    "searches told": ["citation.quote", "citation.range", "citations.location", "usage.tool_requests", "web_search", "web_search.own", "web_search.title"],
    "schema of a list at the top": ["response_format.name", "response_format.strict"],
    "schema with limits": ["response_format.name", "response_format.strict", "response_format.schema*"],
    "schema with optional fields": ["response_format.name", "response_format.strict"],
    "seed": ["seed"],
    "several stop words": ["stop_sequence"],
    "some tool now": ["tool_choice"],
    "speed": ["speed"],
    "stop words": ["stop_sequence"],
    "strict tools": ["tools.strict", "tools.schema*"],
    "structured output": ["response_format.name", "response_format.strict", "response_format.schema*"],
    "temperature above 1": ["temperature"],
    "that the answer is kept": ["store"],
    "the end user": ["user"],
    "the end user, in the older word": ["user"],
    "the form of pictures": ["generationConfig.imageConfig"],
    "the key of a cache": ["prompt_cache_key"],
    "the most reasoning": ["reasoning_effort", "reasoning.display"],
    "this tool now": ["tool_choice"],
    "to cut a conversation that is too long": ["truncation"],
    "to sum up a conversation that is too long": ["context_management"],
    "top_k": ["top_k"],
    "verbosity": ["verbosity"],
    "words to be heard": ["generationConfig.audioTranscriptionConfig"],
    "what became of the cache": ["diagnostics"],
    "what else to tell of the answer": ["additionalModelResponseFieldPaths"],
    "what the answer will be like": ["prediction"],
    "what is to be known of a document": ["document", "document.context", "media.name"],
}

OF_ANSWERS = {"citation.range", "citations.location", "reasoning.proof", "stop_sequence", "system_fingerprint", "text.proof", "tool_call.proof"}
"""What answers lose, whatever was asked."""


def own(feature, dropped):
    """Those of the names that tell of the feature."""
    return sorted(name for name in set(dropped) if any(fnmatchcase(name, known) for known in NAMES.get(feature, ())))


def foreign(feature, dropped):
    """Those that tell of something else, which the request did not say."""
    return sorted(set(dropped) - set(own(feature, dropped)) - OF_ANSWERS)

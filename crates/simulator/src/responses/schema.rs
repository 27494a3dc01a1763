//! What a Responses request may hold (`ResponseCreateParams` of openai-python 3.54.0, read 2026-11-28).

use crate::shape::{
    Shape::{self, Any, Either, Flag, List, Map, Number, Object, Same, Tagged, Text, Whole, Word},
    may, must, solid,
};

const STATUS: Shape = Word(&["in_progress", "completed", "incomplete"]);
const ANY_OBJECT: Shape = Map(&Any);

/// The fewest tokens of an answer that can be asked for.
const LEAST_TOKENS: i64 = 16;

pub(super) static REQUEST: Shape = Object(&[
    may("model", Text),
    may("access_programs", ANY_OBJECT),
    may("background", Flag),
    may("background_options", ANY_OBJECT),
    may("context_management", List(&ANY_OBJECT)),
    may("conversation", Either(&[Text, ANY_OBJECT])),
    may("image", ANY_OBJECT),
    may("include", List(&INCLUDABLE)),
    may("input", Either(&[Text, List(&ITEM)])),
    may("instructions", Text),
    may("max_output_tokens", Whole(LEAST_TOKENS, i64::MAX)),
    may("max_tool_calls", Whole(1, i64::MAX)),
    may("metadata", Map(&Text)),
    may("moderation", ANY_OBJECT),
    may("parallel_tool_calls", Flag),
    may("previous_response_id", Text),
    may("prompt", ANY_OBJECT),
    may("prompt_cache_key", Text),
    may("prompt_cache_options", ANY_OBJECT),
    may("prompt_cache_retention", Word(&["in_memory", "24h"])),
    may("reasoning", Same(&REASONING)),
    may("safety_identifier", Text),
    may("service_tier", Text),
    may("store", Flag),
    may("stream", Flag),
    may("stream_options", Object(&[may("include_obfuscation", Flag)])),
    may("temperature", Number(0.0, 2.0)),
    may("text", Object(&[may("format", Same(&FORMAT)), may("verbosity", Word(&["low", "medium", "high"]))])),
    may("tool_choice", Any),
    may("tools", List(&TOOL)),
    may("top_logprobs", Whole(0, 20)),
    may("top_p", Number(0.0, 1.0)),
    may("truncation", Word(&["auto", "disabled"])),
    may("user", Text),
]);

static INCLUDABLE: Shape = Word(&[
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
]);

static REASONING: Shape = Object(&[
    may("context", Word(&["auto", "current_turn", "all_turns"])),
    may("effort", Text),
    may("generate_summary", Word(&["auto", "concise", "detailed"])),
    may("mode", Text),
    may("summary", Word(&["auto", "concise", "detailed"])),
]);

static FORMAT: Shape = Tagged(
    "type",
    &[
        ("text", Object(&[must("type", Text)])),
        ("json_object", Object(&[must("type", Text)])),
        (
            "json_schema",
            Object(&[
                must("type", Text),
                must("name", Text),
                must("schema", ANY_OBJECT),
                may("description", Text),
                may("strict", Flag),
            ]),
        ),
    ],
);

static TOOL: Shape = Tagged(
    "type",
    &[
        (
            "function",
            Object(&[
                must("type", Text),
                must("name", Text),
                may("parameters", ANY_OBJECT),
                may("strict", Flag),
                may("description", Text),
                may("allowed_callers", List(&Text)),
                may("async", Flag),
                may("defer_loading", Flag),
                may("output_schema", ANY_OBJECT),
            ]),
        ),
        ("custom", ANY_OBJECT),
        ("file_search", ANY_OBJECT),
        ("computer", ANY_OBJECT),
        ("computer_use_preview", ANY_OBJECT),
        ("web_search", ANY_OBJECT),
        ("web_search_2025_08_26", ANY_OBJECT),
        ("web_search_preview", ANY_OBJECT),
        ("web_search_preview_2025_03_11", ANY_OBJECT),
        ("mcp", ANY_OBJECT),
        ("code_interpreter", ANY_OBJECT),
        ("programmatic_tool_calling", ANY_OBJECT),
        ("image_generation", ANY_OBJECT),
        ("local_shell", ANY_OBJECT),
        ("shell", ANY_OBJECT),
        ("namespace", ANY_OBJECT),
        ("tool_search", ANY_OBJECT),
        ("apply_patch", ANY_OBJECT),
    ],
);

static ITEM: Shape = Tagged(
    "type",
    &[
        (
            "message",
            Object(&[
                may("type", Text),
                must("role", Word(&["assistant", "system", "developer", "user"])),
                must("content", Either(&[Text, List(&CONTENT)])),
                may("id", Text),
                may("status", STATUS),
                may("phase", Word(&["commentary", "final_answer"])),
            ]),
        ),
        (
            "function_call",
            Object(&[
                must("type", Text),
                must("call_id", Text),
                must("name", Text),
                must("arguments", Text),
                solid("id", Text),
                solid("status", STATUS),
                may("async", Flag),
                may("caller", ANY_OBJECT),
                solid("namespace", Text),
            ]),
        ),
        (
            "function_call_output",
            Object(&[
                must("type", Text),
                must("call_id", Text),
                must("output", Either(&[Text, List(&CONTENT)])),
                may("id", Text),
                may("status", STATUS),
                may("caller", ANY_OBJECT),
                may("name", Text),
                may("namespace", Text),
            ]),
        ),
        (
            "reasoning",
            Object(&[
                must("type", Text),
                must("id", Text),
                must("summary", List(&SUMMARY)),
                solid("content", List(&THOUGHT)),
                may("encrypted_content", Text),
                solid("status", STATUS),
            ]),
        ),
        ("item_reference", Object(&[must("type", Text), must("id", Text)])),
        ("custom_tool_call", ANY_OBJECT),
        ("custom_tool_call_output", ANY_OBJECT),
        ("file_search_call", ANY_OBJECT),
        ("computer_call", ANY_OBJECT),
        ("computer_call_output", ANY_OBJECT),
        ("web_search_call", ANY_OBJECT),
        ("tool_search_call", ANY_OBJECT),
        ("tool_search_output", ANY_OBJECT),
        ("additional_tools", ANY_OBJECT),
        ("configuration_update", ANY_OBJECT),
        ("compaction", ANY_OBJECT),
        ("compaction_trigger", ANY_OBJECT),
        ("image_generation_call", ANY_OBJECT),
        ("code_interpreter_call", ANY_OBJECT),
        ("local_shell_call", ANY_OBJECT),
        ("local_shell_call_output", ANY_OBJECT),
        ("shell_call", ANY_OBJECT),
        ("shell_call_output", ANY_OBJECT),
        ("apply_patch_call", ANY_OBJECT),
        ("apply_patch_call_output", ANY_OBJECT),
        ("mcp_list_tools", ANY_OBJECT),
        ("mcp_approval_request", ANY_OBJECT),
        ("mcp_approval_response", ANY_OBJECT),
        ("mcp_call", ANY_OBJECT),
        ("program", ANY_OBJECT),
        ("program_output", ANY_OBJECT),
    ],
);

static SUMMARY: Shape =
    Tagged("type", &[("summary_text", Object(&[must("type", Text), must("text", Text)]))]);
static THOUGHT: Shape =
    Tagged("type", &[("reasoning_text", Object(&[must("type", Text), must("text", Text)]))]);

static CONTENT: Shape = Tagged(
    "type",
    &[
        (
            "input_text",
            Object(&[must("type", Text), must("text", Text), may("prompt_cache_breakpoint", ANY_OBJECT)]),
        ),
        (
            "input_image",
            Object(&[
                must("type", Text),
                may("detail", Word(&["low", "high", "auto", "original"])),
                may("file_id", Text),
                may("image_url", Text),
                may("prompt_cache_breakpoint", ANY_OBJECT),
            ]),
        ),
        (
            "output_text",
            Object(&[
                must("type", Text),
                must("text", Text),
                may("annotations", List(&ANY_OBJECT)),
                may("logprobs", List(&ANY_OBJECT)),
            ]),
        ),
        ("refusal", Object(&[must("type", Text), must("refusal", Text)])),
        (
            "input_file",
            Object(&[
                must("type", Text),
                may("detail", Word(&["auto", "low", "high"])),
                may("file_data", Text),
                may("file_id", Text),
                may("file_url", Text),
                may("filename", Text),
                may("prompt_cache_breakpoint", ANY_OBJECT),
            ]),
        ),
        ("computer_screenshot", ANY_OBJECT),
        ("summary_text", Object(&[must("type", Text), must("text", Text)])),
    ],
);

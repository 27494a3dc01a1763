//! What a Cohere request may hold (`v2.chat` of cohere 7.3.1, read 2026-11-28).

use crate::shape::{
    Shape::{self, Any, Either, Flag, List, Map, Number, Object, Same, Tagged, Text, Whole, Word},
    may, must,
};

const ANY_OBJECT: Shape = Map(&Any);

pub(super) static REQUEST: Shape = Object(&[
    must("model", Text),
    must("messages", List(&MESSAGE)),
    may("tools", List(&TOOL)),
    may("strict_tools", Flag),
    may("documents", List(&Either(&[Text, ANY_OBJECT]))),
    may("citation_options", Object(&[may("mode", Text)])),
    may("response_format", Same(&FORMAT)),
    may("safety_mode", Word(&["CONTEXTUAL", "STRICT", "OFF"])),
    may("max_tokens", Whole(1, i64::MAX)),
    may("stop_sequences", List(&Text)),
    may("temperature", Number(0.0, 1.0)),
    may("seed", Whole(0, i64::MAX)),
    may("frequency_penalty", Number(0.0, 1.0)),
    may("presence_penalty", Number(0.0, 1.0)),
    may("k", Whole(0, 500)),
    may("p", Number(0.01, 0.99)),
    may("logprobs", Flag),
    may("tool_choice", Word(&["REQUIRED", "NONE"])),
    may(
        "thinking",
        Object(&[must("type", Word(&["enabled", "disabled"])), may("token_budget", Whole(1, i64::MAX))]),
    ),
    may("priority", Whole(0, 999)),
    may("stream", Flag),
]);

static MESSAGE: Shape = Tagged(
    "role",
    &[
        ("user", Object(&[must("role", Text), must("content", Either(&[Text, List(&CONTENT)]))])),
        (
            "assistant",
            Object(&[
                must("role", Text),
                may("content", Either(&[Text, List(&CONTENT)])),
                may("tool_calls", List(&CALL)),
                may("tool_plan", Text),
                may("citations", List(&ANY_OBJECT)),
            ]),
        ),
        ("system", Object(&[must("role", Text), must("content", Either(&[Text, List(&CONTENT)]))])),
        (
            "tool",
            Object(&[
                must("role", Text),
                must("tool_call_id", Text),
                must("content", Either(&[Text, List(&CONTENT)])),
            ]),
        ),
    ],
);

static CONTENT: Shape = Tagged(
    "type",
    &[
        ("text", Object(&[must("type", Text), must("text", Text)])),
        (
            "image_url",
            Object(&[
                must("type", Text),
                must(
                    "image_url",
                    Object(&[must("url", Text), may("detail", Word(&["auto", "low", "high"]))]),
                ),
            ]),
        ),
        ("thinking", Object(&[must("type", Text), must("thinking", Text)])),
        ("document", Object(&[must("type", Text), must("document", ANY_OBJECT)])),
    ],
);

static CALL: Shape = Object(&[
    must("id", Text),
    may("type", Word(&["function"])),
    may("function", Object(&[may("name", Text), may("arguments", Text)])),
]);

static TOOL: Shape = Object(&[
    must("type", Word(&["function"])),
    may("function", Object(&[must("name", Text), may("description", Text), must("parameters", ANY_OBJECT)])),
]);

static FORMAT: Shape = Tagged(
    "type",
    &[
        ("text", Object(&[must("type", Text)])),
        (
            "json_object",
            Object(&[must("type", Text), may("json_schema", ANY_OBJECT), may("schema", ANY_OBJECT)]),
        ),
    ],
);

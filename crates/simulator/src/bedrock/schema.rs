//! What a Converse request may hold (`ConverseRequest` of `bedrock-runtime`, botocore 1.44.8, read 2026-11-29).

use crate::shape::{
    Shape::{self, Any, Flag, List, Map, Name, Number, Object, One, Same, Text, Whole, Word},
    may, must,
};

const ANY_OBJECT: Shape = Map(&Any);
const COUNT: Shape = Whole(0, i32::MAX as i64);
const TOOL_NAME: Shape = Name { most: 64, also: "_-" };
const TOOL_USE_ID: Shape = Name { most: 64, also: "_.:-" };

pub(super) static REQUEST: Shape = Object(&[
    may("messages", List(&MESSAGE)),
    may("system", List(&SYSTEM)),
    may("inferenceConfig", Same(&INFERENCE)),
    may("toolConfig", Same(&TOOL_CONFIG)),
    may("guardrailConfig", ANY_OBJECT),
    may("projectIdentifier", Text),
    may("additionalModelRequestFields", ANY_OBJECT),
    may("promptVariables", ANY_OBJECT),
    may("additionalModelResponseFieldPaths", List(&Text)),
    may("requestMetadata", Map(&Text)),
    may("performanceConfig", Object(&[may("latency", Word(&["standard", "optimized"]))])),
    may("serviceTier", Object(&[must("type", Word(&["priority", "default", "flex", "reserved"]))])),
    may("outputConfig", Object(&[may("textFormat", Same(&TEXT_FORMAT)), may("effort", Text)])),
]);

static MESSAGE: Shape =
    Object(&[must("role", Word(&["user", "assistant", "system"])), must("content", List(&BLOCK))]);

static BLOCK: Shape = One(&[
    may("text", Text),
    may("image", Same(&IMAGE)),
    may("document", Same(&DOCUMENT)),
    may("video", ANY_OBJECT),
    may("audio", ANY_OBJECT),
    may("toolUse", Same(&TOOL_USE)),
    may("toolResult", Same(&TOOL_RESULT)),
    may("guardContent", ANY_OBJECT),
    may("cachePoint", Same(&CACHE_POINT)),
    may("reasoningContent", Same(&REASONING)),
    may("citationsContent", Same(&CITED)),
    may("searchResult", Same(&SEARCH_RESULT)),
    may("toolAddition", ANY_OBJECT),
    may("toolRemoval", ANY_OBJECT),
]);

static IMAGE: Shape = Object(&[
    must("format", Word(&["png", "jpeg", "gif", "webp"])),
    must("source", One(&[may("bytes", Text), may("s3Location", Same(&S3_LOCATION))])),
]);

static S3_LOCATION: Shape = Object(&[must("uri", Text), may("bucketOwner", Text)]);

static DOCUMENT: Shape = Object(&[
    must("name", Name { most: 200, also: Shape::ALL }),
    must(
        "source",
        One(&[
            may("bytes", Name { most: usize::MAX, also: Shape::ALL }),
            may("s3Location", Same(&S3_LOCATION)),
            may("text", Text),
            may("content", List(&One(&[may("text", Text)]))),
        ]),
    ),
    may("format", Word(&["pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"])),
    may("context", Text),
    may("citations", Same(&CITATIONS_CONFIG)),
]);

static SEARCH_RESULT: Shape = Object(&[
    must("source", Text),
    must("title", Text),
    must("content", List(&Object(&[must("text", Text)]))),
    may("citations", Same(&CITATIONS_CONFIG)),
]);

static CITATIONS_CONFIG: Shape = Object(&[must("enabled", Flag)]);

/// Text of the model's that cites.
static CITED: Shape =
    Object(&[may("content", List(&One(&[may("text", Text)]))), may("citations", List(&CITATION))]);

static CITATION: Shape = Object(&[
    may("title", Text),
    may("source", Text),
    may("sourceContent", List(&One(&[may("text", Text)]))),
    may("location", Same(&LOCATION)),
]);

static LOCATION: Shape = One(&[
    may("web", Object(&[may("url", Text), may("domain", Text)])),
    may("documentChar", Same(&IN_DOCUMENT)),
    may("documentPage", Same(&IN_DOCUMENT)),
    may("documentChunk", Same(&IN_DOCUMENT)),
    may(
        "searchResultLocation",
        Object(&[may("searchResultIndex", COUNT), may("start", COUNT), may("end", COUNT)]),
    ),
]);

static IN_DOCUMENT: Shape = Object(&[may("documentIndex", COUNT), may("start", COUNT), may("end", COUNT)]);

static TOOL_USE: Shape = Object(&[
    must("toolUseId", TOOL_USE_ID),
    must("name", TOOL_NAME),
    must("input", Any),
    may("type", Word(&["server_tool_use"])),
]);

static TOOL_RESULT: Shape = Object(&[
    must("toolUseId", TOOL_USE_ID),
    must("content", List(&RESULT)),
    may("status", Word(&["success", "error"])),
    may("type", Text),
]);

static RESULT: Shape = One(&[
    may("json", Any),
    may("text", Text),
    may("image", Same(&IMAGE)),
    may("document", Same(&DOCUMENT)),
    may("video", ANY_OBJECT),
    may("searchResult", Same(&SEARCH_RESULT)),
]);

static REASONING: Shape = One(&[
    may("reasoningText", Object(&[must("text", Text), may("signature", Text)])),
    may("redactedContent", Text),
]);

static CACHE_POINT: Shape = Object(&[must("type", Word(&["default"])), may("ttl", Word(&["5m", "1h"]))]);

static SYSTEM: Shape =
    One(&[may("text", Text), may("guardContent", ANY_OBJECT), may("cachePoint", Same(&CACHE_POINT))]);

static INFERENCE: Shape = Object(&[
    may("maxTokens", Whole(1, i32::MAX as i64)),
    may("temperature", Number(0.0, 1.0)),
    may("topP", Number(0.0, 1.0)),
    may("stopSequences", List(&Name { most: usize::MAX, also: Shape::ALL })),
]);

static TOOL_CONFIG: Shape = Object(&[must("tools", List(&TOOL)), may("toolChoice", Same(&TOOL_CHOICE))]);

static TOOL: Shape = One(&[
    may(
        "toolSpec",
        Object(&[
            must("name", TOOL_NAME),
            must("inputSchema", One(&[may("json", ANY_OBJECT)])),
            may("description", Name { most: usize::MAX, also: Shape::ALL }),
            may("strict", Flag),
        ]),
    ),
    may("systemTool", Object(&[must("name", TOOL_NAME)])),
    may("cachePoint", Same(&CACHE_POINT)),
]);

static TOOL_CHOICE: Shape =
    One(&[may("auto", ANY_OBJECT), may("any", ANY_OBJECT), may("tool", Object(&[must("name", TOOL_NAME)]))]);

static TEXT_FORMAT: Shape = Object(&[
    must("type", Word(&["json_schema"])),
    must(
        "structure",
        One(&[may(
            "jsonSchema",
            Object(&[must("schema", Text), may("name", Text), may("description", Text)]),
        )]),
    ),
]);

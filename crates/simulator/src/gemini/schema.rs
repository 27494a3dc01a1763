//! What a Gemini request may hold (`GenerateContentRequest` of the v1beta reference, as google-genai 3.4.0 sends it, read
//! 2026-11-28).

use crate::shape::{
    Shape::{self, Any, Flag, List, Map, Number, Object, Same, Text, Whole, Word},
    may,
};

const ANY_OBJECT: Shape = Map(&Any);
const COUNT: Shape = Whole(i32::MIN as i64, i32::MAX as i64);
const FRACTION: Shape = Number(f64::MIN, f64::MAX);

pub(super) static REQUEST: Shape = Object(&[
    may("model", Text),
    may("contents", List(&CONTENT)),
    may("systemInstruction", Same(&CONTENT)),
    may("tools", List(&TOOL)),
    may("toolConfig", Same(&TOOL_CONFIG)),
    may("safetySettings", List(&SAFETY)),
    may("generationConfig", Same(&GENERATION)),
    may("cachedContent", Text),
    may("serviceTier", Text),
    may("store", Flag),
    may("labels", Map(&Text)),
    may("continuationToken", Text),
]);

/// What `countTokens` may hold.
pub(super) static COUNT_REQUEST: Shape =
    Object(&[may("contents", List(&CONTENT)), may("generateContentRequest", Same(&REQUEST))]);

static CONTENT: Shape = Object(&[may("parts", List(&PART)), may("role", Text)]);

static PART: Shape = Object(&[
    may("text", Text),
    may("thought", Flag),
    may("thoughtSignature", Text),
    may("inlineData", Same(&BLOB)),
    may("fileData", Same(&FILE)),
    may("functionCall", Same(&CALL)),
    may("functionResponse", Same(&RESPONSE)),
    may("executableCode", ANY_OBJECT),
    may("codeExecutionResult", ANY_OBJECT),
    may("toolCall", ANY_OBJECT),
    may("toolResponse", ANY_OBJECT),
    may("videoMetadata", ANY_OBJECT),
    may("mediaResolution", ANY_OBJECT),
    may("partMetadata", ANY_OBJECT),
    may("mediaProcessing", ANY_OBJECT),
]);

/// Of these a part has exactly one.
pub(super) const DATA: [&str; 9] = [
    "text",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
];

static BLOB: Shape = Object(&[may("mimeType", Text), may("data", Text), may("displayName", Text)]);
static FILE: Shape = Object(&[may("mimeType", Text), may("fileUri", Text), may("displayName", Text)]);
static CALL: Shape = Object(&[may("id", Text), may("name", Text), may("args", ANY_OBJECT)]);
static RESPONSE: Shape = Object(&[
    may("id", Text),
    may("name", Text),
    may("response", ANY_OBJECT),
    may("parts", List(&ANY_OBJECT)),
    may("willContinue", Flag),
    may("scheduling", Text),
]);

static TOOL: Shape = Object(&[
    may("functionDeclarations", List(&DECLARATION)),
    may("googleSearch", ANY_OBJECT),
    may("googleSearchRetrieval", ANY_OBJECT),
    may("codeExecution", ANY_OBJECT),
    may("urlContext", ANY_OBJECT),
    may("computerUse", ANY_OBJECT),
    may("fileSearch", ANY_OBJECT),
    may("googleMaps", ANY_OBJECT),
    may("mcpServers", List(&ANY_OBJECT)),
]);

static DECLARATION: Shape = Object(&[
    may("name", Text),
    may("description", Text),
    may("parameters", Same(&SCHEMA)),
    may("parametersJsonSchema", Any),
    may("response", Same(&SCHEMA)),
    may("responseJsonSchema", Any),
    may("behavior", Text),
]);

/// The part of `OpenAPI`'s schemas that Gemini knows.
static SCHEMA: Shape = Object(&[
    may("type", Word(&TYPES)),
    may("format", Text),
    may("title", Text),
    may("description", Text),
    may("nullable", Flag),
    may("enum", List(&Text)),
    may("items", Same(&SCHEMA)),
    may("maxItems", COUNT),
    may("minItems", COUNT),
    may("properties", Map(&SCHEMA)),
    may("propertyOrdering", List(&Text)),
    may("required", List(&Text)),
    may("minProperties", COUNT),
    may("maxProperties", COUNT),
    may("minimum", FRACTION),
    may("maximum", FRACTION),
    may("minLength", COUNT),
    may("maxLength", COUNT),
    may("pattern", Text),
    may("example", Any),
    may("default", Any),
    may("anyOf", List(&SCHEMA)),
]);

/// In either case of letters.
const TYPES: [&str; 15] = [
    "STRING",
    "NUMBER",
    "INTEGER",
    "BOOLEAN",
    "ARRAY",
    "OBJECT",
    "NULL",
    "string",
    "number",
    "integer",
    "boolean",
    "array",
    "object",
    "null",
    "TYPE_UNSPECIFIED",
];

static TOOL_CONFIG: Shape = Object(&[
    may(
        "functionCallingConfig",
        Object(&[
            may("mode", Word(&["MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED"])),
            may("allowedFunctionNames", List(&Text)),
            may("streamFunctionCallArguments", Flag),
        ]),
    ),
    may("retrievalConfig", ANY_OBJECT),
    may("includeServerSideToolInvocations", Flag),
]);

static SAFETY: Shape = Object(&[may("category", Text), may("threshold", Text)]);

static GENERATION: Shape = Object(&[
    may("candidateCount", COUNT),
    may("stopSequences", List(&Text)),
    may("maxOutputTokens", COUNT),
    may("temperature", FRACTION),
    may("topP", FRACTION),
    may("topK", FRACTION),
    may("seed", COUNT),
    may("presencePenalty", FRACTION),
    may("frequencyPenalty", FRACTION),
    may("responseMimeType", Text),
    may("responseSchema", Same(&SCHEMA)),
    may("responseJsonSchema", Any),
    may("responseFormat", Any),
    may("responseModalities", List(&Text)),
    may("responseLogprobs", Flag),
    may("logprobs", COUNT),
    may("enableEnhancedCivicAnswers", Flag),
    may("speechConfig", ANY_OBJECT),
    may("imageConfig", ANY_OBJECT),
    may("audioTranscriptionConfig", ANY_OBJECT),
    may("mediaResolution", Text),
    may(
        "thinkingConfig",
        Object(&[
            may("includeThoughts", Flag),
            may("thinkingBudget", COUNT),
            may(
                "thinkingLevel",
                Word(&[
                    "THINKING_LEVEL_UNSPECIFIED",
                    "MINIMAL",
                    "LOW",
                    "MEDIUM",
                    "HIGH",
                    "XHIGH",
                    "minimal",
                    "low",
                    "medium",
                    "high",
                    "xhigh",
                ]),
            ),
        ]),
    ),
]);

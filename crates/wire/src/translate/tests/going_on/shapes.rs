//! Frames as suppliers send them in a row, and others that look like them.

use proptest::prelude::*;

use super::*;

/// What a supplier counts: mostly whole numbers of a few digits, now and then something else.
pub(super) fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (0_u32..1_000).prop_map(|number| number.to_string()),
        1 => prop::sample::select(&[
            "999999999", "1000000000", "4294967296", "18446744073709551615", "18446744073709551616", "-1", "1.0", "2.9", "1e2", "1E2",
            "007", "00", "\"5\"", "null", "[1]", "{\"promptTokenCount\":3}", "", "1,\"promptTokenCount\":4",
        ][..]).prop_map(str::to_owned),
    ]
}

/// Stand for the numbers.
const NUMBERS: [&str; 2] = ["\"#0\"", "\"#1\""];

/// What frames are about, the commonest first: the text of each is put in, and the numbers.
pub(super) fn shapes(supplier: Protocol, text: &str, numbers: &[String; 2]) -> Vec<String> {
    let shapes = match supplier {
        Protocol::OpenaiChat => chat(text),
        Protocol::OpenaiResponses => responses(text),
        Protocol::AnthropicMessages => messages(text),
        Protocol::Gemini => gemini(text),
        _ => cohere(text),
    };
    let said = |shape: Value| {
        let pairs = NUMBERS.into_iter().zip(numbers);
        pairs.fold(shape.to_string(), |shape, (name, number)| shape.replace(name, number))
    };
    shapes.into_iter().map(said).collect()
}

fn chat(text: &str) -> Vec<Value> {
    let chunk = |delta: Value| json!({"id": "c", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": null}]});
    let call = json!({"index": 0, "id": "1", "function": {"name": "f", "arguments": text}});
    let mut tiered = chunk(json!({"content": text}));
    tiered["service_tier"] = json!("flex");
    let mut ended = chunk(json!({}));
    ended["service_tier"] = json!("priority");
    ended["usage"] = json!({"prompt_tokens": "#0", "completion_tokens": "#1"});
    vec![
        chunk(json!({"content": text})),
        chunk(json!({"content": text, "obfuscation": "x"})),
        chunk(json!({"reasoning_content": text})),
        chunk(json!({"tool_calls": [call]})),
        chunk(json!({"content": text, "reasoning_content": text})),
        json!({"choices": [{"index": 1, "delta": {"content": text}}]}),
        tiered,
        ended,
    ]
}

fn responses(text: &str) -> Vec<Value> {
    let event = |kind: &str, more: Value| {
        let mut event = json!({"type": format!("response.{kind}"), "sequence_number": "#0", "item_id": "i", "output_index": 0, "content_index": 0});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    let delta = |kind: &str, more: Value| {
        let mut event = event(&format!("{kind}.delta"), more);
        event["delta"] = json!(text);
        event
    };
    let call = json!({"type": "function_call", "call_id": "1", "name": "f", "arguments": ""});
    let usage = json!({"input_tokens": "#0", "output_tokens": "#1"});
    vec![
        delta("output_text", json!({"logprobs": []})),
        delta("output_text", json!({"logprobs": [], "obfuscation": text})),
        delta("output_text", json!({"logprobs": [{"token": "a", "logprob": 0}]})),
        delta("output_text", json!({"output_index": 2})),
        delta("refusal", json!({})),
        delta("reasoning_summary_text", json!({"summary_index": 0})),
        delta("reasoning_summary_text", json!({"summary_index": "#1"})),
        delta("output_text", json!({"usage": usage})),
        event("output_item.added", json!({"output_index": 1, "item": call})),
        delta("function_call_arguments", json!({"output_index": 1})),
        event("output_text.done", json!({"text": text})),
        event("content_part.done", json!({})),
        event(
            "output_item.done",
            json!({"item": {"type": "message", "content": [{"type": "output_text", "text": text}]}}),
        ),
        event("in_progress", json!({"response": {"usage": usage, "service_tier": "flex"}})),
    ]
}

fn messages(text: &str) -> Vec<Value> {
    let delta =
        |index: u32, delta: Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
    let tool = json!({"type": "tool_use", "id": "1", "name": "f", "input": {}});
    let mut counted = delta(0, json!({"type": "text_delta", "text": text}));
    counted["usage"] = json!({"output_tokens": "#0"});
    vec![
        delta(0, json!({"type": "text_delta", "text": text})),
        delta(0, json!({"type": "thinking_delta", "thinking": text})),
        delta(1, json!({"type": "input_json_delta", "partial_json": text})),
        json!({"type": "content_block_start", "index": 1, "content_block": tool}),
        delta(0, json!({"type": "text_delta", "text": "a", "thinking": text})),
        json!({"type": "content_block_stop", "index": 0}),
        counted,
        json!({"type": "message_delta", "delta": {}, "usage": {"input_tokens": "#0", "output_tokens": "#1"}}),
    ]
}

fn gemini(text: &str) -> Vec<Value> {
    let with = |candidate: Value, usage: Value| {
        let mut usage_of_all = json!({"promptTokenCount": "#0", "candidatesTokenCount": "#1", "totalTokenCount": "#1",
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": "#0"}]});
        usage_of_all.as_object_mut().unwrap().extend(usage.as_object().unwrap().clone());
        json!({"candidates": [candidate], "usageMetadata": usage_of_all, "modelVersion": "m", "responseId": "r"})
    };
    let saying = |parts: Value| json!({"content": {"parts": parts, "role": "model"}, "index": 0});
    let said = |usage: Value| with(saying(json!([{"text": text}])), usage);
    let also = |more: Value| {
        let mut candidate = saying(json!([{"text": text}]));
        candidate.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        with(candidate, json!({}))
    };
    let search = json!({"webSearchQueries": ["q"], "groundingChunks": [{"web": {"uri": "https://a.example", "title": "a"}}]});
    vec![
        said(json!({})),
        with(saying(json!([{"text": text, "thought": true}])), json!({"thoughtsTokenCount": "#1"})),
        with(saying(json!([{"text": text, "thoughtSignature": "c2ln"}])), json!({})),
        with(saying(json!([{"text": text}, {"text": text}])), json!({})),
        with(saying(json!([{"functionCall": {"name": "f", "args": {"a": text}}}])), json!({})),
        also(json!({"finishReason": "STOP"})),
        also(json!({"index": 1})),
        also(json!({"groundingMetadata": search})),
        also(json!({"safetyRatings": [{"category": "c", "probability": "LOW"}]})),
        said(json!({"promptTokensDetails": [{"modality": "AUDIO", "tokenCount": "#0"}]})),
        said(
            json!({"candidatesTokensDetails": [{"tokenCount": "#1", "modality": "IMAGE"}], "trafficType": "ON_DEMAND_FLEX"}),
        ),
        said(json!({"cachedContentTokenCount": "#0", "toolUsePromptTokenCount": "#1"})),
        said(json!({"more": {"promptTokenCount": "#1"}})),
        json!({"candidates": [saying(json!([{"text": text}]))]}),
        json!({"usageMetadata": {"promptTokenCount": "#0", "thoughtsTokenCount": "#1", "trafficType": "ON_DEMAND"}}),
    ]
}

fn cohere(text: &str) -> Vec<Value> {
    let event = |kind: &str, message: Value| json!({"type": kind, "index": 0, "delta": {"message": message}});
    let call = json!({"id": "1", "function": {"name": "f", "arguments": ""}});
    vec![
        event("content-delta", json!({"content": {"text": text}})),
        event("content-delta", json!({"content": {"thinking": text}})),
        event("content-end", json!({"content": {"text": text}})),
        event("content-start", json!({"content": {"text": text}})),
        event("tool-call-start", json!({"tool_calls": call})),
        event("tool-call-delta", json!({"tool_calls": {"function": {"arguments": text}}})),
    ]
}

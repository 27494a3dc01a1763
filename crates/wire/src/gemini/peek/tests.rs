//! What the peek sees in this dialect.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn seen(body: &str) -> Peek<'_> {
    peek(body.as_bytes()).unwrap_or_else(|error| panic!("{error}: {body}"))
}

#[test]
fn what_decides_where_a_request_goes() {
    let body = r#" {"contents":[{"role":"user","parts":[{"text":"12345"},{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]},
        {"role":"model","parts":[{"functionCall":{"name":"f","args":{"ab":"c"}},"thoughtSignature":"EEEE"}]},
        {"role":"user","parts":[{"functionResponse":{"name":"f","response":{"x":"yz"},"parts":[{"inlineData":{"mimeType":"application/pdf","data":"BB"}}]}}]}],
        "systemInstruction":{"role":"model","parts":[{"text":"be"}]},
        "tools":[{"functionDeclarations":[{"name":"f","description":"dd"}]},{"googleSearch":{}}],
        "generationConfig":{"maxOutputTokens":99,"candidateCount":2,"responseMimeType":"application/json","responseSchema":{"type":"OBJECT"},
        "thinkingConfig":{"thinkingBudget":-1},"responseLogprobs":true,"responseModalities":["TEXT","AUDIO"]}}"#;
    let peek = seen(body);
    assert_eq!((peek.max_tokens, peek.n, peek.messages_count), (Some(99), Some(2), 3));
    assert_eq!((peek.stream, peek.model.as_ref(), peek.object_open, peek.is_empty), (false, None, 2, false));
    assert!(body[peek.messages.clone().unwrap()].starts_with(r#"[{"role":"user""#));
    assert_eq!(&body[peek.system.clone().unwrap()], r#"{"role":"model","parts":[{"text":"be"}]}"#);
    let needs = Needs::IMAGES | Needs::DOCUMENTS | Needs::TOOLS | Needs::WEB_SEARCH | Needs::MULTIPLE_CHOICES;
    let needs = needs | Needs::JSON_SCHEMA | Needs::REASONING | Needs::LOGPROBS | Needs::AUDIO_OUT;
    assert_eq!(peek.needs, needs);
    let texts =
        ["12345", "name", "f", "args", "ab", "c", "f", "x", "yz", "be", "name", "f", "description", "dd"];
    assert_eq!(peek.text_bytes, texts.map(str::len).iter().sum::<usize>() as u64);
}

#[test]
fn d12_a_prompt_that_is_counted_may_stand_in_a_request() {
    let inner =
        r#"{"systemInstruction":{"parts":[{"text":"abc"}]},"contents":[{"parts":[{"text":"four score"}]}]}"#;
    let outer = format!(r#"{{"generateContentRequest":{inner}}}"#);
    let (inner, outer) = (seen(inner), seen(&outer));
    assert!(inner.text_bytes > 0);
    assert_eq!(outer.text_bytes, inner.text_bytes);
    assert_eq!(outer.messages_count, 1);
}

#[test]
fn both_spellings_say_the_same() {
    let camel = r#"{"systemInstruction":{"parts":[{"text":"s"}]},"generationConfig":{"maxOutputTokens":1,"candidateCount":3,
        "responseMimeType":"application/json","responseJsonSchema":{"type":"object"},"thinkingConfig":{"thinkingLevel":"LOW"}},
        "contents":{"parts":{"inlineData":{"mimeType":"audio/wav","data":"A"}}},"tools":[{"functionDeclarations":[{"name":"f"}]}]}"#;
    let mut snake = camel.to_owned();
    for name in [
        "systemInstruction",
        "generationConfig",
        "maxOutputTokens",
        "candidateCount",
        "responseMimeType",
        "responseJsonSchema",
        "thinkingConfig",
        "thinkingLevel",
        "inlineData",
        "mimeType",
        "functionDeclarations",
    ] {
        let spelt: String = name
            .chars()
            .flat_map(|letter| letter.is_uppercase().then_some('_').into_iter().chain(letter.to_lowercase()))
            .collect();
        snake = snake.replace(&format!("\"{name}\""), &format!("\"{spelt}\""));
    }
    let (one, other) = (seen(camel), seen(&snake));
    assert_eq!(
        (one.max_tokens, one.n, one.needs, one.text_bytes),
        (other.max_tokens, other.n, other.needs, other.text_bytes)
    );
    assert_eq!(
        one.needs,
        Needs::MULTIPLE_CHOICES | Needs::JSON_SCHEMA | Needs::REASONING | Needs::AUDIO_IN | Needs::TOOLS
    );
}

#[test]
fn needs_are_said_not_guessed() {
    let needs = |config: &str| seen(&format!(r#"{{"generationConfig":{{{config}}}}}"#)).needs;
    assert_eq!(needs(r#""thinkingConfig":{"thinkingBudget":0}"#), Needs::NONE);
    assert_eq!(needs(r#""thinkingConfig":{"includeThoughts":false,"thinkingLevel":null}"#), Needs::NONE);
    assert_eq!(needs(r#""thinkingConfig":{"includeThoughts":true}"#), Needs::REASONING);
    assert_eq!(needs(r#""responseMimeType":"application/json""#), Needs::JSON_MODE);
    assert_eq!(needs(r#""responseMimeType":"text/plain","candidateCount":1"#), Needs::NONE);
    assert_eq!(seen(r#"{"tools":[{"functionDeclarations":[]},{"googleSearch":null}]}"#).needs, Needs::NONE);
    assert_eq!(seen(r#"{"contents":[{"role":"model","parts":[]}]}"#).needs, Needs::PREFILL);
}

#[test]
fn what_is_ambiguous_is_refused() {
    for (body, key) in [
        (r#"{"contents":[],"contents":[]}"#, "contents"),
        (r#"{"systemInstruction":{},"system_instruction":{}}"#, "systemInstruction"),
        (
            r#"{"generationConfig":{"maxOutputTokens":1,"max_output_tokens":2}}"#,
            "generationConfig.maxOutputTokens",
        ),
        (r#"{"tools":[],"\u0074ools":[]}"#, "tools"),
    ] {
        assert_eq!(peek(body.as_bytes()), Err(PeekError::Duplicate { key }), "{body}");
    }
    assert_eq!(peek(b"[]"), Err(PeekError::NotAnObject));
    assert!(matches!(peek(b"{\"contents\":"), Err(PeekError::NotJson { .. })));
    assert!(matches!(peek(b"{} x"), Err(PeekError::NotJson { .. })));
    let deep = format!(r#"{{"contents":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    assert_eq!(peek(deep.as_bytes()), Err(PeekError::TooDeep));
    assert!(seen("{}").is_empty);
}

proptest! {
    #[test]
    fn it_takes_what_serde_takes(
        bytes in proptest::collection::vec(any::<u8>(), 0..4), at in any::<prop::sample::Index>(),
    ) {
        let mut body = br#"{"contents":[{"role":"user","parts":[{"text":"a\u00e4"}]}],"generationConfig":{"topK":-1.5e3}}"#.to_vec();
        let at = at.index(body.len());
        body.splice(at..(at + bytes.len()).min(body.len()), bytes);
        let serde = serde_json::from_slice::<Value>(&body);
        match peek(&body) {
            Ok(_) => prop_assert!(serde.is_ok_and(|value| value.is_object())),
            Err(PeekError::Duplicate { .. } | PeekError::NotAnObject) => prop_assert!(serde.is_ok()),
            Err(_) => prop_assert!(serde.is_err()),
        }
    }
}

//! Why an answer ended: the supplier's own word, never one of ours.

use super::*;

use Protocol::{
    AnthropicMessages, BedrockConverse, CohereChat, Gemini, OllamaChat, OpenaiChat, OpenaiResponses,
};

/// A whole answer of each supplier, the member in it that says why it ended, and a word for that.
fn answers() -> [(Protocol, Value, &'static str, &'static str); 6] {
    let openai = json!({"id": "c", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "At six."}}]});
    let messages = json!({"id": "c", "type": "message", "role": "assistant", "model": "m",
        "content": [{"type": "text", "text": "At six."}], "usage": {"input_tokens": 1, "output_tokens": 1}});
    let converse = json!({"output": {"message": {"role": "assistant", "content": [{"text": "At six."}]}},
        "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}});
    let gemini =
        json!({"candidates": [{"index": 0, "content": {"role": "model", "parts": [{"text": "At six."}]}}]});
    let cohere = json!({"id": "c", "message": {"role": "assistant", "content": [{"type": "text", "text": "At six."}]}});
    let ollama = json!({"model": "m", "created_at": "2026-11-29T12:00:00Z", "done": true,
        "message": {"role": "assistant", "content": "At six."}});
    [
        (OpenaiChat, openai, "/choices/0/finish_reason", "stop"),
        (AnthropicMessages, messages, "/stop_reason", "end_turn"),
        (BedrockConverse, converse, "/stopReason", "end_turn"),
        (Gemini, gemini, "/candidates/0/finishReason", "STOP"),
        (CohereChat, cohere, "/finish_reason", "COMPLETE"),
        (OllamaChat, ollama, "/done_reason", "stop"),
    ]
}

fn with(mut answer: Value, place: &str, word: Value) -> Value {
    let (object, member) = place.rsplit_once('/').unwrap();
    answer.pointer_mut(object).unwrap()[member] = word;
    answer
}

#[test]
fn p2_a_whole_answer_that_does_not_say_why_it_ended_is_none() {
    let clients = [OpenaiChat, OpenaiResponses, AnthropicMessages, Gemini, BedrockConverse];
    for (supplier, without, place, word) in answers() {
        for client in clients.into_iter().filter(|client| *client != supplier) {
            let told = |answer: &Value| {
                let dialect = translator(client).client().unwrap();
                answer_of(&answer.to_string(), supplier, dialect).map(|_| ())
            };
            assert_eq!(told(&with(without.clone(), place, json!(word))), Ok(()), "{supplier} {client}");
            let cut = Err(TranslateError::Failed(Failure::Broken(Broken::Cut)));
            assert_eq!(told(&without), cut, "{supplier} {client}");
            assert_eq!(told(&with(without.clone(), place, Value::Null)), cut, "{supplier} {client}");
        }
    }
}

fn answer_of(
    body: &str,
    supplier: Protocol,
    client: &'static dyn ClientTranslator,
) -> Result<Encoded, TranslateError> {
    answer(body.as_bytes(), translator(supplier), client, &Undo::default(), &about())
}

//! OpenAI Chat Completions as OpenAI's SDKs ask and read them.

use secrecy::SecretString;
use serde_json::{Value, json};
use upstream::Credential;

use super::Question;
use super::sdk::{Event, Sdk, SoFar, UnsendableKey, text};

/// The protocol's row.
#[derive(Debug)]
pub(super) struct OpenAi;

impl Sdk for OpenAi {
    fn path(&self) -> &'static str {
        "/v1/chat/completions"
    }

    fn credential(&self, key: &SecretString) -> Result<Credential, UnsendableKey> {
        Credential::bearer(key).map_err(|_| UnsendableKey)
    }

    fn standing_headers(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    fn request_id_header(&self) -> &'static str {
        "x-request-id"
    }

    fn body(&self, question: &Question<'_>) -> Value {
        let system = question.system.map(|words| json!({ "role": "system", "content": words }));
        let user = json!({ "role": "user", "content": question.user });
        let messages: Vec<Value> = system.into_iter().chain([user]).collect();
        let mut body = json!({ "model": question.model, "messages": messages, "stream": question.stream });
        if let Some(most) = question.max_tokens {
            body["max_completion_tokens"] = most.into();
        }
        body
    }

    fn event(&self, event: &Event<'_>, so_far: &mut SoFar) -> Result<String, String> {
        if event.data == b"[DONE]" {
            so_far.ended = true;
            return Ok(String::new());
        }
        let chunk = event.json()?;
        if chunk.get("choices").is_none_or(|choices| !choices.is_array()) {
            return Err("a chunk has no choices".to_owned());
        }
        note(&chunk, so_far);
        Ok(text(&chunk, "/choices/0/delta/content").unwrap_or_default().to_owned())
    }

    fn whole(&self, body: &Value, so_far: &mut SoFar) -> Result<String, String> {
        note(body, so_far);
        let content = text(body, "/choices/0/message/content").ok_or("the answer has no message")?;
        Ok(content.to_owned())
    }
}

fn note(value: &Value, so_far: &mut SoFar) {
    if let Some(id) = text(value, "/id") {
        so_far.id.get_or_insert_with(|| id.to_owned());
    }
    if let Some(finish) = text(value, "/choices/0/finish_reason") {
        so_far.finish = Some(finish.to_owned());
    }
}

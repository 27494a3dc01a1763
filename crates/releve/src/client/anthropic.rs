//! Anthropic Messages as Anthropic's SDKs ask and read them.

use secrecy::SecretString;
use serde_json::{Value, json};
use upstream::Credential;

use super::Question;
use super::sdk::{Event, Sdk, SoFar, UnsendableKey, text};

/// The protocol wants a figure in each request.
const GENEROUS_TOKENS: u32 = 4096;

/// The protocol's row.
#[derive(Debug)]
pub(super) struct Anthropic;

impl Sdk for Anthropic {
    fn path(&self) -> &'static str {
        "/v1/messages"
    }

    fn credential(&self, key: &SecretString) -> Result<Credential, UnsendableKey> {
        Credential::header(http::HeaderName::from_static("x-api-key"), key).map_err(|_| UnsendableKey)
    }

    fn standing_headers(&self) -> &'static [(&'static str, &'static str)] {
        &[("anthropic-version", "2023-06-01")]
    }

    fn request_id_header(&self) -> &'static str {
        "request-id"
    }

    fn body(&self, question: &Question<'_>) -> Value {
        let mut body = json!({
            "model": question.model,
            "max_tokens": question.max_tokens.unwrap_or(GENEROUS_TOKENS),
            "messages": [{ "role": "user", "content": question.user }],
            "stream": question.stream,
        });
        if let Some(system) = question.system {
            body["system"] = system.into();
        }
        body
    }

    fn event(&self, event: &Event<'_>, so_far: &mut SoFar) -> Result<String, String> {
        let data = event.json()?;
        let kind = text(&data, "/type").unwrap_or_default();
        if kind.as_bytes() != event.name {
            return Err(format!("an event's name and type differ: {kind}"));
        }
        match kind {
            "message_start" => so_far.id = text(&data, "/message/id").map(str::to_owned),
            "ping" => {}
            _ if so_far.id.is_none() => return Err(format!("{kind} came before message_start")),
            "content_block_delta" => return Ok(text(&data, "/delta/text").unwrap_or_default().to_owned()),
            "message_delta" => so_far.finish = text(&data, "/delta/stop_reason").map(str::to_owned),
            "message_stop" => so_far.ended = true,
            _ => {}
        }
        Ok(String::new())
    }

    fn whole(&self, body: &Value, so_far: &mut SoFar) -> Result<String, String> {
        so_far.id = text(body, "/id").map(str::to_owned);
        so_far.finish = text(body, "/stop_reason").map(str::to_owned);
        let blocks = body.get("content").and_then(Value::as_array).ok_or("the answer has no content")?;
        Ok(blocks.iter().filter_map(|block| text(block, "/text")).collect())
    }
}

//! A supplier's answers in neutral terms. A line says its thinking first, then its text, then its calls.

mod stream;
#[cfg(test)]
mod tests;

use bytes::Bytes;

pub(super) use self::stream::Stream;
use super::line::{Arguments, Call, Line};
use crate::call_id;
use crate::classify;
use crate::conversation::{
    Answer, Block, Choice, Content, FinishReason, Loss, Media, MediaKind, MediaSource, Reasoning, Text,
    ToolCall, ToolInput, TranslateError,
};
use crate::scan::ScanError;
use crate::translate::note;

const NO_PLACE: &str = "only answers' text has these";

/// A whole answer.
pub(super) fn answer(body: &[u8]) -> Result<Answer, TranslateError> {
    let line = Line::read(body).map_err(malformed)?;
    if line.is_error {
        return Err(TranslateError::Failed(classify::hidden_error(body)));
    }
    if !line.has_message {
        return Err(TranslateError::malformed("message", "is missing"));
    }
    let mut losses = Vec::new();
    name_unknown(&line, &mut losses);
    let mut contents = Vec::new();
    if let Some(text) = line.thinking.filter(|text| !text.raw.is_empty()) {
        let text = text.unescape().into_owned();
        contents.push(Content::Reasoning(Reasoning { text, proof: None, is_summary: false }));
    }
    if let Some(text) = line.content.filter(|text| !text.raw.is_empty()) {
        let text = text.unescape().into_owned();
        contents.push(Content::Text(Text { text, logprobs: line.tokens.clone(), ..Text::default() }));
    } else if !line.tokens.is_empty() {
        note(&mut losses, Loss::new("logprobs", NO_PLACE));
    }
    let calls = line.calls.iter().enumerate();
    contents.extend(calls.map(|(place, call)| Content::ToolCall(tool_call(call, body, place))));
    contents.extend(line.images.iter().map(|data| Content::Media(image(&data.unescape()))));
    let choice = Choice {
        blocks: contents.into_iter().map(Block::from).collect(),
        finish: line.reason.map(|word| finish(&word.unescape())),
    };
    Ok(Answer {
        id: None,
        model: line.model.map(|name| name.unescape().into_owned()),
        choices: vec![choice],
        usage: line.usage(),
        service: None,
        losses,
    })
}

/// Why it ended. `load` and `unload` are of requests without messages, which ours are not; another word is kept as it is.
fn finish(word: &str) -> FinishReason {
    match word {
        "stop" => FinishReason::Stop,
        "length" => FinishReason::Length,
        other => FinishReason::Other(other.to_owned()),
    }
}

fn tool_call(call: &Call<'_>, bytes: &[u8], place: usize) -> ToolCall {
    let id = call.id.map_or_else(|| call_id::made(bytes, place), |id| id.unescape().into_owned());
    let name = call.name.map(|name| name.unescape().into_owned()).unwrap_or_default();
    ToolCall { id, name, input: ToolInput::Arguments(arguments(call)), proof: None }
}

/// The arguments' own text; `{}` where there are none.
fn arguments(call: &Call<'_>) -> Bytes {
    match call.arguments {
        Some(Arguments::Json(json)) => Bytes::copy_from_slice(json),
        Some(Arguments::Quoted(text)) if !text.raw.trim_ascii().is_empty() => {
            text.unescape().into_owned().into()
        }
        _ => Bytes::from_static(b"{}"),
    }
}

fn image(data: &str) -> Media {
    Media {
        kind: MediaKind::Image,
        media_type: None,
        source: MediaSource::Base64(data.to_owned().into()),
        name: None,
        detail: None,
        about: None,
    }
}

fn name_unknown(line: &Line<'_>, losses: &mut Vec<Loss>) {
    for name in &line.unknown {
        note(losses, Loss::new(format!("message.{name}"), "not known here"));
    }
}

fn malformed(error: ScanError) -> TranslateError {
    TranslateError::malformed(format!("byte {}", error.offset()), error.what.as_str())
}

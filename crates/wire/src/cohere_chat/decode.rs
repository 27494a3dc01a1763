//! A supplier's answers in neutral terms.

mod order;
mod stream;
#[cfg(test)]
mod tests;

pub(super) use self::stream::Stream;
use super::finish;
use super::message::{Message, Part};
use super::pieces::{Call, Chunk, Cited};
use crate::call_id;
use crate::classify;
use crate::conversation::{
    Answer, Block, Choice, Content, Loss, Reasoning, ToolCall, ToolInput, TranslateError,
};
use crate::scan::{self, ScanError};
use crate::translate::note;

const NO_PLACE: &str = "only answers' text has these";
const UNKNOWN: &str = "not known here";

/// A whole answer. The plan, which is what a model thinks before it calls tools, comes as reasoning before the calls.
pub(super) fn answer(body: &[u8]) -> Result<Answer, TranslateError> {
    let message = Message::read(body).map_err(malformed)?;
    if message.is_error {
        return Err(TranslateError::Failed(classify::hidden_error(body)));
    }
    if !message.is_answer {
        return Err(TranslateError::malformed("message", "is missing"));
    }
    let finish = message.finish.map(|word| finish::reason(&word.unescape())).transpose();
    let finish = finish.map_err(TranslateError::Failed)?;
    let mut losses = Vec::new();
    for name in &message.unknown {
        note(&mut losses, Loss::new(format!("message.{name}"), UNKNOWN));
    }
    let mut blocks = blocks(&message.content, &mut losses);
    cite(&mut blocks, message.citations, &mut losses);
    weigh(&mut blocks, message.chunks, &mut losses);
    let mut blocks: Vec<Block> = blocks.into_iter().flatten().map(Block::from).collect();
    blocks.extend(message.plan.map(|plan| reasoning(plan).into()));
    let calls = message.calls.iter().enumerate();
    blocks.extend(calls.map(|(place, call)| Content::ToolCall(tool_call(call, body, place)).into()));
    Ok(Answer {
        id: message.id.map(|id| id.unescape().into_owned()),
        model: None,
        choices: vec![Choice { blocks, finish }],
        usage: message.usage,
        service: None,
        losses,
    })
}

/// The content blocks, each in its place, since citations count them; `None` for what is empty or unknown.
fn blocks(parts: &[Part<'_>], losses: &mut Vec<Loss>) -> Vec<Option<Content>> {
    let each = parts.iter().map(|part| match part {
        Part::Text(text) | Part::Thinking(text) if text.raw.is_empty() => None,
        Part::Text(text) => Some(Content::text(text.unescape())),
        Part::Thinking(text) => Some(reasoning(*text)),
        Part::Other(kind) => {
            note(losses, Loss::new(format!("content.{kind}"), UNKNOWN));
            None
        }
    });
    each.collect()
}

fn reasoning(text: scan::Text<'_>) -> Content {
    let text = text.unescape().into_owned();
    Content::Reasoning(Reasoning { text, proof: None, is_summary: false })
}

/// Puts citations on the text that cites: the block that they name, or the last text.
fn cite(blocks: &mut [Option<Content>], citations: Vec<Cited>, losses: &mut Vec<Loss>) {
    let is_text = |block: &Option<Content>| matches!(block, Some(Content::Text(_)));
    let last = blocks.iter().rposition(is_text);
    for cited in citations {
        let named = cited.content_index.and_then(|index| usize::try_from(index).ok());
        let place = named.or(last).filter(|_| cited.is_in_text);
        match place.and_then(|place| blocks.get_mut(place)) {
            Some(Some(Content::Text(text))) => text.citations.extend(cited.into_citations()),
            _ => note(losses, Loss::new("citations", NO_PLACE)),
        }
    }
}

/// Puts probabilities on the text whose pieces they are: they stand in one list for all that was generated, so the
/// last text takes as many from the end as it is made of.
fn weigh(blocks: &mut [Option<Content>], mut chunks: Vec<Chunk>, losses: &mut Vec<Loss>) {
    if chunks.is_empty() {
        return;
    }
    let texts = blocks.iter_mut().flatten().filter_map(|block| match block {
        Content::Text(text) => Some(text),
        _ => None,
    });
    let taken = texts.last().and_then(|text| {
        let first = beginning(&text.text, &chunks)?;
        let tokens: Option<Vec<_>> = chunks.drain(first..).map(Chunk::into_token).collect();
        text.logprobs = tokens?;
        Some(())
    });
    if taken.is_none() || !chunks.is_empty() {
        note(losses, Loss::new("logprobs", NO_PLACE));
    }
}

/// The first of the last chunks that make up the whole of `text`.
fn beginning(text: &str, chunks: &[Chunk]) -> Option<usize> {
    let mut rest = text;
    for (place, chunk) in chunks.iter().enumerate().rev() {
        rest = rest.strip_suffix(chunk.text.as_str())?;
        if rest.is_empty() {
            return Some(place);
        }
    }
    None
}

/// A call; `{}` where it is called with nothing.
fn tool_call(call: &Call<'_>, body: &[u8], place: usize) -> ToolCall {
    let arguments = call.arguments.map(|text| text.unescape().into_owned());
    let arguments = arguments.filter(|text| !text.trim().is_empty()).unwrap_or_else(|| "{}".to_owned());
    let input = ToolInput::Arguments(arguments.into());
    ToolCall { id: call_id_of(call, body, place), name: name_of(call), input, proof: None }
}

fn call_id_of(call: &Call<'_>, bytes: &[u8], place: usize) -> String {
    let given = call.id.filter(|id| !id.raw.is_empty());
    given.map_or_else(|| call_id::made(bytes, place), |id| id.unescape().into_owned())
}

fn name_of(call: &Call<'_>) -> String {
    call.name.map(|name| name.unescape().into_owned()).unwrap_or_default()
}

fn malformed(error: ScanError) -> TranslateError {
    TranslateError::malformed(format!("byte {}", error.offset()), error.what.as_str())
}

//! A supplier's whole answer.

use catalogue::Protocol;

use super::super::extras::SIGNATURE;
use super::super::ids::CallIds;
use super::super::read::Losses;
use super::super::reasoning::{joined, weave};
use super::super::reply::{Call, Choice as Said, Message, Piece, Reply};
use super::super::words;
use crate::classify;
use crate::conversation::{
    Answer, Block, Choice, Content, Opaque, Reasoning, Text, ToolCall, ToolInput, TranslateError,
};

pub(in super::super) fn decode(body: &[u8]) -> Result<Answer, TranslateError> {
    let mut losses = Losses::default();
    let reply = Reply::read(body, &mut losses)
        .map_err(|error| TranslateError::malformed("", error.what.as_str()))?
        .ok_or_else(|| TranslateError::malformed("", "an object was expected"))?;
    if reply.is_error {
        return Err(TranslateError::Failed(classify::hidden_error(body)));
    }
    if reply.choices.is_empty() {
        return Err(TranslateError::malformed("choices", "there are none"));
    }
    let mut ids = CallIds::default();
    ids.of(reply.id.as_deref(), reply.created);
    let mut said = reply.choices;
    said.sort_by_key(|choice| choice.index);
    let choices = said.into_iter().map(|choice| read_choice(choice, &mut ids, &mut losses));
    let choices = choices.collect::<Result<Vec<_>, _>>()?;
    let Reply { id, model, usage, service, .. } = reply;
    Ok(Answer { id, model, choices, usage, service, losses: losses.into_vec() })
}

fn read_choice(said: Said, ids: &mut CallIds, losses: &mut Losses) -> Result<Choice, TranslateError> {
    let Said { message, finish, stopped_by, logprobs, .. } = said;
    let Message { content, refusal, reasoning, entries, calls, citations, media, proof } = message;
    let mut texts = content_blocks(content);
    if let Some(text) = last_text(&mut texts) {
        text.citations = citations;
        text.logprobs = logprobs;
        text.proof = proof.map(signature);
    } else {
        if !(citations.is_empty() && logprobs.is_empty()) {
            losses.note("annotations", "there is no text that they are for");
        }
        // Google's signature also comes with an empty text, and is wanted back all the same.
        let proof = proof.map(|proof| Text { proof: Some(signature(proof)), ..Text::default() });
        texts.extend(proof.map(|text| Block::from(Content::Text(text))));
    }
    texts.extend(refusal.map(|refusal| Block::from(Content::Refusal(refusal))));
    texts.extend(media.into_iter().map(|media| Block::from(Content::Media(media))));
    let calls = calls.into_iter().map(|call| read_call(call, ids).map(Block::from));
    let calls = calls.collect::<Result<Vec<_>, _>>()?;
    let blocks = weave(texts, &joined(reasoning, entries), calls, losses);
    Ok(Choice { blocks, finish: finish.map(|word| words::read_finish(&word, stopped_by)) })
}

/// Pieces of the same kind in a row are one block.
fn content_blocks(pieces: Vec<Piece>) -> Vec<Block> {
    let mut blocks = Vec::<Block>::new();
    for piece in pieces {
        match (piece, blocks.last_mut().map(|block| &mut block.content)) {
            (Piece::Text(more), Some(Content::Text(text))) => text.text += &more,
            (Piece::Reasoning(more), Some(Content::Reasoning(reasoning))) => reasoning.text += &more,
            (Piece::Text(text), _) => blocks.push(Content::text(text).into()),
            (Piece::Reasoning(text), _) => {
                let reasoning = Reasoning { text, proof: None, is_summary: false };
                blocks.push(Content::Reasoning(reasoning).into());
            }
        }
    }
    blocks
}

fn last_text(blocks: &mut [Block]) -> Option<&mut Text> {
    blocks.iter_mut().rev().find_map(|block| match &mut block.content {
        Content::Text(text) => Some(text),
        _ => None,
    })
}

fn read_call(mut call: Call, ids: &mut CallIds) -> Result<Content, TranslateError> {
    let name = call.named()?;
    let input = match call.input {
        text if call.is_custom => ToolInput::Text(text),
        text if text.trim().is_empty() => ToolInput::Arguments("{}".into()),
        text => ToolInput::Arguments(text.into()),
    };
    let id = call.id.unwrap_or_else(|| ids.make());
    Ok(Content::ToolCall(ToolCall { id, name, input, proof: call.proof.map(signature) }))
}

/// Google's signature in this protocol's place for it.
pub(in super::super) fn signature(text: String) -> Opaque {
    Opaque::new(Protocol::OpenaiChat, SIGNATURE, text)
}

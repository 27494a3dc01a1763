//! What clients of this dialect carry for makers of other dialects: seals in the strings of `thinking` and
//! `redacted_thinking`, which clients give back as they got them and in their places.
//!
//! | what is carried | how |
//! |---|---|
//! | a thought and its maker's proof | `thinking`, the sealed proof as its `signature` |
//! | a thought without proof | `thinking`, the signature a seal that proves nothing |
//! | a proof without a thought to show | `redacted_thinking`, the seal as its `data` |
//! | the proof of a tool call, known before the call | `thinking` without text right before the `tool_use` |
//! | the proof of a tool call or text, known after it | `redacted_thinking` right behind it, the kind marked `behind:`; nothing where a text ends the turn |
//! | a block that only another dialect has | `redacted_thinking`, the kind marked `block:` |
//! | what a search's maker wants back of it | `redacted_thinking` right behind its two blocks, the kind marked `search:` |
//!
//! The proof of the text that ends a turn is left out: clients take an answer's last block for what was said, so one behind it
//! would hide it. (Claude Code 2.1.197 with `-p` then prints nothing.) That is no loss: the turn is over, and who signs texts
//! wants the signatures of the calls of a turn that goes on (ai.google.dev, "Thought signatures", read 2026-11-29).
//!
//! A proof of this dialect's own makers, of unknown owner, is its own text and no seal. A proof of an own maker stands on
//! a thought only, so a `thinking` without text and with a foreign seal is never a thought.

use std::borrow::Cow;

use catalogue::Protocol;

use super::search;
use crate::conversation::{Block, Content, Opaque, Reasoning, ToolCall};
use crate::scan::{Kind, Scanner};

/// The kind of a thought's proof, in this protocol's word.
pub(super) const SIGNATURE: &str = "signature";

/// The kind of what stands in a thought's place.
pub(super) const REDACTED: &str = "redacted";

const BEHIND: &str = "behind:";
const BLOCK: &str = "block:";
const SEARCH: &str = "search:";

const OWN: Protocol = Protocol::AnthropicMessages;

/// How a thought is put to a client.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Shape<'a> {
    /// `thinking`, with this signature.
    Thinking(Cow<'a, str>),
    /// `redacted_thinking`, with this data.
    Redacted(Cow<'a, str>),
    /// There is nothing to put.
    Nothing,
}

/// The shape of a thought.
pub(super) fn shape(has_text: bool, proof: Option<&Opaque>) -> Shape<'_> {
    match proof {
        None if has_text => Shape::Thinking(Opaque::unsigned(OWN).seal().into()),
        None => Shape::Nothing,
        Some(proof) if proof.protocol == OWN && proof.kind == SIGNATURE => {
            Shape::Thinking(proof.to_client(OWN))
        }
        Some(proof) if has_text => Shape::Thinking(proof.seal().into()),
        Some(proof) if proof.protocol == OWN && proof.kind == REDACTED => {
            Shape::Redacted(proof.to_client(OWN))
        }
        Some(proof) => Shape::Redacted(proof.seal().into()),
    }
}

/// The data of the `redacted_thinking` behind what `proof` proves; a text without a word is not there to be proved.
pub(super) fn behind(proof: &Opaque, is_there: bool) -> String {
    if is_there { marked(proof, BEHIND) } else { proof.seal() }
}

/// The data of the `redacted_thinking` that stands for a block of another dialect.
pub(super) fn block(opaque: &Opaque) -> String {
    marked(opaque, BLOCK)
}

/// The data of the `redacted_thinking` behind a search.
pub(super) fn behind_search(own: &Opaque) -> String {
    marked(own, SEARCH)
}

fn marked(opaque: &Opaque, mark: &str) -> String {
    Opaque { kind: format!("{mark}{}", opaque.kind).into(), ..opaque.clone() }.seal()
}

/// A block of a turn that a client gives back, before proofs are back where they belong.
#[derive(Debug)]
pub(super) enum Piece {
    /// A block of its own.
    Block(Block),
    /// The proof of the tool call behind it.
    Before(Opaque),
    /// The proof of what is before it.
    Behind(Opaque),
    /// A block that the maker of the search before it wants back.
    OfSearch(Opaque),
}

impl From<Content> for Piece {
    fn from(content: Content) -> Self {
        Self::Block(content.into())
    }
}

/// What a `thinking` block given back by a client is.
pub(super) fn thinking(text: String, signature: &str) -> Piece {
    let proof = Some(signature).filter(|signature| !signature.is_empty());
    let proof = proof.map(|signature| Opaque::given_back(OWN, SIGNATURE, signature));
    match proof {
        Some(proof) if proof.is_unsigned() => thought(text, None),
        Some(proof) if text.is_empty() && proof.protocol != OWN => Piece::Before(proof),
        proof => thought(text, proof),
    }
}

/// What a `redacted_thinking` block given back by a client is.
pub(super) fn redacted(data: &str) -> Piece {
    let mut proof = Opaque::given_back(OWN, REDACTED, data);
    if let Some(kind) = proof.kind.strip_prefix(BEHIND) {
        proof.kind = kind.to_owned().into();
        return Piece::Behind(proof);
    }
    if let Some(kind) = proof.kind.strip_prefix(SEARCH)
        && is_object(&proof.data)
    {
        proof.kind = kind.to_owned().into();
        return Piece::OfSearch(proof);
    }
    if let Some(kind) = proof.kind.strip_prefix(BLOCK)
        && is_object(&proof.data)
    {
        proof.kind = kind.to_owned().into();
        return Content::Opaque(proof).into();
    }
    thought(String::new(), Some(proof))
}

fn thought(text: String, proof: Option<Opaque>) -> Piece {
    Content::Reasoning(Reasoning { text, proof, is_summary: false }).into()
}

fn is_object(json: &str) -> bool {
    let Ok(mut scan) = Scanner::new(json.as_bytes()) else { return false };
    scan.kind() == Ok(Kind::Object) && scan.skip().is_ok() && scan.end().is_ok()
}

/// Puts proofs back where they belong. One that stands where nobody needs it becomes a thought without text.
pub(super) fn joined(pieces: Vec<Piece>) -> Vec<Block> {
    let mut blocks = Vec::<Block>::with_capacity(pieces.len());
    let mut waiting = None;
    for piece in pieces {
        match piece {
            Piece::Block(mut block) => {
                if let Some(proof) = waiting.take() {
                    match &mut block.content {
                        Content::ToolCall(call) => call.proof = Some(proof),
                        _ => blocks.push(lone(proof)),
                    }
                }
                search::push(&mut blocks, block);
            }
            Piece::OfSearch(own) => {
                blocks.extend(waiting.take().map(lone));
                match blocks.last_mut().map(|block| &mut block.content) {
                    Some(Content::Search(search)) => search.own.push(own),
                    _ => blocks.push(Content::Opaque(own).into()),
                }
            }
            Piece::Before(proof) => blocks.extend(waiting.replace(proof).map(lone)),
            Piece::Behind(proof) => {
                blocks.extend(waiting.take().map(lone));
                match blocks.last_mut().map(|block| &mut block.content) {
                    Some(Content::ToolCall(ToolCall { proof: place @ None, .. })) => *place = Some(proof),
                    Some(Content::Text(text)) if text.proof.is_none() => text.proof = Some(proof),
                    _ => blocks.push(lone(proof)),
                }
            }
        }
    }
    blocks.extend(waiting.map(lone));
    blocks
}

fn lone(proof: Opaque) -> Block {
    Content::Reasoning(Reasoning { text: String::new(), proof: Some(proof), is_summary: false }).into()
}

//! The turns as this dialect wants them: instructions apart, user and model in turn, results behind their calls.

use std::collections::HashMap;

use crate::anthropic_messages::losses::Losses;
use crate::conversation::{Block, Content, Request, Role, Target, TranslateError, Turn};
use catalogue::{Needs, Protocol};

/// The conversation in its new order.
#[derive(Debug, Default)]
pub(super) struct Arranged<'a> {
    pub(super) system: Vec<&'a Block>,
    pub(super) messages: Vec<Message<'a>>,
}

/// One message; never empty.
#[derive(Debug)]
pub(super) struct Message<'a> {
    pub(super) is_user: bool,
    pub(super) blocks: Vec<&'a Block>,
}

impl Arranged<'_> {
    /// Whether the answer goes on from a start that the client wrote. A turn that the supplier paused ends in a block of
    /// its own and is none.
    pub(super) fn is_prefilled(&self) -> bool {
        let last = self.messages.last().filter(|message| !message.is_user);
        let ends_in = last.and_then(|message| message.blocks.last());
        ends_in.is_some_and(|block| !matches!(block.content, Content::Opaque(_)))
    }

    pub(super) fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.messages.iter().flat_map(|message| message.blocks.iter().copied())
    }
}

/// Puts the turns of `request` in order.
pub(super) fn arrange<'a>(
    request: &'a Request,
    target: &Target<'_>,
    losses: &mut Losses,
) -> Result<Arranged<'a>, TranslateError> {
    let mut arranged = split(request, target, losses)?;
    without_trailing_thoughts(&mut arranged.messages, losses);
    results_behind_calls(&mut arranged.messages, losses)?;
    check_ends(&arranged, request, target)?;
    without_thoughts_in_a_start(&mut arranged, losses);
    Ok(arranged)
}

/// Instructions to the top; the rest into messages that alternate.
fn split<'a>(
    request: &'a Request,
    target: &Target<'_>,
    losses: &mut Losses,
) -> Result<Arranged<'a>, TranslateError> {
    let mut arranged = Arranged::default();
    let last_word = request.turns.iter().rposition(|turn| turn.role != Role::System);
    let by_model = last_word.is_some_and(|at| request.turns[at].role == Role::Assistant);
    for (at, turn) in request.turns.iter().enumerate() {
        if turn.name.as_deref().is_some_and(|name| !name.is_empty()) {
            losses.add("messages.name", "speakers of a role have no names there");
        }
        let blocks = kept(turn, target, losses)?;
        if turn.role != Role::System {
            push(&mut arranged.messages, turn.role == Role::User, blocks);
            continue;
        }
        if let Some(other) = blocks.iter().find(|block| !matches!(block.content, Content::Text(_))) {
            return Err(TranslateError::unsayable(
                format!("system.{}", what(&other.content)),
                "instructions are text there",
            ));
        }
        let is_behind = last_word.is_some_and(|last| at > last);
        if by_model && is_behind && !blocks.is_empty() {
            losses.add(
                "messages.role",
                "the last word has to be the user's: instructions behind the model's become that",
            );
            push(&mut arranged.messages, true, blocks);
        } else {
            if !arranged.messages.is_empty() && !blocks.is_empty() {
                losses.add("messages.order", "instructions stand at the top there, in their order");
            }
            arranged.system.extend(blocks);
        }
    }
    Ok(arranged)
}

/// Adds to the last message, or begins one.
fn push<'a>(messages: &mut Vec<Message<'a>>, is_user: bool, blocks: Vec<&'a Block>) {
    if blocks.is_empty() {
        return;
    }
    match messages.last_mut() {
        Some(last) if last.is_user == is_user => last.blocks.extend(blocks),
        _ => messages.push(Message { is_user, blocks }),
    }
}

/// The blocks of a turn that can go there.
fn kept<'a>(
    turn: &'a Turn,
    target: &Target<'_>,
    losses: &mut Losses,
) -> Result<Vec<&'a Block>, TranslateError> {
    let mut kept = Vec::with_capacity(turn.blocks.len());
    for block in &turn.blocks {
        let fits = match &block.content {
            Content::Media(_) | Content::ToolResult(_) => turn.role != Role::Assistant,
            Content::ToolCall(_) | Content::Reasoning(_) | Content::Search(_) => turn.role == Role::Assistant,
            Content::Text(_) | Content::Refusal(_) | Content::Opaque(_) => true,
        };
        if !fits {
            let what = format!("{}.{}", role(turn.role), what(&block.content));
            return Err(TranslateError::unsayable(what, "a turn of this role holds none there"));
        }
        if stays(&block.content, target, losses) {
            kept.push(block);
        } else if block.cache.is_some() {
            losses.add("cache_control", "the block that the mark stood behind is left out");
        }
    }
    Ok(kept)
}

/// Whether a block goes there at all.
fn stays(content: &Content, target: &Target<'_>, losses: &mut Losses) -> bool {
    match content {
        Content::Text(text) => says_something(&text.text, losses),
        Content::Refusal(text) => says_something(text, losses),
        Content::Reasoning(reasoning) => {
            let proof = reasoning.proof.as_ref();
            let is_own = proof.is_some_and(|proof| proof.is_for(Protocol::AnthropicMessages, target.owner));
            let says_something = !reasoning.text.is_empty() || proof.is_some();
            if says_something && !is_own {
                let what = if proof.is_some() { "reasoning.proof" } else { "reasoning" };
                losses.add(what, "only thoughts that the supplier signed itself go back to it");
            }
            is_own
        }
        Content::Opaque(opaque) => {
            let is_own = opaque.is_for(Protocol::AnthropicMessages, target.owner);
            if !is_own {
                losses.add(opaque.kind.clone(), "only its own maker can read it");
            }
            is_own
        }
        // Its maker's blocks stand in its place.
        Content::Search(_) => {
            losses.add("web_search", "a search that somebody else made");
            false
        }
        Content::Media(_) | Content::ToolCall(_) | Content::ToolResult(_) => true,
    }
}

/// Whether a text can stand: an empty one is refused, and a blank one where nothing else is said.
pub(super) fn says_something(text: &str, losses: &mut Losses) -> bool {
    let is_blank = text.trim().is_empty();
    if is_blank && !text.is_empty() {
        losses.add("text.blank", "a text of white space alone is refused there");
    }
    !is_blank
}

/// No message of the model's may end in a thought.
fn without_trailing_thoughts(messages: &mut Vec<Message<'_>>, losses: &mut Losses) {
    let mut emptied = false;
    for message in messages.iter_mut().filter(|message| !message.is_user) {
        while message.blocks.pop_if(|block| matches!(block.content, Content::Reasoning(_))).is_some() {
            losses.add("reasoning", "a turn cannot end in a thought there");
        }
        emptied |= message.blocks.is_empty();
    }
    if emptied {
        merge(messages);
    }
}

/// Drops empty messages and puts those together that come to stand side by side.
fn merge(messages: &mut Vec<Message<'_>>) {
    for message in std::mem::take(messages) {
        push(messages, message.is_user, message.blocks);
    }
}

/// Puts each result into the message right behind its call, first and in the order of the calls.
fn results_behind_calls(messages: &mut Vec<Message<'_>>, losses: &mut Losses) -> Result<(), TranslateError> {
    let mut results = HashMap::new();
    for (at, message) in messages.iter_mut().enumerate() {
        for block in message.blocks.extract_if(.., |block| matches!(block.content, Content::ToolResult(_))) {
            let Content::ToolResult(result) = &block.content else { continue };
            if results.insert(result.call_id.as_str(), (at, block)).is_some() {
                return Err(TranslateError::unsayable("tool_result", "a call has one result there"));
            }
        }
    }
    for at in 0..messages.len() {
        let calls = messages[at].blocks.iter().filter_map(|block| block.call());
        let mut answers = Vec::new();
        for call in calls {
            let Some((found, block)) = results.remove(call.id.as_str()) else {
                return Err(TranslateError::unsayable(
                    "tool_call",
                    "a call without a result is refused there",
                ));
            };
            if found <= at {
                return Err(TranslateError::unsayable(
                    "tool_result",
                    "a result stands behind its call there",
                ));
            }
            if found > at + 1 {
                losses.add("messages.order", "results stand right behind their calls there");
            }
            answers.push(block);
        }
        if !answers.is_empty() {
            // A result was found behind this message, so there is a next one, and it is the user's.
            messages[at + 1].blocks.splice(0..0, answers);
        }
    }
    if !results.is_empty() {
        return Err(TranslateError::unsayable("tool_result", "a result without its call is refused there"));
    }
    merge(messages);
    Ok(())
}

/// Something has to be said; the last word may be the model's only if that was meant and the model takes it. So may the first:
/// Anthropic has taken that since 2024-12 (anthropics/anthropic-sdk-typescript#622, read 2026-11-29).
fn check_ends(arranged: &Arranged<'_>, request: &Request, target: &Target<'_>) -> Result<(), TranslateError> {
    if arranged.messages.is_empty() {
        return Err(TranslateError::unsayable("messages", "something has to be said there"));
    }
    if arranged.messages.last().is_some_and(|last| last.is_user) {
        return Ok(());
    }
    if !request.is_prefilled() {
        return Err(TranslateError::unsayable(
            "messages",
            "the user's last turn says nothing that can be said there",
        ));
    }
    if arranged.is_prefilled() && target.capabilities.no.contains(Needs::PREFILL) {
        return Err(TranslateError::unsayable("prefill", "the model does not go on from a given start"));
    }
    Ok(())
}

/// A model that goes on from a given start does not think, and then no thoughts may stand in that.
fn without_thoughts_in_a_start(arranged: &mut Arranged<'_>, losses: &mut Losses) {
    if !arranged.is_prefilled() {
        return;
    }
    let Some(last) = arranged.messages.last_mut() else { return };
    let length = last.blocks.len();
    last.blocks.retain(|block| !matches!(block.content, Content::Reasoning(_)));
    if last.blocks.len() < length {
        losses.add("reasoning", "no thoughts stand in a given start there");
    }
}

/// A kind of block, in a word.
pub(super) fn what(content: &Content) -> &'static str {
    match content {
        Content::Text(_) => "text",
        Content::Refusal(_) => "refusal",
        Content::Media(media) => super::media::word(media.kind),
        Content::ToolCall(_) => "tool_call",
        Content::ToolResult(_) => "tool_result",
        Content::Reasoning(_) => "reasoning",
        Content::Search(_) => "web_search",
        Content::Opaque(_) => "opaque",
    }
}

const fn role(role: Role) -> &'static str {
    match role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    }
}

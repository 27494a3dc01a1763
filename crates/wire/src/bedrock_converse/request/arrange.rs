//! Putting turns in the order that Converse wants: the user first, roles in turn, results directly behind their calls
//! and in the calls' order, nothing blank.

use catalogue::Protocol;

use crate::conversation::{
    Block, CacheMark, Content, Loss, Reasoning, Request, Role, Target, TranslateError, Turn,
};
use crate::translate::note;

/// A request's turns as Converse has them.
#[derive(Debug, Default)]
pub(super) struct Arranged<'a> {
    pub(super) system: Vec<Placed<'a>>,
    pub(super) messages: Vec<Message<'a>>,
}

/// A message.
#[derive(Debug)]
pub(super) struct Message<'a> {
    pub(super) role: Role,
    pub(super) blocks: Vec<Placed<'a>>,
}

/// A block and the mark behind it, which may be that of a block that is left out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed<'a> {
    pub(super) content: &'a Content,
    pub(super) mark: Option<CacheMark>,
}

impl Message<'_> {
    /// Whether it holds calls.
    pub(super) fn calls(&self) -> bool {
        self.blocks.iter().any(|block| matches!(block.content, Content::ToolCall(_)))
    }

    /// Whether it holds results.
    pub(super) fn answers(&self) -> bool {
        self.blocks.iter().any(|block| matches!(block.content, Content::ToolResult(_)))
    }
}

/// Arranges the turns of `request`.
pub(super) fn arrange<'a>(
    request: &'a Request,
    target: &Target<'_>,
    losses: &mut Vec<Loss>,
) -> Result<Arranged<'a>, TranslateError> {
    let mut arranged = Arranged::default();
    for turn in &request.turns {
        arranged.take(turn, target, losses)?;
    }
    match arranged.messages.first() {
        Some(first) if first.role == Role::User => {}
        Some(_) => return Err(TranslateError::unsayable("messages", "Converse wants the user to begin")),
        None => return Err(TranslateError::unsayable("messages", "Converse wants something of the user's")),
    }
    for at in 1..arranged.messages.len() {
        let (before, after) = arranged.messages.split_at_mut(at);
        results_first(&before[at - 1], &mut after[0]);
    }
    Ok(arranged)
}

impl<'a> Arranged<'a> {
    fn take(
        &mut self,
        turn: &'a Turn,
        target: &Target<'_>,
        losses: &mut Vec<Loss>,
    ) -> Result<(), TranslateError> {
        if turn.name.is_some() {
            note(losses, Loss::new("messages.name", "speakers of a role have no names there"));
        }
        let mut placed = Vec::<Placed<'_>>::with_capacity(turn.blocks.len());
        for block in &turn.blocks {
            if keeps(turn.role, &block.content, target, losses)? {
                placed.push(Placed { content: &block.content, mark: block.cache });
            } else {
                pass_mark_on(block, &mut placed, losses);
            }
        }
        if placed.is_empty() {
            return Ok(());
        }
        if turn.role == Role::System {
            if !self.messages.is_empty() {
                note(
                    losses,
                    Loss::new("messages.order", "instructions amid the conversation are moved to its front"),
                );
            }
            self.system.extend(placed);
            return Ok(());
        }
        match self.messages.last_mut() {
            Some(last) if last.role == turn.role => last.blocks.extend(placed),
            _ => self.messages.push(Message { role: turn.role, blocks: placed }),
        }
        Ok(())
    }
}

/// The mark of a block that is left out goes to the one before it.
fn pass_mark_on(block: &Block, placed: &mut [Placed<'_>], losses: &mut Vec<Loss>) {
    match (block.cache, placed.last_mut()) {
        (None, _) => {}
        (mark, Some(last)) => last.mark = last.mark.or(mark),
        (Some(_), None) => note(losses, Loss::new("cache_control", "nothing stands before the mark")),
    }
}

/// Whether a block is said.
fn keeps(
    role: Role,
    content: &Content,
    target: &Target<'_>,
    losses: &mut Vec<Loss>,
) -> Result<bool, TranslateError> {
    Ok(match content {
        // Blank text is refused.
        Content::Text(text) => !text.text.trim().is_empty(),
        Content::Refusal(text) => !text.trim().is_empty(),
        Content::Reasoning(reasoning) => keeps_reasoning(reasoning, target, losses),
        Content::Media(_) if role != Role::User => {
            return Err(TranslateError::unsayable("media", "only the user's turns hold media there"));
        }
        Content::Search(_) => {
            note(losses, Loss::new("web_search", "a search that somebody else made"));
            false
        }
        Content::Opaque(opaque) => {
            let is_ours = opaque.is_for(Protocol::BedrockConverse, target.owner)
                && crate::scan::is_object(opaque.data.as_bytes());
            if !is_ours {
                note(losses, Loss::new(opaque.kind.clone(), "a block that only its maker can read"));
            }
            is_ours
        }
        Content::ToolCall(_) | Content::ToolResult(_) | Content::Media(_) => true,
    })
}

/// Reasoning without a proof that its maker knows is refused.
fn keeps_reasoning(reasoning: &Reasoning, target: &Target<'_>, losses: &mut Vec<Loss>) -> bool {
    match &reasoning.proof {
        Some(proof) if proof.is_for(Protocol::BedrockConverse, target.owner) => true,
        Some(_) => {
            note(
                losses,
                Loss::new("reasoning.proof", "only its maker can read it, so the reasoning is left out"),
            );
            false
        }
        None => {
            note(losses, Loss::new("reasoning", "reasoning without a signature is refused"));
            false
        }
    }
}

/// Results come first, in the order of the calls before them.
fn results_first(calls: &Message<'_>, results: &mut Message<'_>) {
    let place = |block: &Placed<'_>| match block.content {
        Content::ToolResult(result) => {
            let is_it = |call: &Placed<'_>| matches!(call.content, Content::ToolCall(call) if call.id == result.call_id);
            calls.blocks.iter().position(is_it).unwrap_or(calls.blocks.len())
        }
        _ => usize::MAX,
    };
    if results.role == Role::User && results.answers() {
        results.blocks.sort_by_key(place);
    }
}

//! Leaving out of an answer what the client's protocol has no place for: a picture costs the client no more than the
//! picture. An answer of which nothing is left is an error instead.

use std::collections::HashSet;

use super::note;
use crate::conversation::{
    Answer, Block, BlockStart, ClientTranslator, Content, Delta, Event, Loss, Media, TranslateError,
};

/// What is lost, whatever media it is.
const MEDIA: &str = "media";

/// Leaves it out of a whole answer.
pub(super) fn leave_out(answer: &mut Answer, client: &dyn ClientTranslator) -> Result<(), TranslateError> {
    let mut lost = None;
    for choice in &mut answer.choices {
        choice.blocks.retain(|block| {
            let Content::Media(media) = &block.content else { return true };
            client.shows(media, false).map_err(|why| lost = Some(why)).is_ok()
        });
    }
    let Some(why) = lost else { return Ok(()) };
    if !answer.choices.iter().flat_map(|choice| &choice.blocks).any(says_something) {
        return Err(TranslateError::unsayable(MEDIA, why));
    }
    note(&mut answer.losses, Loss::new(MEDIA, why));
    Ok(())
}

/// Whether a block is an answer, or a part of one. What the model thought on the way to it is none.
fn says_something(block: &Block) -> bool {
    match &block.content {
        Content::Text(text) => !text.text.is_empty(),
        Content::Refusal(words) => !words.is_empty(),
        Content::Media(_) | Content::ToolCall(_) => true,
        Content::ToolResult(_) | Content::Reasoning(_) | Content::Search(_) | Content::Opaque(_) => false,
    }
}

/// The same for a stream, event by event.
#[derive(Debug)]
pub(super) struct Stream {
    client: &'static dyn ClientTranslator,
    /// Choices whose open block is left out, and those whose open block is thought.
    hidden: HashSet<u32>,
    thinking: HashSet<u32>,
    says_something: bool,
    lost: Vec<Loss>,
}

impl Stream {
    pub(super) fn new(client: &'static dyn ClientTranslator) -> Self {
        Self {
            client,
            hidden: HashSet::new(),
            thinking: HashSet::new(),
            says_something: false,
            lost: Vec::new(),
        }
    }

    /// Whether the client hears of `event`; an error where the answer ends and it heard of nothing.
    pub(super) fn lets_through(&mut self, event: &Event) -> Result<bool, TranslateError> {
        match event {
            Event::BlockStart { choice, block } => return Ok(self.opens(*choice, block)),
            Event::Delta { choice, delta: Delta::Text(text) } if !self.says_something => {
                self.says_something = !text.is_empty() && !self.thinking.contains(choice);
            }
            Event::BlockEnd { choice } => return Ok(!self.hidden.remove(choice)),
            Event::End => {
                if let (true, Some(loss)) = (self.is_nothing(), self.lost.first()) {
                    return Err(TranslateError::unsayable(loss.what.as_str(), loss.why));
                }
            }
            _ => {}
        }
        Ok(true)
    }

    fn opens(&mut self, choice: u32, block: &BlockStart) -> bool {
        self.thinking.remove(&choice);
        match block {
            BlockStart::Media(media) => return self.shows(choice, media),
            BlockStart::ToolCall { .. } => self.says_something = true,
            BlockStart::Reasoning { .. } => drop(self.thinking.insert(choice)),
            BlockStart::Text | BlockStart::Refusal | BlockStart::Search(_) | BlockStart::Opaque(_) => {}
        }
        true
    }

    fn shows(&mut self, choice: u32, media: &Media) -> bool {
        let Err(why) = self.client.shows(media, true) else {
            self.says_something = true;
            return true;
        };
        note(&mut self.lost, Loss::new(MEDIA, why));
        self.hidden.insert(choice);
        false
    }

    /// Whether something was left out, and nothing else said.
    pub(super) fn is_nothing(&self) -> bool {
        !self.lost.is_empty() && !self.says_something
    }

    /// What was lost so far.
    pub(super) fn losses(&self) -> &[Loss] {
        &self.lost
    }
}

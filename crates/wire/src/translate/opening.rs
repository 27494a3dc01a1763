//! How a conversation begins, for suppliers that want it to begin in one way: the same for all of them.
//!
//! Programs ask with instructions alone (a prompt that is one system message), and show the model's greeting as the first word of
//! a chat. Both are everyday requests where they come from, so both are served everywhere.

use super::note;
use crate::conversation::{Begins, Block, Content, Loss, Request, Role, Turn};

/// What stands for the user's turn before the model's first: it puts no words in the user's mouth.
const MODEL_BEGINS: &str = "(The conversation begins with the assistant.)";

/// Turns that begin as the supplier wants it; `None` where those of `request` do.
pub(super) fn turns(request: &Request, begins: Begins, losses: &mut Vec<Loss>) -> Option<Vec<Turn>> {
    let spoken = request.turns.iter().position(|turn| turn.role != Role::System && says_something(turn));
    match spoken {
        None if begins != Begins::Anyhow => last_instructions_as_the_users(request, losses),
        Some(at) if begins == Begins::WithUser && request.turns[at].role == Role::Assistant => {
            note(
                losses,
                Loss::new("messages.first", "the user begins there: a note says that the model did"),
            );
            let blocks = vec![Block::from(Content::text(MODEL_BEGINS))];
            let mut turns = request.turns.clone();
            turns.insert(at, Turn { role: Role::User, name: None, blocks });
            Some(turns)
        }
        _ => None,
    }
}

/// Nothing was said but instructions: what they end with is what was asked.
fn last_instructions_as_the_users(request: &Request, losses: &mut Vec<Loss>) -> Option<Vec<Turn>> {
    let last = request.turns.iter().rposition(says_something)?;
    note(
        losses,
        Loss::new("messages.role", "nothing but instructions is said: the last of them become the user's"),
    );
    let mut turns = request.turns.clone();
    turns[last].role = Role::User;
    Some(turns)
}

/// Whether there is more in a turn than blank text, which some suppliers refuse and none gets.
fn says_something(turn: &Turn) -> bool {
    turn.blocks.iter().any(|block| match &block.content {
        Content::Text(text) => !text.text.trim().is_empty(),
        Content::Refusal(words) => !words.trim().is_empty(),
        _ => true,
    })
}

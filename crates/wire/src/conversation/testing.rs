//! What the tests of all protocols share: conversations as they may come, and what tells the same.
//!
//! [`any_request`], [`any_answer`] and [`any_event_stream`] make them; [`gather`] puts a stream together and holds it to its
//! order; [`normalise`] takes away what dialects may differ in without saying anything else.

mod answer;
mod gather;
pub(crate) mod normalise;
mod parts;
mod request;
mod served;
mod texts;

use std::sync::Arc;

use catalogue::{Capabilities, Quirks};

pub(crate) use self::answer::{any_answer, any_event_stream};
pub(crate) use self::gather::{Gathered, gather};
pub(crate) use self::request::any_request;
pub(crate) use self::served::{any_served_answer, any_served_stream};
pub(crate) use self::texts::cut;
use super::{Media, MediaKind, MediaSource, Target};

/// A model of which nothing is known.
pub(crate) fn target() -> Target<'static> {
    Target {
        model: "model-1",
        owner: "account",
        max_output: None,
        capabilities: Capabilities::default(),
        quirks: Quirks::NONE,
        refuses: &[],
        stream_usage: true,
        betas: &[],
        may_drop: &[],
    }
}

/// Media of which nothing more is said.
pub(crate) fn media(kind: MediaKind, media_type: Option<&str>, source: MediaSource) -> Media {
    Media { kind, media_type: media_type.map(Arc::from), source, name: None, detail: None, about: None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::conversation::{Content, Role};

    proptest! {
        /// A stream that is made of an answer tells that answer.
        #[test]
        fn a_stream_tells_the_answer_that_it_is_made_of((answer, events) in any_event_stream()) {
            let gathered = gather(&events);
            prop_assert!(gathered.is_whole);
            prop_assert_eq!(gathered.answer.choices, answer.choices);
            prop_assert_eq!(gathered.answer.usage, answer.usage);
        }

        /// Every call has one result, in the turn behind it, and a name of its own.
        #[test]
        fn conversations_are_legal(request in any_request()) {
            let mut seen = std::collections::HashSet::new();
            for (place, turn) in request.turns.iter().enumerate() {
                for call in turn.blocks.iter().filter_map(|block| block.call()) {
                    prop_assert_eq!(turn.role, Role::Assistant);
                    prop_assert!(seen.insert(&call.id));
                    let next = request.turns.get(place + 1).map_or(&[][..], |turn| &turn.blocks);
                    let answers = next.iter().filter(|block| {
                        matches!(&block.content, Content::ToolResult(result) if result.call_id == call.id)
                    });
                    prop_assert_eq!(answers.count(), 1);
                }
            }
            prop_assert!(request.is_prefilled() || request.turns.last().is_some_and(|turn| turn.role == Role::User));
        }

        /// What is normal stays as it is.
        #[test]
        fn to_normalise_twice_changes_nothing(request in any_request(), answer in any_answer()) {
            let (request, answer) = (normalise::request(&request), normalise::answer(&answer));
            prop_assert_eq!(normalise::request(&request), request);
            prop_assert_eq!(normalise::answer(&answer), answer);
        }
    }
}

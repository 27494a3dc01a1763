//! What is said, turn by turn, however it is cut.

use super::all;
use crate::conversation::testing::normalise;
use crate::conversation::{Content, Role, Text, Turn};

/// What a turn says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Words {
    /// Pieces of text in a row.
    Texts(Vec<String>),
    /// A call, and all that belongs to it.
    Call(String),
    /// A result: which, and its texts.
    Result(String, Vec<String>),
}

/// Who says what: texts, refusals in words, calls and results, as if there were nothing else. Calls are numbered as they
/// come.
pub(super) fn said(turns: &[Turn]) -> Vec<(Role, Vec<Words>)> {
    let mut ids = Vec::new();
    let mut speakers: Vec<(Role, Vec<Words>)> = Vec::new();
    for turn in turns {
        let words: Vec<Words> =
            turn.blocks.iter().filter_map(|block| words_of(&block.content, &mut ids)).collect();
        match speakers.last_mut() {
            _ if words.is_empty() => {}
            Some((role, all)) if *role == turn.role => all.extend(words),
            _ => speakers.push((turn.role, words)),
        }
    }
    for (_, words) in &mut speakers {
        words.sort_by_key(|words| !matches!(words, Words::Result(..)));
        words.dedup_by(|next, last| match (last, next) {
            (Words::Texts(last), Words::Texts(next)) => {
                last.append(next);
                true
            }
            _ => false,
        });
    }
    speakers
}

fn words_of(content: &Content, ids: &mut Vec<String>) -> Option<Words> {
    match content {
        Content::Text(Text { text, .. }) | Content::Refusal(text) => {
            (!text.trim().is_empty()).then(|| Words::Texts(vec![text.clone()]))
        }
        Content::ToolCall(call) => {
            ids.push(call.id.clone());
            let input = normalise::input(&call.input);
            Some(Words::Call(format!("call {} of {} with {input:?}", ids.len(), call.name)))
        }
        Content::ToolResult(result) => {
            let number = ids.iter().rposition(|id| *id == result.call_id).map(|place| place + 1);
            let texts = all(&result.blocks, |content| match content {
                Content::Text(text) => vec![text.text.clone()],
                _ => Vec::new(),
            });
            Some(Words::Result(format!("result of {number:?}, {:?}", result.name), texts))
        }
        Content::Media(_) | Content::Reasoning(_) | Content::Search(_) | Content::Opaque(_) => None,
    }
}

/// Whether the same is said. Texts in a row may be one text there, with an empty line between them; those of a result may
/// be its lines.
pub(super) fn is_same(before: &[(Role, Vec<Words>)], after: &[(Role, Vec<Words>)]) -> bool {
    let same = |(before, after): (&Words, &Words)| match (before, after) {
        (Words::Texts(before), Words::Texts(after)) => join_to(before, after, &["", "\n\n"]),
        (Words::Result(which, before), Words::Result(which_after, after)) => {
            which == which_after && join_to(before, after, &["", "\n", "\n\n"])
        }
        (before, after) => before == after,
    };
    before.len() == after.len()
        && before.iter().zip(after).all(|((role, before), (role_after, after))| {
            role == role_after && before.len() == after.len() && before.iter().zip(after).all(same)
        })
}

/// Whether the pieces, each whole and in order, are all that the others say, but for what may stand between them.
fn join_to(pieces: &[String], others: &[String], between: &[&str]) -> bool {
    let whole = others.concat();
    let mut ends = std::collections::BTreeSet::from([0]);
    for (number, piece) in pieces.iter().filter(|piece| !piece.is_empty()).enumerate() {
        let between = if number == 0 { &[""] } else { between };
        let next = ends.iter().flat_map(|end| {
            let rests = between.iter().filter_map(|between| whole[*end..].strip_prefix(between));
            rests.filter_map(|rest| Some(whole.len() - rest.strip_prefix(piece.as_str())?.len()))
        });
        ends = next.collect();
    }
    ends.contains(&whole.len())
}

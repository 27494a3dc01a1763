//! Ids of calls that the dialect takes: letters, digits, `_` and `-`. Others (they come from other suppliers, with the
//! conversation) are put in other words, the same for a call and its result.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::arrange::Arranged;

/// The new ids of those that do not fit.
#[derive(Debug, Default)]
pub(super) struct Ids<'a>(HashMap<&'a str, String>);

impl<'a> Ids<'a> {
    pub(super) fn new(arranged: &Arranged<'a>) -> Self {
        let calls =
            || arranged.messages.iter().flat_map(|message| &message.blocks).filter_map(|block| block.call());
        if calls().all(|call| fits(&call.id)) {
            return Self::default();
        }
        let mut taken: HashSet<Cow<'_, str>> = calls().map(|call| Cow::Borrowed(call.id.as_str())).collect();
        let mut new = HashMap::new();
        // One count for all, so that many ids that come out alike cost no search.
        let mut count = 0_usize;
        for call in calls().filter(|call| !fits(&call.id)) {
            if new.contains_key(call.id.as_str()) {
                continue;
            }
            let base = fitting(&call.id);
            let mut id = base.clone();
            while taken.contains(id.as_str()) {
                count += 1;
                id = format!("{base}_{count}");
            }
            taken.insert(Cow::Owned(id.clone()));
            new.insert(call.id.as_str(), id);
        }
        Self(new)
    }

    /// The id as it goes there.
    pub(super) fn get<'i>(&'i self, id: &'i str) -> &'i str {
        self.0.get(id).map_or(id, String::as_str)
    }
}

fn fits(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(is_taken)
}

const fn is_taken(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// An id of the letters that are taken.
fn fitting(id: &str) -> String {
    let id: String = id.bytes().map(|byte| if is_taken(byte) { char::from(byte) } else { '_' }).collect();
    if id.is_empty() { "call".to_owned() } else { id }
}

//! Which call a streamed piece belongs to.
//!
//! `OpenAI` numbers the calls of a message and states id and name in the first piece of each. Suppliers leave the number
//! out, number all calls 0, repeat id and name in every piece, or make up a new id for each.

use super::super::super::answer::signature;
use super::super::super::ids::CallIds;
use super::super::super::read::Losses;
use super::super::super::reply::Call;
use super::flow::{Added, Flow, Key, Out};
use crate::conversation::{BlockStart, Delta, TranslateError};

/// No answer has more calls.
const MOST_CALLS: usize = 1024;

/// One choice's calls so far.
#[derive(Debug, Default)]
pub(super) struct Calls {
    known: Vec<Known>,
}

#[derive(Debug)]
struct Known {
    index: Option<u64>,
    id: Option<String>,
    /// What came before the name; `None` once it has been passed on with it.
    unnamed: Option<Call>,
}

impl Calls {
    /// Passes a piece on to the block that it belongs to.
    pub(super) fn add(
        &mut self,
        piece: Call,
        flow: &mut Flow,
        ids: &mut CallIds,
        losses: &mut Losses,
        out: &mut Out<'_>,
    ) -> Result<(), TranslateError> {
        let at = match self.find(&piece) {
            Some(at) => at,
            None if self.known.len() < MOST_CALLS => {
                let known =
                    Known { index: piece.index, id: piece.id.clone(), unnamed: Some(Call::default()) };
                self.known.push(known);
                self.known.len() - 1
            }
            None => return Err(TranslateError::malformed("tool_calls", "too many calls")),
        };
        let key = Key::Call(u32::try_from(at).expect("there are fewer calls"));
        let known = &mut self.known[at];
        let piece = match known.unnamed.take() {
            None => piece,
            Some(before) => {
                let mut call = joined(before, piece);
                let Some(name) = call.name.take() else {
                    known.unnamed = Some(call);
                    return Ok(());
                };
                let id = call.id.take().unwrap_or_else(|| ids.make());
                known.id = Some(id.clone());
                let block = BlockStart::ToolCall { id, name, is_custom: call.is_custom };
                flow.add(key, || block, None, out)?;
                call
            }
        };
        let deltas = [
            Some(piece.input).filter(|input| !input.is_empty()).map(Delta::Text),
            piece.proof.map(|proof| Delta::Proof(signature(proof))),
        ];
        for delta in deltas.into_iter().flatten() {
            let says_nothing = matches!(&delta, Delta::Text(text) if text.trim().is_empty());
            let unopened = || unreachable!("it was opened above, or is known as closed");
            if flow.add(key, unopened, Some(delta), out)? == Added::Late && !says_nothing {
                losses.note("tool_calls", "more of a call whose arguments were whole");
            }
        }
        Ok(())
    }

    /// Makes sure that every call names its tool.
    pub(super) fn check_names(&self) -> Result<(), TranslateError> {
        if self.known.iter().any(|known| known.unnamed.is_some()) {
            return Err(TranslateError::malformed("tool_calls.function.name", "a call of no tool"));
        }
        Ok(())
    }

    /// The call that a piece belongs to; `None` when it begins one.
    fn find(&self, piece: &Call) -> Option<usize> {
        let begins = piece.name.is_some();
        if let Some(index) = piece.index {
            let at = self.known.iter().rposition(|known| known.index == Some(index))?;
            // The same number with another id and a name is another call; another id alone is a supplier's slip.
            let is_other = begins && piece.id.is_some() && self.known[at].id.is_some();
            return (!is_other || piece.id == self.known[at].id).then_some(at);
        }
        if piece.id.is_some()
            && let Some(at) = self.known.iter().rposition(|known| known.id == piece.id)
        {
            return Some(at);
        }
        if begins { None } else { self.known.len().checked_sub(1) }
    }
}

/// Two pieces of a call as one.
fn joined(before: Call, piece: Call) -> Call {
    Call {
        index: before.index.or(piece.index),
        id: before.id.or(piece.id),
        name: before.name.or(piece.name),
        is_custom: before.is_custom || piece.is_custom,
        input: before.input + &piece.input,
        proof: piece.proof.or(before.proof),
    }
}

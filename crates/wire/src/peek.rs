//! A look into a request's body: the few fields that decide where it goes, and what it needs.
//!
//! **For**: admission, routing, and the splices that are made before the body goes out. One borrowed pass; the body
//! itself is forwarded as it came.
//!
//! **Promises**: refuses what `serde_json` would refuse (syntax, UTF-8, depth 128), and what is ambiguous: a key that
//! steers given twice, however it is escaped. Does not allocate, but for a model name that holds escapes.
//!
//! **Never**: judges what only the supplier can judge (a negative `max_tokens`, an unknown role): that goes through.

mod features;
mod key;
mod pass;
mod prompt;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

use catalogue::Needs;

pub(crate) use self::features::needs as member_needs;
use self::pass::{Pass, Refusal};
use crate::scan::{Kind, Scanner};

/// What was seen in a request's body. Ranges are byte offsets into it.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about the body")]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Peek<'a> {
    /// `model`.
    pub model: Option<Field<'a>>,
    /// `stream`; absent and `null` are false.
    pub stream: bool,
    /// `stream_options`, also when it is `null`.
    pub stream_options: Option<StreamOptions>,
    /// Just behind the body's `{`: where a member can be inserted, with a comma behind it unless `is_empty`.
    pub object_open: usize,
    /// Whether the body is an object without members.
    pub is_empty: bool,
    /// How much output is asked for at most, in tokens: `max_completion_tokens`, else `max_tokens`, else
    /// `max_output_tokens`; `None` when absent or no integer.
    pub max_tokens: Option<u64>,
    /// `n`, the number of choices; `None` when absent or no integer.
    pub n: Option<u64>,
    /// What a deployment must be able to do to serve this.
    pub needs: Needs,
    /// The conversation: the value of `messages`, or of `input` or `contents` in the dialects that call it so.
    pub messages: Option<Range<usize>>,
    /// How many elements the conversation has.
    pub messages_count: u64,
    /// The value of top-level `system`, or `instructions`.
    pub system: Option<Range<usize>>,
    /// Whether the answer is to be made in the background (`background`).
    pub background: bool,
    /// Whether anything is called as signatures and encrypted reasoning are: else none is there.
    pub names_proofs: bool,
    /// The value of `user`, when it is a string.
    pub user: Option<Field<'a>>,
    /// Bytes of prompt text in the conversation, the system prompt and the tools, for estimates of their tokens.
    /// Counted as they stand, escapes included; media and other data that is no text is left out.
    pub text_bytes: u64,
}

/// A string and where its value stands, quotes included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field<'a> {
    /// The string, unescaped.
    pub value: Cow<'a, str>,
    /// The range of its JSON text.
    pub range: Range<usize>,
}

/// `stream_options`: where it stands and what it says about usage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamOptions {
    /// The range of the value.
    pub range: Range<usize>,
    /// Whether the value is an object without members. False for `null`.
    pub is_empty: bool,
    /// Whether the value is `null`.
    pub is_null: bool,
    /// `include_usage`; `null` counts as false.
    pub include_usage: Option<bool>,
    /// The range of the value of `include_usage`.
    pub include_usage_range: Option<Range<usize>>,
}

/// Why a body cannot be taken. All are the client's to mend: status 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeekError {
    /// Not JSON.
    #[error("the body is not valid JSON: {what}, at byte {offset}")]
    NotJson {
        /// Where, in bytes.
        offset: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// JSON, but no object.
    #[error("the body must be a JSON object")]
    NotAnObject,
    /// Nested deeper than `serde_json` takes.
    #[error("the body is nested too deeply")]
    TooDeep,
    /// A key that steers stands there twice, so two readers could understand two things.
    #[error("`{key}` is given twice")]
    Duplicate {
        /// Which.
        key: &'static str,
    },
    /// A key that steers has a value of a type that it cannot have.
    #[error("`{key}` has the wrong type")]
    WrongType {
        /// Which.
        key: &'static str,
    },
}

impl Peek<'_> {
    /// The model's name, if there is one.
    pub fn model_name(&self) -> Option<&str> {
        self.model.as_ref().map(|field| field.value.as_ref())
    }

    /// Whether the client itself asked for the usage chunk of a stream.
    pub fn asks_for_usage(&self) -> bool {
        self.stream_options.as_ref().is_some_and(|options| options.include_usage == Some(true))
    }
}

/// Looks into a request's body.
///
/// # Errors
/// [`PeekError`], for what is not JSON, not an object, or ambiguous. Only the first problem is told.
pub fn peek(body: &[u8]) -> Result<Peek<'_>, PeekError> {
    Ok(look(body)?)
}

fn look(body: &[u8]) -> Result<Peek<'_>, Refusal> {
    let mut scan = Scanner::new(body)?;
    if scan.kind()? != Kind::Object {
        scan.skip()?;
        scan.end()?;
        return Err(Refusal::NotAnObject);
    }
    let mut pass = Pass::new(scan.at() + 1);
    scan.object(|scan, name| pass.member(scan, name))?;
    scan.end()?;
    Ok(Peek { names_proofs: scan.names_proofs(), ..pass.finish() })
}

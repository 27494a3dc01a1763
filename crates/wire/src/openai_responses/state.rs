//! State between requests: `store`, `previous_response_id`, references to items.
//!
//! **For**: keeping it in a supplier's stead. [`Ask`] says what a request wants of state and tells it again without: with
//! the turns before it in `input`, for a supplier that keeps nothing. [`Answer`] finds in an answer what is to be kept;
//! [`list`] lists the input of one.
//!
//! **Promises**: items go on as they came, byte for byte. Instructions of former turns do not (`OpenAI`'s rule).
//!
//! **Never**: says what a product may keep, or where it lies.
//!
//! Source: `types/responses/response_create_params.py`, `response_item_list.py`, `input_item_list_params.py` of openai
//! 3.54.0, read 2026-11-28.

mod answer;
mod ask;
mod items;
mod listing;
#[cfg(test)]
mod tests;

pub use self::answer::{Answer, last_response};
pub use self::ask::{Ask, Told};
pub use self::items::answered;
pub use self::listing::{NoSuchItem, Page, list};

/// A kept turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn<'a> {
    /// The id of its response.
    pub id: &'a str,
    /// Its own input: a list of items, without those of turns before it.
    pub input: &'a [u8],
    /// Its response, as the client got it.
    pub response: &'a [u8],
}

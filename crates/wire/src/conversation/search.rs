//! Searches of the web that the supplier runs itself: as a tool on offer, and as what an answer tells of them.

use super::opaque::Opaque;

/// A search of the web, on offer to the model.
///
/// What narrows it ([`only`](Self::only), [`never`](Self::never), [`stays_off`](Self::stays_off)) must not be left out: a
/// target without words for it cannot serve the request. The rest is a wish, and its loss is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebSearch {
    /// The name by which a choice among tools calls it.
    pub name: String,
    /// The tool as the client wrote it: for suppliers of its own protocol.
    pub written: Opaque,
    /// Pages of these domains alone; of all where there are none.
    pub only: Vec<String>,
    /// No pages of these domains.
    pub never: Vec<String>,
    /// Whether it stays off the web, in what its supplier has of that: only its own does so.
    pub stays_off: bool,
    /// Where the user is, more or less.
    pub near: Option<Place>,
    /// At most so many searches for one answer.
    pub most: Option<u64>,
    /// How much of what is found the model is shown, in `OpenAI`'s word (`low`, `medium`, `high`).
    pub depth: Option<String>,
}

impl WebSearch {
    /// One without any wishes.
    pub fn new(name: impl Into<String>, written: Opaque) -> Self {
        let (only, never) = (Vec::new(), Vec::new());
        Self {
            name: name.into(),
            written,
            only,
            never,
            stays_off: false,
            near: None,
            most: None,
            depth: None,
        }
    }

    /// What errors and losses call the tool: the client's word for it.
    pub fn path(&self) -> String {
        format!("tools.{}", self.written.kind)
    }
}

/// A place, as far as it is told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The city, in words.
    pub city: Option<String>,
    /// The region, in words.
    pub region: Option<String>,
    /// The country, in two letters (ISO 3166-1).
    pub country: Option<String>,
    /// The time zone, by its IANA name.
    pub timezone: Option<String>,
}

/// A search that was made, in an answer or in the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Search {
    /// The supplier's id of it; empty where it gives none.
    pub id: String,
    /// What was looked for.
    pub queries: Vec<String>,
    /// What was found, as far as it is told.
    pub pages: Vec<Page>,
    /// Why it failed, in Anthropic's word.
    pub error: Option<String>,
    /// The blocks as their maker wrote them: for it alone to read again.
    pub own: Vec<Opaque>,
}

/// A page that was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// Its address.
    pub url: String,
    /// Its title.
    pub title: Option<String>,
}

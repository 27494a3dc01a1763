//! What is said about a document beside its name: for the makers whose models cite.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::message::{Block, Content, Media, MediaKind, MediaSource};
use super::request::Request;
use super::translator::Loss;

/// What stands between two passages of a text that is put together.
const BETWEEN: &str = "\n";

/// What is said about a document.
///
/// Source: `DocumentBlock` and `SearchResultBlock` of botocore 1.44.8, `document_block_param.py` and
/// `search_result_block_param.py` of anthropic 2.12.0, read 2026-11-29.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    /// What the model is to know of it, and does not cite.
    pub context: Option<String>,
    /// Whether the model is to cite it.
    pub is_cited: bool,
    /// Where it was found, by the client's own search: in the client's words, which need be no address.
    pub found_at: Option<String>,
    /// Where its passages end, in bytes of its [text](MediaSource::Text): each is cited as a whole. None where the maker may
    /// divide it.
    pub passages: Vec<usize>,
}

impl About {
    /// One text of `passages`; and where they end in it.
    pub fn put_together(passages: &[impl AsRef<str>]) -> (String, Vec<usize>) {
        let mut text = String::new();
        let mut ends = Vec::with_capacity(passages.len());
        for passage in passages {
            if !ends.is_empty() {
                text.push_str(BETWEEN);
            }
            text.push_str(passage.as_ref());
            ends.push(text.len());
        }
        (text, ends)
    }

    /// What is lost where none of it can be said, by name.
    fn losses(&self) -> impl Iterator<Item = Loss> {
        let said = [
            ("document.context", self.context.is_some(), "no place for what is said about a document"),
            ("document.citations", self.is_cited, "models are not told to cite there"),
            ("document.passages", self.passages.len() > 1, "a document is one text there"),
            ("search_result.source", self.found_at.is_some(), "no place for where a document was found"),
        ];
        said.into_iter().filter(|(_, is_said, _)| *is_said).map(|(what, _, why)| Loss::new(what, why))
    }
}

/// What suppliers of a protocol take of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Documents {
    /// The words of a text; no files.
    Words,
    /// Files, of which nothing is said but their names.
    Files,
    /// Files, and [what is said about them](About).
    Cited,
}

impl Media {
    /// Whether it is called something.
    pub(crate) fn has_name(&self) -> bool {
        self.name.as_ref().is_some_and(|name| !name.is_empty())
    }

    /// What is said about it, for whoever adds to it.
    pub fn about_mut(&mut self) -> &mut About {
        self.about.get_or_insert_default()
    }

    /// Its passages, where it is a text in passages.
    pub fn passages(&self) -> Vec<&str> {
        let (MediaSource::Text(text), Some(about)) = (&self.source, &self.about) else { return Vec::new() };
        let starts = [0].into_iter().chain(about.passages.iter().map(|end| end + BETWEEN.len()));
        let ranges = starts.zip(&about.passages).map(|(start, end)| Range { start, end: *end });
        ranges.filter_map(|range| text.get(range)).collect()
    }

    /// A document's bytes as the text that they are, where they are one.
    fn words(&self) -> Option<String> {
        let MediaSource::Base64(base64) = &self.source else { return None };
        let media_type = self.media_type.as_deref()?.to_ascii_lowercase();
        let is_text = media_type.starts_with("text/") || media_type.starts_with("application/json");
        if self.kind != MediaKind::Document || !is_text {
            return None;
        }
        String::from_utf8(STANDARD.decode(base64).ok()?).ok()
    }
}

/// The request, its documents in terms of what the supplier takes of them.
pub(crate) fn fit<'a>(
    request: Cow<'a, Request>,
    takes: Documents,
    losses: &mut Vec<Loss>,
) -> Cow<'a, Request> {
    let is_changed = |media: &Media| {
        (takes != Documents::Cited && media.about.is_some())
            || (takes == Documents::Words
                && media.kind == MediaKind::Document
                && matches!(media.source, MediaSource::Base64(_)))
    };
    if !blocks(&request).any(|block| any(block, &is_changed)) {
        return request;
    }
    let mut request = request.into_owned();
    for block in request.turns.iter_mut().flat_map(|turn| &mut turn.blocks) {
        change(block, &mut |media| {
            if takes != Documents::Cited
                && let Some(about) = media.about.take()
            {
                about.losses().for_each(|loss| crate::translate::note(losses, loss));
            }
            if takes == Documents::Words
                && let Some(words) = media.words()
            {
                media.source = MediaSource::Text(words);
            }
        });
    }
    Cow::Owned(request)
}

fn blocks(request: &Request) -> impl Iterator<Item = &Block> {
    request.turns.iter().flat_map(|turn| &turn.blocks)
}

fn any(block: &Block, is_it: &impl Fn(&Media) -> bool) -> bool {
    match &block.content {
        Content::Media(media) => is_it(media),
        Content::ToolResult(result) => result.blocks.iter().any(|block| any(block, is_it)),
        _ => false,
    }
}

fn change(block: &mut Block, to: &mut impl FnMut(&mut Media)) {
    match &mut block.content {
        Content::Media(media) => to(media),
        Content::ToolResult(result) => result.blocks.iter_mut().for_each(|block| change(block, to)),
        _ => {}
    }
}

/// The media type of a document, by how its name ends.
pub(crate) fn type_by_name(name: &str) -> Option<&'static str> {
    const ENDINGS: [(&str, &str); 6] = [
        ("pdf", "application/pdf"),
        ("txt", "text/plain"),
        ("md", "text/markdown"),
        ("csv", "text/csv"),
        ("html", "text/html"),
        ("json", "application/json"),
    ];
    let (_, ending) = name.rsplit_once('.')?;
    ENDINGS.iter().find(|(known, _)| ending.eq_ignore_ascii_case(known)).map(|(_, media_type)| *media_type)
}

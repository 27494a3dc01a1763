//! Reasoning as this protocol's dialects hold it: plain text in `reasoning_content` or `reasoning`, and entries in
//! `reasoning_details`, which carry what proves it.
//!
//! Source: `OpenRouter`'s documentation ("Reasoning tokens", "Preserving reasoning blocks"), read 2026-11-28: entries of
//! type `reasoning.text` {text, signature}, `reasoning.summary` {summary}, `reasoning.encrypted` {data}, all with `id`,
//! `format` and `index`, to be given back as they came. `OpenAI`'s own models show none here.
//!
//! In a message all reasoning stands apart from text and calls. So that it can go back to its place, our entries say how
//! much of the message's text (`after_text`, in bytes) and how many of its calls (`after_calls`) stand before it; both are
//! left out where they are 0, which is where others' reasoning stands.
//!
//! In a stream, an entry of ours comes whole, when its reasoning has ended; the text alone comes before, in
//! `reasoning_content`. Readers differ in what they make of a message of it: openai-python puts lists together by their
//! `index`, openai-node knows nothing of this member and keeps what the last chunk had of it (`lib/ChatCompletionStream.js`
//! in openai 7.57.0, read 2026-11-28). So where there are several entries, the last chunk has them all once more, behind
//! the others and marked `again`: whoever has the first ones passes over them.

use std::collections::VecDeque;

use catalogue::Protocol;

use super::read::Losses;
use crate::conversation::{Block, Citation, Content, Opaque, Reasoning, Text};
use crate::json::Json;
use crate::scan::{Kind, ScanError, Scanner};

/// The kind of what proves an entry to the supplier that made it: the JSON of the entry without its text.
pub(super) const ENTRY: &str = "reasoning_details";

const TEXT: &str = "reasoning.text";
const SUMMARY: &str = "reasoning.summary";
const ENCRYPTED: &str = "reasoning.encrypted";

/// Entries have a handful of members; more of one are no entry's.
const MOST_MEMBERS: usize = 16;

/// One entry of `reasoning_details`, or a streamed piece of one.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) kind: String,
    pub(super) index: Option<u64>,
    /// Its text or summary.
    pub(super) text: String,
    /// What stands before it.
    pub(super) place: Place,
    /// Whether it is one of ours that was said before in the same stream.
    pub(super) is_again: bool,
    /// Its other members that say something, as they came.
    rest: Vec<(String, Vec<u8>)>,
}

/// How much of a message's text, in bytes, and how many of its calls stand before something.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) text: usize,
    pub(super) calls: usize,
}

impl Entry {
    /// Reads a list of entries. What is none is passed over; entries of other types are lost.
    pub(super) fn read_list(scan: &mut Scanner<'_>, losses: &mut Losses) -> Result<Vec<Self>, ScanError> {
        let mut entries = Vec::new();
        if scan.kind()? != Kind::Array {
            scan.skip()?;
            return Ok(entries);
        }
        scan.array(|scan| {
            if scan.kind()? != Kind::Object {
                return scan.skip();
            }
            let entry = Self::read(scan)?;
            if matches!(entry.kind.as_str(), TEXT | SUMMARY | ENCRYPTED) {
                entries.push(entry);
            } else {
                losses.note("reasoning_details", "entries of an unknown type");
            }
            Ok::<_, ScanError>(())
        })?;
        Ok(entries)
    }

    fn read(scan: &mut Scanner<'_>) -> Result<Self, ScanError> {
        let mut entry = Self::default();
        scan.object(|scan, name| {
            match name {
                b"text" | b"summary" => {
                    if let Some(text) = scan.text()? {
                        entry.text = text.unescape().into_owned();
                    }
                }
                b"index" => entry.index = scan.integer()?,
                b"after_text" => entry.place.text = length(scan)?,
                b"after_calls" => entry.place.calls = length(scan)?,
                b"again" => {
                    let range = scan.range()?;
                    entry.is_again = scan.slice(range) == b"true";
                }
                _ => {
                    let kind = scan.kind()?;
                    let range = scan.range()?;
                    if kind != Kind::Null {
                        entry.put(String::from_utf8_lossy(name).into_owned(), scan.slice(range).to_vec());
                    }
                }
            }
            Ok::<_, ScanError>(())
        })?;
        entry.kind = entry.string("type").unwrap_or_default();
        Ok(entry)
    }

    /// Adds a later piece of the same entry; its text is not kept here.
    pub(super) fn grow(&mut self, piece: Self) {
        for (name, value) in piece.rest {
            self.put(name, value);
        }
    }

    fn put(&mut self, name: String, value: Vec<u8>) {
        if let Some((_, known)) = self.rest.iter_mut().find(|(known, _)| *known == name) {
            *known = value;
        } else if self.rest.len() < MOST_MEMBERS {
            self.rest.push((name, value));
        }
    }

    /// Whether it says more than its text.
    pub(super) fn has_more(&self) -> bool {
        self.rest.iter().any(|(name, _)| matches!(name.as_str(), "signature" | "data" | "id"))
    }

    /// Whether what proves it has come, so that nothing is added to it any more.
    pub(super) fn is_proved(&self) -> bool {
        self.rest.iter().any(|(name, _)| matches!(name.as_str(), "signature" | "data"))
    }

    pub(super) fn is_text(&self) -> bool {
        self.kind == TEXT
    }

    pub(super) fn is_summary(&self) -> bool {
        self.kind == SUMMARY
    }

    /// What proves it: what a seal in it says, or all of it but its text.
    pub(super) fn proof(&self) -> Option<Opaque> {
        if !self.has_more() {
            return None;
        }
        let sealed = ["signature", "data"].iter().find_map(|name| Opaque::unseal(&self.string(name)?));
        Some(sealed.unwrap_or_else(|| {
            let mut json = Json::new();
            json.object();
            for (name, value) in &self.rest {
                json.key(name).raw(value);
            }
            json.end_object();
            let json = String::from_utf8(json.finish()).expect("JSON is UTF-8");
            Opaque::new(Protocol::OpenaiChat, ENTRY, json)
        }))
    }

    pub(super) fn reasoning(&self) -> Reasoning {
        Reasoning { text: self.text.clone(), proof: self.proof(), is_summary: self.is_summary() }
    }

    fn string(&self, name: &str) -> Option<String> {
        let (_, value) = self.rest.iter().find(|(known, _)| known == name)?;
        let text = Scanner::new(value).ok()?.text().ok()??;
        Some(text.unescape().into_owned())
    }
}

fn length(scan: &mut Scanner<'_>) -> Result<usize, ScanError> {
    Ok(scan.integer()?.and_then(|length| usize::try_from(length).ok()).unwrap_or_default())
}

/// The entries of a message, each once, that may also have its reasoning in plain text: the text of its entries, where they
/// have any; else what its first entry of text proves, or an entry of its own.
pub(super) fn joined(plain: Option<String>, mut entries: Vec<Entry>) -> Vec<Entry> {
    if entries.iter().any(|entry| !entry.is_again) {
        entries.retain(|entry| !entry.is_again);
    }
    if let Some(text) = plain
        && entries.iter().all(|entry| entry.text.is_empty())
    {
        match entries.iter_mut().find(|entry| entry.is_text()) {
            Some(entry) => entry.text = text,
            None => entries.insert(0, Entry { kind: TEXT.to_owned(), text, ..Entry::default() }),
        }
    }
    entries
}

/// Puts reasoning back between the texts and calls of its message, where it was.
pub(super) fn weave(
    texts: Vec<Block>,
    entries: &[Entry],
    calls: Vec<Block>,
    losses: &mut Losses,
) -> Vec<Block> {
    let mut blocks = Vec::with_capacity(texts.len() + entries.len() + calls.len());
    let mut texts = TextRun { blocks: texts.into(), taken: 0, cut: 0, pieces: Vec::new(), losses };
    let mut calls = calls.into_iter();
    let mut called = 0;
    for entry in entries {
        texts.take_up_to(entry.place.text, &mut blocks);
        while called < entry.place.calls
            && let Some(call) = calls.next()
        {
            blocks.push(call);
            called += 1;
        }
        blocks.push(Content::Reasoning(entry.reasoning()).into());
    }
    texts.take_up_to(usize::MAX, &mut blocks);
    blocks.extend(calls);
    blocks
}

/// Text blocks that are taken piece by piece.
struct TextRun<'l> {
    blocks: VecDeque<Block>,
    /// Bytes of text that are out.
    taken: usize,
    /// Of those, the ones in the first block that is still here.
    cut: usize,
    /// The pieces that they went into.
    pieces: Vec<Piece>,
    losses: &'l mut Losses,
}

/// A piece of a block: which block it is now, and where it stood, in characters.
struct Piece {
    place: usize,
    start: u64,
    end: u64,
}

impl TextRun<'_> {
    /// Moves text into `out` until `end` bytes are there. A block that reaches further is cut, at a character's start:
    /// the client may have changed the text.
    fn take_up_to(&mut self, end: usize, out: &mut Vec<Block>) {
        while self.taken < end
            && let Some(block) = self.blocks.front_mut()
        {
            if let Content::Text(Text { text, citations, .. }) = &mut block.content {
                let cut = text.floor_char_boundary(self.cut.saturating_add(end - self.taken));
                if cut < text.len() {
                    if cut > self.cut {
                        let piece = &text[self.cut..cut];
                        let start = self.pieces.last().map_or(0, |last| last.end);
                        let end = start + piece.chars().count() as u64;
                        self.pieces.push(Piece { place: out.len(), start, end });
                        out.push(Content::text(piece).into());
                    }
                    self.cut = cut;
                    self.taken = end;
                    return;
                }
                self.taken += text.len() - self.cut;
                text.drain(..std::mem::take(&mut self.cut));
                // The last piece keeps what is known about the text.
                let pieces = std::mem::take(&mut self.pieces);
                if !pieces.is_empty() && !share(citations, &pieces, out) {
                    self.losses.note("annotations.start_index", "reasoning stands within the passage");
                }
            }
            out.extend(self.blocks.pop_front());
        }
    }
}

/// Puts each source to the piece that its passage stands in; `false` where a passage is in none, and loses its place.
fn share(citations: &mut Vec<Citation>, pieces: &[Piece], out: &mut [Block]) -> bool {
    let moved = |(start, end): (u64, u64), by: u64| Some((start.checked_sub(by)?, end.checked_sub(by)?));
    let last = pieces.last().map_or(0, |piece| piece.end);
    let mut all_stay = true;
    for mut citation in std::mem::take(citations) {
        let Some(range) = citation.range else {
            citations.push(citation);
            continue;
        };
        citation.range = moved(range, last);
        let at = pieces.partition_point(|piece| piece.end < range.1);
        if citation.range.is_none()
            && let Some(piece) = pieces.get(at)
            && let Some(range) = moved(range, piece.start)
            && let Some(Block { content: Content::Text(text), .. }) = out.get_mut(piece.place)
        {
            text.citations.push(Citation { range: Some(range), ..citation });
            continue;
        }
        all_stay &= citation.range.is_some();
        citations.push(citation);
    }
    all_stay
}

/// Writes `reasoning_details` for a client, beginning with this `index`. What proves an entry is sealed, whoever made it: the
/// string is ours.
pub(super) fn write_entries<'r>(
    json: &mut Json,
    entries: impl IntoIterator<Item = (&'r Reasoning, Place)>,
    index: usize,
    is_again: bool,
) {
    json.key("reasoning_details").array();
    for (index, (reasoning, place)) in (index..).zip(entries) {
        write_entry(json, reasoning, index, place, is_again);
    }
    json.end_array();
}

fn write_entry(json: &mut Json, reasoning: &Reasoning, index: usize, place: Place, is_again: bool) {
    let text = Some(reasoning.text.as_str()).filter(|text| !text.is_empty());
    let (kind, name, proof) = match (reasoning.is_summary, text) {
        (true, _) => (SUMMARY, "summary", "signature"),
        (false, None) => (ENCRYPTED, "text", "data"),
        (false, Some(_)) => (TEXT, "text", "signature"),
    };
    json.object().key("type").text(kind).key("index").number(index as u64);
    if is_again {
        json.key("again").boolean(true);
    }
    if place.text > 0 {
        json.key("after_text").number(place.text as u64);
    }
    if place.calls > 0 {
        json.key("after_calls").number(place.calls as u64);
    }
    json.optional(name, text).optional(proof, reasoning.proof.as_ref().map(Opaque::seal)).end_object();
}

/// Gives an entry back to the supplier that made it. Nothing is written, and that is said, where what a client gave us as
/// its proof is none: anybody can make a seal.
pub(super) fn write_back(json: &mut Json, reasoning: &Reasoning, proof: &Opaque, index: usize) -> bool {
    let Some(entry) = Scanner::new(proof.data.as_bytes()).ok().and_then(|mut scan| {
        let entry = (scan.kind().ok()? == Kind::Object).then(|| Entry::read(&mut scan).ok())??;
        scan.end().ok().map(|()| entry)
    }) else {
        return false;
    };
    if proof.kind != ENTRY || !matches!(entry.kind.as_str(), TEXT | SUMMARY | ENCRYPTED) {
        return false;
    }
    json.object();
    for (name, value) in &entry.rest {
        json.key(name).raw(value);
    }
    match entry.kind.as_str() {
        TEXT => drop(json.key("text").text(&reasoning.text)),
        SUMMARY => drop(json.key("summary").text(&reasoning.text)),
        _ => {}
    }
    json.key("index").number(index as u64).end_object();
    true
}

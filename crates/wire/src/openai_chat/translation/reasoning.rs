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

/// The entries of a message that may also have its reasoning in plain text: the text of its entries, where they have
/// any; else what its first entry of text proves, or an entry of its own.
pub(super) fn joined(plain: Option<String>, mut entries: Vec<Entry>) -> Vec<Entry> {
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
    let mut texts = TextRun { blocks: texts.into(), taken: 0, cut: 0, losses };
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
    losses: &'l mut Losses,
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
                let out_already = characters(&text[..self.cut]);
                if cut < text.len() {
                    if cut > self.cut {
                        let citations = within(citations, out_already, characters(&text[..cut]));
                        let text = text[self.cut..cut].to_owned();
                        out.push(Content::Text(Text { text, citations, ..Text::default() }).into());
                    }
                    self.cut = cut;
                    self.taken = end;
                    return;
                }
                self.taken += text.len() - self.cut;
                // The last piece keeps what is known about the text.
                for citation in citations.iter_mut().filter(|_| self.cut > 0) {
                    let moved = citation.range.and_then(|range| moved(range, out_already));
                    if citation.range.is_some() && moved.is_none() {
                        self.losses.note("annotations.start_index", "reasoning stands within the passage");
                    }
                    citation.range = moved;
                }
                text.drain(..std::mem::take(&mut self.cut));
            }
            out.extend(self.blocks.pop_front());
        }
    }
}

fn characters(text: &str) -> u64 {
    text.chars().count() as u64
}

/// A passage's place in what is left of the text without its first characters.
fn moved((start, end): (u64, u64), without: u64) -> Option<(u64, u64)> {
    Some((start.checked_sub(without)?, end.checked_sub(without)?))
}

/// Takes out the sources whose passages stand between two places of the text, counted in characters.
fn within(citations: &mut Vec<Citation>, start: u64, end: u64) -> Vec<Citation> {
    let is_here = |citation: &mut Citation| {
        citation.range.is_some_and(|range| moved(range, start).is_some() && range.0.max(range.1) <= end)
    };
    let here = citations.extract_if(.., is_here);
    here.map(|citation| Citation { range: citation.range.and_then(|range| moved(range, start)), ..citation })
        .collect()
}

/// An entry for a client, or a streamed piece of one. What proves it is sealed, whoever made it: the string is ours.
#[derive(Debug, Default)]
pub(super) struct EntryPiece<'a> {
    is_summary: bool,
    index: usize,
    pub(super) text: Option<&'a str>,
    /// A seal.
    pub(super) proof: Option<String>,
    /// Whether the seal is all that the entry has.
    pub(super) is_sealed_alone: bool,
    /// Said once: readers of streams add numbers up.
    pub(super) place: Option<Place>,
}

impl EntryPiece<'_> {
    pub(super) fn new(is_summary: bool, index: usize) -> Self {
        Self { is_summary, index, ..Self::default() }
    }

    /// Writes `reasoning_details` with this piece alone.
    pub(super) fn write(&self, json: &mut Json) {
        json.key("reasoning_details").array();
        self.write_element(json);
        json.end_array();
    }

    fn write_element(&self, json: &mut Json) {
        let (kind, text, proof) = match (self.is_summary, self.is_sealed_alone) {
            (true, _) => (SUMMARY, "summary", "signature"),
            (false, true) => (ENCRYPTED, "text", "data"),
            (false, false) => (TEXT, "text", "signature"),
        };
        json.object().key("type").text(kind).key("index").number(self.index as u64);
        let Place { text: after_text, calls: after_calls } = self.place.unwrap_or_default();
        if after_text > 0 {
            json.key("after_text").number(after_text as u64);
        }
        if after_calls > 0 {
            json.key("after_calls").number(after_calls as u64);
        }
        json.optional(text, self.text).optional(proof, self.proof.as_ref()).end_object();
    }
}

/// Writes an entry as an element of `reasoning_details`.
pub(super) fn write_entry(json: &mut Json, reasoning: &Reasoning, index: usize, place: Place) {
    let text = Some(reasoning.text.as_str()).filter(|text| !text.is_empty());
    let piece = EntryPiece {
        text,
        proof: reasoning.proof.as_ref().map(Opaque::seal),
        is_sealed_alone: text.is_none(),
        place: Some(place),
        ..EntryPiece::new(reasoning.is_summary, index)
    };
    piece.write_element(json);
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

//! What a request wants of state, and the same request without.

use std::ops::Range;

use bytes::Bytes;
use catalogue::Needs;
use memchr::memmem;

use super::Turn;
use super::items::{Element, Joined, elements};
use crate::peek::{PeekError, member_needs};
use crate::scan::{Kind, ScanError, Scanner, What};
use crate::splice::{Edit, splice};

/// What has to be asked for so that reasoning can be given back to a supplier that keeps nothing.
const SEALED_REASONING: &[u8] = b"\"reasoning.encrypted_content\"";

/// What a request says of state.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Ask {
    /// `store`; `OpenAI` takes its absence for true.
    pub store: Option<bool>,
    /// `previous_response_id`.
    pub previous: Option<String>,
    /// Whether it names a `conversation`.
    pub has_conversation: bool,
    /// Whether it asks for an answer in the `background`.
    pub is_background: bool,
    /// The ids of items that `input` only refers to.
    pub references: Vec<String>,
    places: Places,
}

/// Where what can change stands.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Places {
    /// Behind the body's brace.
    open: usize,
    is_empty: bool,
    store: Option<Range<usize>>,
    previous: Option<Range<usize>>,
    input: Input,
    include: Include,
    /// Whether it asks for reasoning; `None` where it leaves that to the model.
    wants_reasoning: Option<bool>,
}

#[derive(Debug, Default, Clone, PartialEq, Eq)]
enum Input {
    #[default]
    Missing,
    /// One text of the user.
    Text(Range<usize>),
    List(Range<usize>),
    /// `null`, or something that the supplier will refuse.
    Other(Range<usize>),
}

#[derive(Debug, Default, Clone, PartialEq, Eq)]
enum Include {
    #[default]
    Missing,
    Null(Range<usize>),
    /// Where the first element goes, and whether there are others.
    List {
        open: usize,
        is_empty: bool,
    },
    /// It is asked for, or is no list.
    Done,
}

/// A request that says all by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Its body.
    pub body: Bytes,
    /// Asks for reasoning in a form that can be given back, where the request leaves it to the model whether it reasons: for
    /// one that does. Others refuse it.
    pub seals: Option<Edit>,
    /// What it adds to the conversation: a list of items.
    pub input: Bytes,
    /// Where each former turn stands in the body.
    pub turns: Vec<Range<usize>>,
    /// Where each item stands in the body that it only referred to, in the order of [`Ask::references`].
    pub references: Vec<Range<usize>>,
    /// Where each of these stands in `input`.
    pub kept_references: Vec<Range<usize>>,
    /// Whether reasoning is left out that its maker kept and did not seal.
    pub lacks_reasoning: bool,
}

impl Ask {
    /// Looks into a request's body.
    ///
    /// # Errors
    /// It is not JSON, no object, or says one of these things twice or in a wrong type.
    pub fn read(body: &[u8]) -> Result<Self, PeekError> {
        let mut scan = Scanner::new(body).map_err(not_json)?;
        if scan.kind().map_err(not_json)? != Kind::Object {
            return Err(PeekError::NotAnObject);
        }
        let mut ask = Self::default();
        ask.places.open = scan.at() + 1;
        ask.places.is_empty = true;
        let mut seen = Vec::new();
        scan.object(|scan, name| ask.member(scan, name, &mut seen))?;
        scan.end().map_err(not_json)?;
        Ok(ask)
    }

    /// The id of the response that a body builds on, if any; most bodies are only searched for the name.
    pub fn previous_of(body: &[u8]) -> Option<String> {
        memmem::find(body, b"previous_response_id")?;
        Self::read(body).ok()?.previous
    }

    fn member(
        &mut self,
        scan: &mut Scanner<'_>,
        name: &[u8],
        seen: &mut Vec<&'static str>,
    ) -> Result<(), Fault> {
        self.places.is_empty = false;
        if name == b"reasoning" {
            let says_so = scan.kind()? == Kind::Object;
            let wants = member_needs(scan, name)?.contains(Needs::REASONING);
            self.places.wants_reasoning = says_so.then_some(wants);
            return Ok(());
        }
        let Some(key) = STEERING.into_iter().find(|key| key.as_bytes() == name) else {
            return Ok(scan.skip()?);
        };
        if seen.contains(&key) {
            return Err(Fault(PeekError::Duplicate { key }));
        }
        seen.push(key);
        let kind = scan.kind()?;
        let start = scan.at();
        match (key, kind) {
            ("input", _) => self.places.input = self.input(scan, kind, start)?,
            ("include", _) => self.places.include = include(scan, kind, start)?,
            ("conversation", _) => self.has_conversation = scan.says_something()?,
            (_, Kind::Null) => scan.skip()?,
            ("store", Kind::True | Kind::False) => self.store = scan.boolean()?,
            ("background", Kind::True | Kind::False) => self.is_background = scan.boolean()? == Some(true),
            ("previous_response_id", Kind::String) => {
                self.previous = Some(scan.string()?.unescape().into_owned());
            }
            _ => return Err(Fault(PeekError::WrongType { key })),
        }
        let range = Some(start..scan.at());
        match key {
            "store" => self.places.store = range,
            "previous_response_id" => self.places.previous = range,
            _ => {}
        }
        Ok(())
    }

    fn input(&mut self, scan: &mut Scanner<'_>, kind: Kind, start: usize) -> Result<Input, ScanError> {
        if kind == Kind::Array {
            scan.array(|scan| {
                let element = Element::read(scan)?;
                if element.is_reference() {
                    self.references.push(element.id.unwrap_or_default());
                }
                Ok::<_, ScanError>(())
            })?;
            return Ok(Input::List(start..scan.at()));
        }
        scan.skip()?;
        let range = start..scan.at();
        Ok(if kind == Kind::String { Input::Text(range) } else { Input::Other(range) })
    }

    /// The same request with `store` false: nobody is to keep it.
    pub fn unkept(&self, body: &Bytes) -> Bytes {
        let (mut edits, mut members) = (Vec::new(), Vec::new());
        self.store_nothing(&mut edits, &mut members);
        edits.extend(self.in_front(&members));
        joined(body, edits)
    }

    /// The same request for a supplier that keeps nothing: with `former` turns, oldest first, before what it says itself.
    /// `items` are those that it refers to, in the order of [`Ask::references`].
    ///
    /// # Panics
    /// Where there are fewer items than references.
    pub fn told(&self, body: &Bytes, former: &[Turn<'_>], items: &[&[u8]]) -> Told {
        let (mut edits, mut members) = (Vec::new(), Vec::new());
        self.store_nothing(&mut edits, &mut members);
        if self.places.wants_reasoning == Some(true) {
            self.include_reasoning(&mut edits, &mut members);
        }
        self.whole(body, former, items, edits, &members)
    }

    /// The same request with all that it builds on, and else as it is: to be counted, which takes nothing but a prompt.
    ///
    /// # Panics
    /// As [`Ask::told`].
    pub fn counted(&self, body: &Bytes, former: &[Turn<'_>], items: &[&[u8]]) -> Bytes {
        self.whole(body, former, items, Vec::new(), &[]).body
    }

    /// All of it is written once: former turns may be large.
    fn whole(
        &self,
        body: &Bytes,
        former: &[Turn<'_>],
        items: &[&[u8]],
        mut edits: Vec<Edit>,
        members: &[Vec<u8>],
    ) -> Told {
        edits.extend(self.places.previous.clone().map(|range| Edit::replace(range, "null")));
        edits.extend(self.in_front(members));
        let (input, kept_references, mut lacks_reasoning) = self.own(body, items);
        let own = &input[1..input.len() - 1];
        let list = if former.is_empty() && items.is_empty() { None } else { Some(self.list(items)) };
        edits.extend(
            list.as_ref().and_then(|list| list.replaces.clone()).map(|range| Edit::replace(range, "")),
        );
        let (mut turns, mut references) = (Vec::new(), Vec::new());
        let room =
            former.iter().map(|turn| turn.input.len() + turn.response.len()).sum::<usize>() + own.len();
        let at = list.as_ref().map_or(0, |list| list.at);
        let (told, said) = spliced(body, &mut edits, room, at, |told| {
            let Some(list) = &list else { return };
            told.extend_from_slice(list.open);
            let mut all = Joined::new(told);
            turns = former.iter().map(|turn| all.turn(turn)).collect();
            lacks_reasoning |= all.lacks_reasoning;
            if list.holds_own && !own.is_empty() {
                let start = all.add(own);
                references = kept_references.iter().map(|place| moved_to(place, start)).collect();
            } else if !own.is_empty() && !all.is_empty() {
                all.json.push(b',');
            }
            told.extend_from_slice(list.close);
        });
        let asks = self.places.wants_reasoning.is_none();
        let seals = asks
            .then(|| self.sealed(|place| moved(&edits, place) + if place > at { said } else { 0 }))
            .flatten();
        Told {
            body: told.into(),
            seals,
            kept_references: kept_references.iter().map(|place| moved_to(place, 1)).collect(),
            input: input.into(),
            turns,
            references,
            lacks_reasoning,
        }
    }

    /// Where the list of all items goes, or, in front of the client's own, the former ones.
    fn list(&self, items: &[&[u8]]) -> List {
        let list = List { at: self.places.open, replaces: None, open: b"[", holds_own: true, close: b"]" };
        match &self.places.input {
            Input::List(range) if items.is_empty() => {
                List { at: range.start + 1, open: b"", holds_own: false, close: b"", ..list }
            }
            Input::Text(range) | Input::List(range) | Input::Other(range) => {
                List { at: range.start, replaces: Some(range.clone()), ..list }
            }
            // `store` at least stands behind it, or what was there before.
            Input::Missing => List { open: b"\"input\":[", close: b"],", ..list },
        }
    }

    fn store_nothing(&self, edits: &mut Vec<Edit>, members: &mut Vec<Vec<u8>>) {
        match &self.places.store {
            Some(_) if self.store == Some(false) => {}
            Some(range) => edits.push(Edit::replace(range.clone(), "false")),
            None => members.push(b"\"store\":false".to_vec()),
        }
    }

    fn include_reasoning(&self, edits: &mut Vec<Edit>, members: &mut Vec<Vec<u8>>) {
        let list = [b"[", SEALED_REASONING, b"]"].concat();
        match &self.places.include {
            Include::Missing => members.push([b"\"include\":", &*list].concat()),
            Include::Null(range) => edits.push(Edit::replace(range.clone(), list)),
            Include::List { open, is_empty } => {
                let comma: &[u8] = if *is_empty { b"" } else { b"," };
                edits.push(Edit::insert(*open, [SEALED_REASONING, comma].concat()));
            }
            Include::Done => {}
        }
    }

    /// The edit of the told body that asks for sealed reasoning; `moved` says where a place is there.
    fn sealed(&self, moved: impl Fn(usize) -> usize) -> Option<Edit> {
        Some(match &self.places.include {
            // Something stands behind it: `store` at least.
            Include::Missing => {
                Edit::insert(self.places.open, [b"\"include\":[", SEALED_REASONING, b"],"].concat())
            }
            Include::Null(range) => {
                let start = moved(range.start);
                Edit::replace(start..start + range.len(), [b"[", SEALED_REASONING, b"]"].concat())
            }
            Include::List { open, is_empty } => {
                let comma: &[u8] = if *is_empty { b"" } else { b"," };
                Edit::insert(moved(*open), [SEALED_REASONING, comma].concat())
            }
            Include::Done => return None,
        })
    }

    /// What it adds to the conversation, as a list; where in that list's elements those are that it only referred to; and
    /// whether reasoning is left out.
    fn own(&self, body: &Bytes, items: &[&[u8]]) -> (Vec<u8>, Vec<Range<usize>>, bool) {
        let (mut list, mut referred) = (b"[".to_vec(), Vec::new());
        let mut own = Joined::new(&mut list);
        match &self.places.input {
            Input::Missing | Input::Other(_) => {}
            Input::Text(range) => {
                own.add(br#"{"type":"message","role":"user","content":"#);
                own.json.extend_from_slice(&body[range.clone()]);
                own.json.push(b'}');
            }
            // As it came, blanks included.
            Input::List(range) if items.is_empty() => {
                own.add(body[range.start + 1..range.end - 1].trim_ascii());
            }
            Input::List(range) => {
                let mut items = items.iter();
                for element in elements(&body[range.clone()]) {
                    if element.is_reference() {
                        let item = items.next().expect("each reference has its item");
                        let from = own.json.len() - 1;
                        if let Some(item) = element_of(item) {
                            own.say_again(&item);
                        }
                        referred.push(from..own.json.len() - 1);
                    } else {
                        own.add(element.raw);
                    }
                }
            }
        }
        let lacks_reasoning = own.lacks_reasoning;
        list.push(b']');
        (list, referred, lacks_reasoning)
    }

    /// The edit that puts members before all others.
    fn in_front(&self, members: &[Vec<u8>]) -> Option<Edit> {
        let mut text = members.join(&b',');
        if text.is_empty() {
            return None;
        }
        if !self.places.is_empty {
            text.push(b',');
        }
        Some(Edit::insert(self.places.open, text))
    }
}

fn include(scan: &mut Scanner<'_>, kind: Kind, start: usize) -> Result<Include, ScanError> {
    if kind != Kind::Array {
        scan.skip()?;
        return Ok(if kind == Kind::Null { Include::Null(start..scan.at()) } else { Include::Done });
    }
    let (mut is_empty, mut has_it) = (true, false);
    scan.array(|scan| {
        is_empty = false;
        has_it |= scan.text()?.is_some_and(|word| word.is("reasoning.encrypted_content"));
        Ok::<_, ScanError>(())
    })?;
    Ok(if has_it { Include::Done } else { Include::List { open: start + 1, is_empty } })
}

/// An item alone.
fn element_of(item: &[u8]) -> Option<Element<'_>> {
    Scanner::new(item).and_then(|mut scan| Element::read(&mut scan)).ok()
}

/// Where items are put into a body.
#[derive(Debug)]
struct List {
    at: usize,
    /// What they stand in the place of.
    replaces: Option<Range<usize>>,
    open: &'static [u8],
    /// Whether the client's own are written, too; else they stand behind, as they came.
    holds_own: bool,
    close: &'static [u8],
}

/// Where what stands at `at` will stand after the edits.
fn moved(edits: &[Edit], at: usize) -> usize {
    let before = edits.iter().filter(|edit| edit.range.start < at);
    let shift: isize =
        before.map(|edit| edit.with.len().cast_signed() - edit.range.len().cast_signed()).sum();
    at.saturating_add_signed(shift)
}

fn moved_to(place: &Range<usize>, start: usize) -> Range<usize> {
    start + place.start..start + place.end
}

/// The body with `edits` made and, at `at`, before them, what `say` writes, some `room` of bytes; and how much that was.
fn spliced(
    body: &[u8],
    edits: &mut [Edit],
    room: usize,
    at: usize,
    say: impl FnOnce(&mut Vec<u8>),
) -> (Vec<u8>, usize) {
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let more: usize = edits.iter().map(|edit| edit.with.len()).sum();
    let mut told = Vec::with_capacity(body.len() + room + more);
    let mut kept = 0;
    let (before, behind) = edits.split_at(edits.partition_point(|edit| edit.range.start < at));
    let mut make = |told: &mut Vec<u8>, edits: &[Edit], to: usize| {
        for edit in edits {
            told.extend_from_slice(&body[kept..edit.range.start]);
            told.extend_from_slice(&edit.with);
            kept = edit.range.end;
        }
        told.extend_from_slice(&body[kept..to]);
        kept = to;
    };
    make(&mut told, before, at);
    let start = told.len();
    say(&mut told);
    let said = told.len() - start;
    make(&mut told, behind, body.len());
    // What a response says beside its output was not said again.
    told.shrink_to_fit();
    (told, said)
}

fn joined(body: &Bytes, mut edits: Vec<Edit>) -> Bytes {
    match splice(body, &mut edits).as_slice() {
        [only] => only.clone(),
        pieces => pieces.concat().into(),
    }
}

/// The members that steer here.
const STEERING: [&str; 6] =
    ["store", "previous_response_id", "conversation", "background", "input", "include"];

/// Why reading stops.
struct Fault(PeekError);

impl From<ScanError> for Fault {
    fn from(error: ScanError) -> Self {
        Self(not_json(error))
    }
}

impl From<Fault> for PeekError {
    fn from(fault: Fault) -> Self {
        fault.0
    }
}

fn not_json(error: ScanError) -> PeekError {
    match error.what {
        What::TooDeep => PeekError::TooDeep,
        what => PeekError::NotJson { offset: error.offset(), what: what.as_str() },
    }
}

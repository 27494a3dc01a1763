//! Lists of items, taken apart without changing them.

use std::ops::Range;

use super::Turn;
use crate::scan::{Kind, ScanError, Scanner};

/// One item of a list.
#[derive(Debug, Default)]
pub(super) struct Element<'a> {
    pub(super) raw: &'a [u8],
    /// Its type; none where it is left out, as clients do for messages.
    pub(super) kind: Option<String>,
    pub(super) id: Option<String>,
    /// Whether it holds encrypted content.
    is_sealed: bool,
    has_role: bool,
}

impl<'a> Element<'a> {
    /// Takes the item that starts here, whatever it is.
    pub(super) fn read(scan: &mut Scanner<'a>) -> Result<Self, ScanError> {
        let mut element = Self::default();
        let kind = scan.kind()?;
        let start = scan.at();
        if kind == Kind::Object {
            scan.object(|scan, name| {
                match name {
                    b"type" => element.kind = scan.text()?.map(|text| text.unescape().into_owned()),
                    b"id" => element.id = scan.text()?.map(|text| text.unescape().into_owned()),
                    b"encrypted_content" => element.is_sealed = scan.says_something()?,
                    b"role" => element.has_role = scan.says_something()?,
                    _ => scan.skip()?,
                }
                Ok::<_, ScanError>(())
            })?;
        } else {
            scan.skip()?;
        }
        element.raw = scan.slice(start..scan.at());
        Ok(element)
    }

    /// Whether it only names an item that is kept. Clients leave the type out, as they do for messages.
    pub(super) fn is_reference(&self) -> bool {
        match self.kind.as_deref() {
            Some(kind) => kind == "item_reference",
            None => self.id.is_some() && !self.has_role,
        }
    }

    /// Whether a supplier that keeps nothing can take it: reasoning that is neither kept there nor sealed is refused.
    pub(super) fn can_be_said_again(&self) -> bool {
        self.kind.as_deref() != Some("reasoning") || self.is_sealed
    }
}

/// The elements of a list; none where it is no list.
pub(super) fn elements(list: &[u8]) -> Vec<Element<'_>> {
    let mut all = Vec::new();
    let walked = Scanner::new(list).and_then(|mut scan| {
        scan.array(|scan| {
            all.push(Element::read(scan)?);
            Ok(())
        })
    });
    if walked.is_err() {
        all.clear();
    }
    all
}

/// The list of a response's output.
pub(super) fn output(response: &[u8]) -> &[u8] {
    let mut found: &[u8] = b"[]";
    let walked = Scanner::new(response).and_then(|mut scan| {
        scan.object(|scan, name| {
            let range = scan.range()?;
            if name == b"output" {
                found = scan.slice(range);
            }
            Ok::<_, ScanError>(())
        })
    });
    if walked.is_ok() { found } else { b"[]" }
}

/// Writes elements of a list, with commas between, behind what stands there.
#[derive(Debug)]
pub(super) struct Joined<'v> {
    pub(super) json: &'v mut Vec<u8>,
    /// Where they begin.
    start: usize,
    /// Whether reasoning was left out.
    pub(super) lacks_reasoning: bool,
}

impl<'v> Joined<'v> {
    /// Without elements so far.
    pub(super) const fn new(json: &'v mut Vec<u8>) -> Self {
        let start = json.len();
        Self { json, start, lacks_reasoning: false }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.json.len() == self.start
    }

    /// Adds an item that is said again, if it can be.
    pub(super) fn say_again(&mut self, element: &Element<'_>) {
        if element.can_be_said_again() {
            self.add(element.raw);
        } else {
            self.lacks_reasoning = true;
        }
    }

    /// Adds an element, or several with commas between. Gives where it begins.
    pub(super) fn add(&mut self, raw: &[u8]) -> usize {
        if !self.is_empty() {
            self.json.push(b',');
        }
        let start = self.json.len();
        self.json.extend_from_slice(raw);
        start
    }

    /// Adds what a turn said. Gives its place.
    pub(super) fn turn(&mut self, turn: &Turn<'_>) -> Range<usize> {
        let start = self.json.len() + usize::from(!self.is_empty());
        for element in elements(turn.input) {
            self.say_again(&element);
        }
        for element in elements(output(turn.response)) {
            self.say_again(&element);
        }
        start.min(self.json.len())..self.json.len()
    }
}

/// The items of a turn's answer, by their ids.
pub fn answered(turn: Turn<'_>) -> impl Iterator<Item = (String, &[u8])> {
    elements(output(turn.response)).into_iter().filter_map(|element| Some((element.id?, element.raw)))
}

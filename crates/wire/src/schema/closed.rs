//! The subset that Claude is held to, at Anthropic and on Bedrock.
//!
//! Every object has only its properties; limits on numbers, texts and lists, and what else is not known there, are taken out
//! and put into words beside it, which the model reads. What the subset has no form for at all, a schema that holds itself and
//! objects of members that are not listed, is not said by it: a model is only asked for those.
//!
//! Source: docs.claude.com ("Structured outputs", "JSON Schema limitations"), `lib/_parse/_transform.py` of anthropic 2.12.0, and
//! the API's own "For 'object' type, 'additionalProperties' must be explicitly set to false" (ax-llm/ax#458); Bedrock documents
//! the same subset. Read 2026-11-29.

use std::collections::HashMap;

use super::{Value, elements, kind, member, members, string, types};
use crate::conversation::Loss;
use crate::json::Json;
use crate::scan::{Kind, ScanError};
use crate::translate::note;

/// The formats of text that it knows.
const FORMATS: [&str; 10] =
    ["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"];

/// Kinds of value that need no schema of their own.
const PLAIN_TYPES: &str = r#"["string","number","boolean","null"]"#;

/// So many keywords are named one by one.
const MOST_LOSSES: usize = 24;

/// A schema in the subset.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Closed {
    /// The schema.
    pub(crate) schema: Vec<u8>,
    /// What it does not say any more.
    pub(crate) losses: Vec<Loss>,
}

/// `schema` in the subset. `what` is how losses name it. `None` where it has no form there.
///
/// # Errors
/// [`ScanError`], for what is not JSON.
pub(crate) fn closed(schema: &[u8], what: &'static str) -> Result<Option<Closed>, ScanError> {
    let mut writer = Writer { json: Json::new(), what, losses: Vec::new(), has_form: true };
    let is_closed = !holds_itself(schema)? && {
        writer.node(schema)?;
        writer.has_form
    };
    Ok(is_closed.then(|| Closed { schema: writer.json.finish(), losses: writer.losses }))
}

struct Writer {
    json: Json,
    what: &'static str,
    losses: Vec<Loss>,
    has_form: bool,
}

/// What of a node is said in words.
#[derive(Default)]
struct Words<'a> {
    description: Option<Value<'a>>,
    rest: Vec<String>,
}

impl Writer {
    fn lose(&mut self, keyword: &str, why: &'static str) {
        let loss = if self.losses.len() < MOST_LOSSES {
            Loss::new(format!("{}.{keyword}", self.what), why)
        } else {
            Loss::new(self.what, "more of its keywords than are named")
        };
        note(&mut self.losses, loss);
    }

    fn node(&mut self, value: Value<'_>) -> Result<(), ScanError> {
        if kind(value)? != Kind::Object {
            self.anything();
            return Ok(());
        }
        let mut all = members(value)?;
        only_part(&mut all)?;
        if member(&all, "$ref").is_some() {
            return self.reference(&all);
        }
        let mut types = types(&all);
        self.json.object();
        let says_what = ["type", "anyOf", "oneOf", "allOf", "enum", "const"];
        if !all.iter().any(|(name, _)| says_what.contains(&name.as_str())) {
            types = self.guess(&all);
        }
        let mut words = Words::default();
        for (name, value) in &all {
            self.keyword(name, value, &all, &mut words)?;
        }
        if types.iter().any(|kind| kind == "object") {
            self.close(&all);
        }
        self.words(&words);
        self.json.end_object();
        Ok(())
    }

    /// Writes the type of a node that states none.
    fn guess(&mut self, all: &[(String, Value<'_>)]) -> Vec<String> {
        let guessed = match () {
            () if member(all, "properties").is_some() => "object",
            () if member(all, "items").is_some() => "array",
            () => {
                self.lose("type", "what may be anything is held to be no list and no object");
                self.json.key("type").raw(PLAIN_TYPES);
                return Vec::new();
            }
        };
        self.json.key("type").text(guessed);
        vec![guessed.to_owned()]
    }

    fn anything(&mut self) {
        self.json.object();
        self.guess(&[]);
        self.json.end_object();
    }

    /// Beside a reference nothing may stand, but at the top what it leads to.
    fn reference(&mut self, all: &[(String, Value<'_>)]) -> Result<(), ScanError> {
        self.json.object();
        for (name, value) in all {
            match name.as_str() {
                "$ref" => {
                    self.has_form &= string(value).is_some_and(|pointer| pointer.starts_with('#'));
                    self.json.key(name).raw(value);
                }
                "$defs" | "definitions" => self.each(name, value)?,
                "$schema" | "$id" | "$comment" | "title" => {}
                _ => self.lose(name, "nothing may stand beside a reference there"),
            }
        }
        self.json.end_object();
        Ok(())
    }

    fn keyword<'a>(
        &mut self,
        name: &str,
        value: Value<'a>,
        all: &[(String, Value<'a>)],
        words: &mut Words<'a>,
    ) -> Result<(), ScanError> {
        let is_list = || kind(value).map(|kind| kind == Kind::Array);
        let is_kept = match name {
            "properties" | "$defs" | "definitions" if kind(value)? == Kind::Object => {
                return self.each(name, value);
            }
            "items" if kind(value)? == Kind::Object => {
                self.json.key(name);
                return self.node(value);
            }
            "anyOf" if is_list()? => return self.branches(value, all),
            "oneOf" if is_list()? && member(all, "anyOf").is_none() => {
                self.lose(name, "said as anyOf: more than one may match");
                return self.branches(value, all);
            }
            // Objects that are closed each are never one that is all of them.
            "allOf" => {
                self.has_form = false;
                return Ok(());
            }
            "additionalProperties" | "$schema" | "$id" | "$comment" => return Ok(()),
            "description" => {
                words.description = Some(value);
                return Ok(());
            }
            "type" | "title" | "required" => true,
            "enum" => is_list()? && elements(value)?.into_iter().all(is_plain),
            "const" => is_plain(value),
            "format" => string(value).is_some_and(|format| FORMATS.contains(&format.as_str())),
            "minItems" => matches!(value, b"0" | b"1"),
            _ => false,
        };
        if is_kept {
            self.json.key(name).raw(value);
        } else {
            self.lose(name, "said in words: the model is not held to it there");
            words.rest.push(format!("{name}: {}", String::from_utf8_lossy(value)));
        }
        Ok(())
    }

    fn each(&mut self, name: &str, schemas: Value<'_>) -> Result<(), ScanError> {
        self.json.key(name).object();
        for (name, schema) in members(schemas)? {
            self.json.key(&name);
            self.node(schema)?;
        }
        self.json.end_object();
        Ok(())
    }

    /// Writes what may be one or the other. What holds for all of them besides would have to be in each.
    fn branches(&mut self, schemas: Value<'_>, all: &[(String, Value<'_>)]) -> Result<(), ScanError> {
        let holds_for_all = ["type", "properties", "items", "enum", "const"];
        self.has_form &= !all.iter().any(|(name, _)| holds_for_all.contains(&name.as_str()));
        self.json.key("anyOf").array();
        for schema in elements(schemas)? {
            self.node(schema)?;
        }
        self.json.end_array();
        Ok(())
    }

    /// Closes an object. Whose members are not listed has no form.
    fn close(&mut self, all: &[(String, Value<'_>)]) {
        let has_properties = member(all, "properties").is_some();
        match member(all, "additionalProperties") {
            Some(b"false") => {}
            // Who says nothing of more members takes an answer without any.
            None if has_properties => {}
            Some(b"true" | b"{}") if has_properties => {
                self.lose("additionalProperties", "an object has only its properties there");
            }
            _ => self.has_form = false,
        }
        if !has_properties {
            self.json.key("properties").object().end_object();
        }
        self.json.key("additionalProperties").boolean(false);
    }

    fn words(&mut self, words: &Words<'_>) {
        if words.rest.is_empty() {
            self.json.optional_raw("description", words.description);
            return;
        }
        let said = words.description.and_then(string).filter(|text| !text.is_empty());
        let said = said.map(|text| text + "\n\n").unwrap_or_default();
        self.json.key("description").text(&format!("{said}{{{}}}", words.rest.join(", ")));
    }
}

/// Puts the only part of an `allOf` in its place: some generators write each reference so.
fn only_part<'a>(all: &mut Vec<(String, Value<'a>)>) -> Result<(), ScanError> {
    let Some(at) = all.iter().position(|(name, _)| name == "allOf") else { return Ok(()) };
    if kind(all[at].1)? == Kind::Array
        && let [only] = elements(all[at].1)?[..]
        && kind(only)? == Kind::Object
    {
        let part = members(only)?;
        let is_new = |(name, _): &(String, Value<'a>)| all.iter().all(|(known, _)| known != name);
        if part.iter().all(is_new) {
            all.splice(at..=at, part);
        }
    }
    Ok(())
}

/// Whether a value can stand in a list of values there.
fn is_plain(value: Value<'_>) -> bool {
    !matches!(kind(value), Ok(Kind::Object | Kind::Array) | Err(_))
}

/// Whether following its references has no end. The root, and what lies in it beside the definitions, hold where the reference
/// to them is; and what leads nowhere is no better.
fn holds_itself(schema: Value<'_>) -> Result<bool, ScanError> {
    if kind(schema)? != Kind::Object {
        return Ok(false);
    }
    let (mut places, mut led_to) = (HashMap::new(), Vec::new());
    for (name, value) in members(schema)? {
        let mut found = Vec::new();
        if matches!(name.as_str(), "$defs" | "definitions") && kind(value)? == Kind::Object {
            for (inner, value) in members(value)? {
                let mut found = Vec::new();
                references("", value, &mut found)?;
                places.insert(format!("#/{name}/{inner}"), led_to.len());
                led_to.push(found);
            }
        } else {
            references(&name, value, &mut found)?;
            led_to.push(found);
        }
    }
    // What leads only to places from which there is an end has one itself; what is left goes in a circle, or nowhere.
    let mut left: Vec<usize> = led_to.iter().map(Vec::len).collect();
    let mut led_from = vec![Vec::new(); led_to.len()];
    for (from, pointer) in
        led_to.iter().enumerate().flat_map(|(from, to)| to.iter().map(move |to| (from, to)))
    {
        let Some(place) = places.get(pointer) else { return Ok(true) };
        led_from[*place].push(from);
    }
    let mut ended: Vec<usize> = (0..left.len()).filter(|place| left[*place] == 0).collect();
    let mut ends = 0;
    while let Some(place) = ended.pop() {
        ends += 1;
        for from in &led_from[place] {
            left[*from] -= 1;
            if left[*from] == 0 {
                ended.push(*from);
            }
        }
    }
    Ok(ends < left.len())
}

/// Where the references of a value lead to: `name` is what the value is a member of.
fn references(name: &str, value: Value<'_>, found: &mut Vec<String>) -> Result<(), ScanError> {
    match kind(value)? {
        Kind::String if name == "$ref" => {
            found.extend(string(value).map(|pointer| pointer.replace("~1", "/").replace("~0", "~")));
        }
        Kind::Object if super::NAMED.contains(&name) => {
            for (_, value) in members(value)? {
                references("", value, found)?;
            }
        }
        Kind::Object => {
            for (name, value) in members(value)? {
                if !matches!(name.as_str(), "enum" | "const" | "default" | "examples") {
                    references(&name, value, found)?;
                }
            }
        }
        Kind::Array => {
            for value in elements(value)? {
                references("", value, found)?;
            }
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests;

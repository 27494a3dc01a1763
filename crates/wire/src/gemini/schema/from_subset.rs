//! From Google's schemas to JSON Schema, which every other protocol takes.
//!
//! The Python SDK makes the first from a function's signature: types in capitals, `nullable`, numbers in quotes. What says
//! nothing of that kind is JSON Schema already and stays byte for byte.

use std::borrow::Cow;

use crate::conversation::Loss;
use crate::gemini::names::{camel, elements, members};
use crate::gemini::reading::is_number;
use crate::json::Json;
use crate::scan::{Kind, ScanError, Scanner};
use crate::translate::note;

#[cfg(test)]
mod tests;

/// The schema that starts here, as JSON Schema.
pub(in crate::gemini) fn json_schema<'a>(
    scan: &mut Scanner<'a>,
    losses: &mut Vec<Loss>,
) -> Result<Cow<'a, [u8]>, ScanError> {
    scan.kind()?;
    let start = scan.at();
    let mut rewriter = Rewriter { json: Json::new(), changed: false, losses };
    rewriter.node(scan)?;
    let whole = scan.slice(start..scan.at());
    Ok(if rewriter.changed { Cow::Owned(rewriter.json.finish()) } else { Cow::Borrowed(whole) })
}

struct Rewriter<'l> {
    json: Json,
    changed: bool,
    losses: &'l mut Vec<Loss>,
}

/// What has to be known of a node before its members are written.
#[derive(Debug, Default, Clone, Copy)]
struct Seen {
    nullable: bool,
    has_type: bool,
}

impl Rewriter<'_> {
    fn node(&mut self, scan: &mut Scanner<'_>) -> Result<(), ScanError> {
        if scan.kind()? != Kind::Object {
            return self.raw(scan);
        }
        let range = scan.range()?;
        let mut seen = Seen::default();
        members(&mut scan.again(range.clone()), |scan, name| {
            match name {
                b"nullable" => seen.nullable = scan.boolean()? == Some(true),
                b"type" => {
                    seen.has_type =
                        scan.kind().and_then(|kind| scan.skip().map(|()| kind == Kind::String))?;
                }
                _ => scan.skip()?,
            }
            Ok::<_, ScanError>(())
        })?;
        self.json.object();
        let mut inside = scan.again(range);
        inside.object(|scan, spelt| {
            let mut buffer = [0; 64];
            let name = camel(spelt, &mut buffer);
            self.changed |= name != spelt;
            self.member(scan, name, seen)
        })?;
        self.json.end_object();
        Ok(())
    }

    fn member(&mut self, scan: &mut Scanner<'_>, name: &[u8], seen: Seen) -> Result<(), ScanError> {
        let key = String::from_utf8_lossy(name);
        match name {
            b"type" => self.kind(scan, seen)?,
            b"nullable" => {
                self.changed = true;
                scan.skip()?;
            }
            b"items" | b"additionalProperties" => {
                self.json.key(&key);
                self.node(scan)?;
            }
            b"properties" | b"defs" | b"$defs" => {
                self.changed |= name == b"defs";
                self.json.key(if name == b"properties" { "properties" } else { "$defs" });
                self.map(scan)?;
            }
            b"ref" => {
                self.changed = true;
                self.json.key("$ref");
                self.raw(scan)?;
            }
            b"anyOf" | b"prefixItems" => {
                self.json.key(&key).array();
                elements(scan, |scan| self.node(scan))?;
                if seen.nullable && name == b"anyOf" && !seen.has_type {
                    self.json.object().key("type").text("null").end_object();
                }
                self.json.end_array();
            }
            b"enum" if seen.nullable => {
                self.json.key("enum").array();
                elements(scan, |scan| self.raw(scan))?;
                self.json.null().end_array();
            }
            b"minItems" | b"maxItems" | b"minLength" | b"maxLength" | b"minProperties" | b"maxProperties" => {
                self.json.key(&key);
                self.count(scan)?;
            }
            b"example" => {
                self.changed = true;
                self.json.key("examples").array();
                self.raw(scan)?;
                self.json.end_array();
            }
            b"propertyOrdering" => {
                self.changed = true;
                scan.skip()?;
                note(self.losses, Loss::new("schema.propertyOrdering", "no form outside of this protocol"));
            }
            // Says again that there is an `enum`.
            b"format" if scan.kind()? == Kind::String => {
                let start = scan.at();
                if scan.string()?.is("enum") {
                    self.changed = true;
                } else {
                    self.json.key("format").raw(scan.slice(start..scan.at()));
                }
            }
            _ => {
                self.json.key(&key);
                self.raw(scan)?;
            }
        }
        Ok(())
    }

    fn kind(&mut self, scan: &mut Scanner<'_>, seen: Seen) -> Result<(), ScanError> {
        if scan.kind()? != Kind::String {
            self.json.key("type");
            return self.raw(scan);
        }
        let said = scan.string()?.unescape();
        let kind = said.to_lowercase();
        self.changed |= kind != *said;
        match (kind.as_str(), seen.nullable) {
            ("type_unspecified", _) => {}
            (kind, false) => drop(self.json.key("type").text(kind)),
            (kind, true) => drop(self.json.key("type").array().text(kind).text("null").end_array()),
        }
        Ok(())
    }

    fn map(&mut self, scan: &mut Scanner<'_>) -> Result<(), ScanError> {
        if scan.kind()? != Kind::Object {
            return self.raw(scan);
        }
        self.json.object();
        scan.object(|scan, name| {
            self.json.key(&String::from_utf8_lossy(name));
            self.node(scan)
        })?;
        self.json.end_object();
        Ok(())
    }

    /// A number, taken out of its quotes.
    fn count(&mut self, scan: &mut Scanner<'_>) -> Result<(), ScanError> {
        let is_quoted = scan.kind()? == Kind::String;
        let range = scan.range()?;
        let text = scan.slice(range);
        match text.get(1..text.len() - 1) {
            Some(inside) if is_quoted && is_number(inside) => {
                self.changed = true;
                self.json.raw(inside);
            }
            _ => drop(self.json.raw(text)),
        }
        Ok(())
    }

    fn raw(&mut self, scan: &mut Scanner<'_>) -> Result<(), ScanError> {
        let range = scan.range()?;
        self.json.raw(scan.slice(range));
        Ok(())
    }
}

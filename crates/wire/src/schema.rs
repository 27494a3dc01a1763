//! JSON Schemas in the forms that suppliers take where they hold a model to them. (Google's older form, which is no JSON
//! Schema, is [`crate::gemini`]'s.)
//!
//! **For**: the answers' schemas and the strict tools of a request that was written for another protocol.
//!
//! **Promises**: what a form takes already stays byte for byte; what is taken out is told.

mod closed;
mod strict;
mod wrap;

pub(crate) use self::closed::{Closed, closed};
pub(crate) use self::strict::is_strict;
pub(crate) use self::wrap::{MEMBER, is_object, wrapped};

use crate::scan::{Kind, ScanError, Scanner};

/// A run of a schema's own bytes: a value.
pub(crate) type Value<'a> = &'a [u8];

/// Keywords whose members have names of their author's, and are schemas.
const NAMED: [&str; 3] = ["properties", "$defs", "definitions"];

/// What value this is.
fn kind(value: Value<'_>) -> Result<Kind, ScanError> {
    Scanner::new(value)?.kind()
}

/// The members of an object, in order.
fn members(value: Value<'_>) -> Result<Vec<(String, Value<'_>)>, ScanError> {
    let mut members = Vec::new();
    Scanner::new(value)?.object(|scan, name| {
        let name = String::from_utf8_lossy(name).into_owned();
        let range = scan.range()?;
        members.push((name, scan.slice(range)));
        Ok::<_, ScanError>(())
    })?;
    Ok(members)
}

/// The elements of a list.
pub(crate) fn elements(value: Value<'_>) -> Result<Vec<Value<'_>>, ScanError> {
    let mut elements = Vec::new();
    Scanner::new(value)?.array(|scan| {
        let range = scan.range()?;
        elements.push(scan.slice(range));
        Ok::<_, ScanError>(())
    })?;
    Ok(elements)
}

/// What a string says; `None` for another value.
pub(crate) fn string(value: Value<'_>) -> Option<String> {
    Scanner::new(value).ok()?.text().ok()?.map(|text| text.unescape().into_owned())
}

/// A member of that name.
fn member<'a>(members: &[(String, Value<'a>)], name: &str) -> Option<Value<'a>> {
    members.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
}

/// The types that a node names: one, or each of a list.
fn types(members: &[(String, Value<'_>)]) -> Vec<String> {
    let Some(value) = member(members, "type") else { return Vec::new() };
    match kind(value) {
        Ok(Kind::Array) => elements(value).unwrap_or_default().into_iter().filter_map(string).collect(),
        _ => string(value).into_iter().collect(),
    }
}

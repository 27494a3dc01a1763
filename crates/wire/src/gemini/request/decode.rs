//! A client's request, read.
//!
//! Members are taken in both spellings, enumerations in any case, and one element without its list, as Google takes them.
//! What would change what the model sees or gives back, and has no neutral form, is refused (`cachedContent`, other
//! output than text); what only tunes Google's own service is a loss.

mod config;
mod contents;
mod tools;

use crate::conversation::{Request, TranslateError};
use crate::gemini::names::members;
use crate::gemini::reading::{Read, Wrong, lose, named, string};
use crate::scan::{Kind, Scanner};

/// Reads a request.
pub(in crate::gemini) fn request(body: &[u8]) -> Result<Request, TranslateError> {
    read(body).map_err(|wrong| wrong.0)
}

fn read(body: &[u8]) -> Read<Request> {
    // Usage is in every stream of this dialect.
    let mut request = Request { stream_usage: true, ..Request::default() };
    let mut calls = contents::Calls::default();
    let mut system = None;
    let mut allowed = None;
    let mut scan = Scanner::new(body)?;
    let is_object = members(&mut scan, |scan, name| {
        match name {
            b"contents" => contents::read(scan, &mut calls, &mut request)?,
            b"systemInstruction" => system = contents::instructions(scan, &mut request)?,
            b"tools" => tools::read(scan, &mut request)?,
            b"toolConfig" => allowed = tools::choice(scan, &mut request)?,
            b"generationConfig" => config::read(scan, &mut request)?,
            b"labels" => labels(scan, &mut request)?,
            b"serviceTier" => request.service_tier = string(scan)?.and_then(tier),
            b"cachedContent" | b"continuationToken" if scan.kind()? == Kind::String => {
                return Err(Wrong::unsayable(&named("", name), "only the supplier that made it can read it"));
            }
            b"modelArmorConfig" if scan.kind()? == Kind::Object => {
                return Err(Wrong::unsayable("modelArmorConfig", "nobody else holds an answer to a policy"));
            }
            // Stands in the path.
            b"model" => scan.skip()?,
            _ => lose(scan, named("", name), &mut request.losses)?,
        }
        Ok(())
    })?;
    scan.end()?;
    if !is_object {
        return Err(Wrong::malformed("body", "an object was expected"));
    }
    request.turns.splice(0..0, system);
    if let Some(names) = allowed {
        tools::keep(&names, &mut request);
    }
    Ok(request)
}

/// A class of service in `OpenAI`'s word.
fn tier(mut word: String) -> Option<String> {
    word.make_ascii_lowercase();
    match word.as_str() {
        "unspecified" => None,
        "standard" => Some("default".to_owned()),
        _ => Some(word),
    }
}

fn labels(scan: &mut Scanner<'_>, request: &mut Request) -> Read<()> {
    if scan.kind()? != Kind::Object {
        return Ok(scan.skip()?);
    }
    // Free names: no spelling of theirs is ours to change.
    scan.object(|scan, name| {
        if let Some(value) = string(scan)? {
            request.metadata.push((String::from_utf8_lossy(name).into_owned(), value));
        }
        Ok(())
    })
}

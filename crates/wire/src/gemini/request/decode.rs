//! A client's request, read.
//!
//! Members are taken in both spellings, enumerations in any case, and one element without its list, as Google takes them. Values of
//! other types than theirs are refused, as Google refuses them.
//! What would change what the model sees or gives back, and has no neutral form, is refused (`cachedContent`, other
//! output than text); what only tunes Google's own service is a loss.

mod config;
mod contents;
mod tools;

use crate::conversation::{Request, TranslateError};
use crate::gemini::reading::{Read, Wrong, lose, named};
use crate::gemini::strict::{check_object, object, text};
use crate::placed::Placed;
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
    if scan.kind()? != Kind::Object {
        return Err(Wrong::malformed("body", "an object was expected"));
    }
    object(&mut scan, |scan, name| {
        match name {
            b"contents" => contents::read(scan, &mut calls, &mut request)?,
            b"systemInstruction" => system = contents::instructions(scan, &mut request)?,
            b"tools" => tools::read(scan, &mut request)?,
            b"toolConfig" => allowed = tools::choice(scan, &mut request)?,
            b"generationConfig" => config::read(scan, &mut request)?,
            b"labels" => labels(scan, &mut request)?,
            b"serviceTier" => request.service_tier = text(scan)?.and_then(tier),
            b"cachedContent" | b"continuationToken" => {
                return Err(Wrong::unsayable(&named("", name), "only the supplier that made it can read it"));
            }
            b"modelArmorConfig" => {
                return Err(Wrong::unsayable("modelArmorConfig", "nobody else holds an answer to a policy"));
            }
            // Stands in the path.
            b"model" => scan.skip()?,
            _ => lose(scan, named("", name), &mut request.losses)?,
        }
        Ok(())
    })?;
    scan.end()?;
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
    check_object(scan)?;
    // Free names: no spelling of theirs is ours to change.
    scan.object(|scan, name| {
        let name = named("", name);
        let value = text(scan).map_err(|wrong| wrong.within(&name))?;
        request.metadata.extend(value.map(|value| (name, value)));
        Ok(())
    })
}

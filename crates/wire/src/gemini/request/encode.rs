//! A request for a supplier, written.
//!
//! The same request gives the same bytes: members and losses stand in a fixed order, nothing is drawn.

mod config;
mod contents;
mod tools;

use crate::conversation::{Encoded, Loss, Request, Target, TranslateError};
use crate::json::Json;
use crate::translate::note;

/// Writes `request` for `target`.
pub(in crate::gemini) fn request(request: &Request, target: &Target<'_>) -> Result<Encoded, TranslateError> {
    let mut losses = Vec::new();
    let mut json = Json::new();
    json.object();
    contents::write(&mut json, request, target, &mut losses)?;
    tools::write(&mut json, request, target, &mut losses)?;
    config::write(&mut json, request, target, &mut losses)?;
    json.end_object();
    for (said, what) in [(request.user.is_some(), "user"), (!request.metadata.is_empty(), "metadata")] {
        if said {
            note(&mut losses, Loss::new(what, "no place for it there"));
        }
    }
    Ok(Encoded { body: json.finish().into(), losses })
}

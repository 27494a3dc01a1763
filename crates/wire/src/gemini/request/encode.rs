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
    tier(&mut json, request, &mut losses);
    json.end_object();
    let said = [("user", request.end_user().is_some()), ("metadata", !request.metadata.is_empty())];
    let said = said.into_iter().filter(|(_, is_said)| *is_said).map(|(name, _)| name);
    for name in said.chain(request.only_openais()) {
        note(&mut losses, Loss::new(name, "no place for it there"));
    }
    Ok(Encoded { body: json.finish().into(), losses })
}

/// `serviceTier`. Source: `ServiceTier` in google-genai 3.4.0, read 2026-11-28.
fn tier(json: &mut Json, request: &Request, losses: &mut Vec<Loss>) {
    let word = match request.service_tier.as_deref() {
        None => return,
        Some("default") => "standard",
        Some("flex") => "flex",
        // Two words for it at OpenAI.
        Some("priority" | "fast") => "priority",
        Some(_) => return note(losses, Loss::new("service_tier", "there is none of that name")),
    };
    json.key("serviceTier").text(word);
}

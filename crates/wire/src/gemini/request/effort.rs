//! How much thinking: a budget of tokens at Gemini 2.5, a level from Gemini 3 on.
//!
//! Source: `ThinkingConfig` and `ThinkingLevel` in `types.py` of google-genai 3.4.0 and ai.google.dev/gemini-api/docs/thinking,
//! read 2026-11-28. `LOW` and `HIGH` are taken by all models with levels, `MEDIUM` by all but the first, `MINIMAL` and
//! `XHIGH` by some; no model with levels can leave thinking. 24576 tokens are the most that each model with budgets takes.

use catalogue::{Needs, Quirks};

use crate::conversation::{Effort, Loss, Request, Target};
use crate::gemini::reading::{Read, Wrong, lose, named};
use crate::gemini::strict::{flag, object, text, whole};
use crate::json::Json;
use crate::scan::Scanner;
use crate::translate::note;

/// The largest budget that each model with budgets takes.
const MOST: u64 = 24_576;

/// Reads `thinkingConfig`.
pub(super) fn read(scan: &mut Scanner<'_>, request: &mut Request) -> Read<()> {
    let (mut level, mut budget) = (None, None);
    object(scan, |scan, name| {
        match name {
            b"includeThoughts" => request.shows_reasoning = flag(scan)?,
            b"thinkingBudget" => {
                budget = whole(scan)?.map(|tokens| self::tokens(&tokens)).transpose()?;
            }
            b"thinkingLevel" => {
                let word = text(scan)?.map(|word| word.to_lowercase());
                level = word.filter(|word| !word.is_empty() && word != "thinking_level_unspecified");
            }
            _ => lose(scan, named("thinkingConfig.", name), &mut request.losses)?,
        }
        Ok(())
    })?;
    request.effort = level.map(Effort::Named).or(budget);
    Ok(())
}

/// What a budget of tokens means.
fn tokens(budget: &str) -> Read<Effort> {
    match budget {
        "0" => Ok(Effort::Off),
        "-1" => Ok(Effort::Auto),
        tokens => tokens.parse().map(Effort::Budget).map_err(|_| Wrong::malformed("", "no such budget")),
    }
}

/// Writes `thinkingConfig`, where there is something to say.
pub(super) fn write(json: &mut Json, request: &Request, target: &Target<'_>, losses: &mut Vec<Loss>) {
    let shows = request.shows_reasoning.filter(|_| request.effort != Some(Effort::Off));
    if target.capabilities.no.contains(Needs::REASONING) {
        // Such a model refuses the member, whatever it says.
        if request.effort.as_ref().is_some_and(|effort| *effort != Effort::Off) || shows == Some(true) {
            note(losses, Loss::new("reasoning", "the model does not think"));
        }
        return;
    }
    let amount = request.effort.as_ref().and_then(|effort| {
        if target.quirks.contains(Quirks::THINKING_LEVEL) {
            level(effort, losses).map(|level| ("thinkingLevel", format!("\"{level}\"")))
        } else {
            budget(effort, losses).map(|budget| ("thinkingBudget", budget))
        }
    });
    if amount.is_none() && shows.is_none() {
        return;
    }
    json.key("thinkingConfig").object();
    if let Some((name, value)) = amount {
        json.key(name).raw(value);
    }
    if let Some(shows) = shows {
        json.key("includeThoughts").boolean(shows);
    }
    json.end_object();
}

/// A level; `None` where the model may decide.
fn level(effort: &Effort, losses: &mut Vec<Loss>) -> Option<&'static str> {
    let mut less = |why| note(losses, Loss::new("reasoning_effort", why));
    match effort {
        Effort::Off => less("thinking cannot be switched off there: as little as every model takes"),
        Effort::Budget(_) => less("levels instead of budgets there: the nearest"),
        _ => {}
    }
    match effort.word()? {
        "minimal" => {
            less("not every model there takes `minimal`: the next level");
            Some("LOW")
        }
        "none" | "low" => Some("LOW"),
        "medium" => Some("MEDIUM"),
        "high" => Some("HIGH"),
        "xhigh" | "max" => {
            less("not every model there takes more than `high`");
            Some("HIGH")
        }
        _ => {
            less("no such level there: the model decides");
            None
        }
    }
}

/// A budget, as it is written.
fn budget(effort: &Effort, losses: &mut Vec<Loss>) -> Option<String> {
    let mut less = |why| note(losses, Loss::new("reasoning_effort", why));
    if *effort == Effort::Auto {
        return Some("-1".to_owned());
    }
    let Some(tokens) = effort.budget() else {
        less("no such amount there: the model decides");
        return None;
    };
    if tokens > MOST {
        less("not every model there takes so large a budget");
    }
    Some(tokens.min(MOST).to_string())
}

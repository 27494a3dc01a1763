//! `additionalModelRequestFields`: what models take beyond Converse's own members. What Claude, Nova and gpt-oss take
//! there to think has a place elsewhere.

use super::super::super::read::{Read, count, named, number, object, text};
use crate::conversation::{Effort, Loss, Request};
use crate::scan::Scanner;
use crate::translate::note;

/// What was said of thinking, in whatever order.
#[derive(Debug, Default)]
pub(super) struct Fields {
    /// `outputConfig.effort`, or its like.
    pub(super) effort: Option<String>,
    thinking: Option<Thinking>,
}

#[derive(Debug)]
enum Thinking {
    Off,
    On,
    Budget(u64),
}

impl Fields {
    pub(super) fn read(&mut self, scan: &mut Scanner<'_>, request: &mut Request) -> Read<()> {
        object(scan, |scan, name| {
            match name {
                b"thinking" | b"reasoningConfig" | b"reasoning_config" => self.thinking(scan, request)?,
                b"reasoning_effort" => self.effort = Some(text(scan)?),
                b"top_k" => request.sampling.top_k = Some(number(scan)?),
                b"output_config" => object(scan, |scan, name| {
                    if name == b"effort" {
                        self.effort = Some(text(scan)?);
                        return Ok(());
                    }
                    lose(scan, request, &named("output_config.", name))
                })?,
                _ => lose(scan, request, &named("additionalModelRequestFields.", name))?,
            }
            Ok(())
        })
    }

    fn thinking(&mut self, scan: &mut Scanner<'_>, request: &mut Request) -> Read<()> {
        let mut kind = String::new();
        let mut budget = None;
        object(scan, |scan, name| {
            match name {
                b"type" => kind = text(scan)?,
                b"budget_tokens" | b"budgetTokens" => budget = Some(count(scan)?),
                b"maxReasoningEffort" => self.effort = Some(text(scan)?),
                b"display" => match &*text(scan)? {
                    "omitted" => request.shows_reasoning = Some(false),
                    _ => request.shows_reasoning = Some(true),
                },
                _ => lose(scan, request, &named("thinking.", name))?,
            }
            Ok(())
        })?;
        self.thinking = match (&*kind, budget) {
            ("disabled", _) => Some(Thinking::Off),
            (_, Some(tokens)) => Some(Thinking::Budget(tokens)),
            ("", None) => None,
            _ => Some(Thinking::On),
        };
        Ok(())
    }

    /// Puts all of it into `request`.
    pub(super) fn settle(self, request: &mut Request) {
        request.effort = match (self.thinking, self.effort) {
            (Some(Thinking::Off), effort) => {
                if effort.is_some() {
                    let why = "how hard a model tries that does not think has no place elsewhere";
                    note(&mut request.losses, Loss::new("outputConfig.effort", why));
                }
                Some(Effort::Off)
            }
            (Some(Thinking::Budget(tokens)), effort) => {
                if effort.is_some() {
                    note(&mut request.losses, Loss::new("outputConfig.effort", "the budget says how much"));
                }
                Some(Effort::Budget(tokens))
            }
            (_, Some(word)) => Some(Effort::Named(word)),
            (Some(Thinking::On), None) => Some(Effort::Auto),
            (None, None) => None,
        };
    }
}

fn lose(scan: &mut Scanner<'_>, request: &mut Request, name: &str) -> Read<()> {
    if scan.says_something()? {
        note(&mut request.losses, Loss::new(name, "one model's own member"));
    }
    Ok(())
}

//! A client's request.
//!
//! Source: `completion_create_params.py` in openai 3.54.0, read 2026-11-28. `reasoning` is `OpenRouter`'s, `thinking` is
//! Anthropic's and, in this protocol, `DeepSeek`'s and Moonshot's; `top_k` is many suppliers'.

mod content;
mod messages;
mod tools;

pub(super) use self::tools::WEB_SEARCH;
use std::collections::HashSet;

use super::super::read::{
    Losses, NO_PLACE, Read, count, elements, flag, members, number, raw, raw_object, text, wrong,
};
use super::{LEGACY, is_legacy};
use crate::conversation::{Effort, OutputFormat, Request, Tool, TranslateError};
use crate::scan::{Kind, Scanner};

pub(in super::super) fn decode(body: &[u8]) -> Result<Request, TranslateError> {
    let mut draft = Draft::default();
    let mut scan = Scanner::new(body).map_err(super::super::read::Fault::from)?;
    draft.read(&mut scan)?;
    draft.finish()
}

/// A request in the making.
#[derive(Debug, Default)]
struct Draft {
    request: Request,
    losses: Losses,
    has_messages: bool,
    /// `max_tokens`, which `max_completion_tokens` replaces.
    max_tokens: Option<u64>,
    max_completion_tokens: Option<u64>,
    wants_logprobs: bool,
    top_logprobs: Option<u32>,
    /// The only tools that may be called.
    allowed: Option<HashSet<String>>,
    wants_usage: bool,
    /// Effort in the members of other dialects, which the protocol's own replaces.
    other_effort: Option<Effort>,
}

impl Draft {
    fn read(&mut self, scan: &mut Scanner<'_>) -> Read<()> {
        if scan.kind()? != Kind::Object {
            return Err(wrong("an object was expected"));
        }
        members(scan, |scan, name| self.member(scan, name))?;
        Ok(scan.end()?)
    }

    fn member(&mut self, scan: &mut Scanner<'_>, name: &[u8]) -> Read<()> {
        let request = &mut self.request;
        match name {
            // Whoever routes the request reads it.
            b"model" => scan.skip()?,
            b"messages" => {
                self.has_messages = scan.kind()? == Kind::Array;
                request.turns = messages::read(scan, &mut self.losses)?;
            }
            b"tools" => tools::read(scan, &mut request.tools, &mut self.losses)?,
            b"tool_choice" => self.tool_choice(scan)?,
            b"functions" => self.functions(scan)?,
            b"function_call" => {
                if let Some(choice) = tools::read_legacy_choice(scan)? {
                    request.tool_choice = choice;
                }
            }
            b"parallel_tool_calls" => request.parallel_tools = flag(scan)?,
            b"web_search_options" => request.tools.extend(tools::read_web_search(scan, &mut self.losses)?),
            b"response_format" => self.response_format(scan)?,
            b"max_tokens" => self.max_tokens = count(scan, 1)?,
            b"max_completion_tokens" => self.max_completion_tokens = count(scan, 1)?,
            b"stop" => self.stop(scan)?,
            b"n" => {
                let n = count(scan, 1)?.map(u32::try_from).transpose();
                request.choices = n.map_err(|_| wrong("too many"))?.filter(|n| *n > 1);
            }
            b"stream" => request.stream = flag(scan)?.unwrap_or_default(),
            b"stream_options" => self.stream_options(scan)?,
            b"user" => request.user = text(scan)?,
            b"safety_identifier" => request.safety_identifier = text(scan)?,
            b"metadata" => self.metadata(scan)?,
            b"reasoning_effort" => request.effort = text(scan)?.map(effort),
            b"reasoning" => self.reasoning(scan)?,
            b"thinking" => self.thinking(scan)?,
            _ => return self.drawing(scan, name),
        }
        Ok(())
    }

    /// How tokens are drawn.
    fn drawing(&mut self, scan: &mut Scanner<'_>, name: &[u8]) -> Read<()> {
        let sampling = &mut self.request.sampling;
        match name {
            b"temperature" => sampling.temperature = number(scan)?,
            b"top_p" => sampling.top_p = number(scan)?,
            b"top_k" => sampling.top_k = number(scan)?,
            b"seed" => sampling.seed = number(scan)?,
            b"frequency_penalty" => sampling.frequency_penalty = number(scan)?,
            b"presence_penalty" => sampling.presence_penalty = number(scan)?,
            b"logprobs" => self.wants_logprobs = flag(scan)?.unwrap_or_default(),
            b"top_logprobs" => {
                let top = count(scan, 0)?.map(u32::try_from).transpose();
                self.top_logprobs = top.map_err(|_| wrong("too many"))?;
            }
            b"logit_bias" => {
                if scan.says_something()? {
                    return Err(TranslateError::unsayable("logit_bias", NO_PLACE).into());
                }
            }
            b"modalities" => elements(scan, |scan| match text(scan)?.as_deref() {
                None | Some("text") => Ok(()),
                Some(_) => {
                    let why = "other protocols give text, and sound or pictures unasked";
                    Err(TranslateError::unsayable("modalities", why).into())
                }
            })?,
            b"moderation" => {
                if scan.says_something()? {
                    let why = "nobody else holds an answer to a policy";
                    return Err(TranslateError::unsayable("moderation", why).into());
                }
            }
            _ => return self.service(scan, name),
        }
        Ok(())
    }

    /// How the supplier is to go about it. What is so anyway is not said.
    fn service(&mut self, scan: &mut Scanner<'_>, name: &[u8]) -> Read<()> {
        let request = &mut self.request;
        match name {
            b"verbosity" => request.verbosity = text(scan)?.filter(|word| word != "medium"),
            b"service_tier" => request.service_tier = text(scan)?.filter(|word| word != "auto"),
            b"prompt_cache_key" => request.caching.key = text(scan)?,
            b"prompt_cache_retention" => request.caching.retention = text(scan)?,
            b"prompt_cache_options" => members(scan, |scan, name| {
                match name {
                    b"mode" => request.caching.mode = text(scan)?,
                    b"ttl" => request.caching.ttl = text(scan)?,
                    _ => self.losses.unknown(scan, "prompt_cache_options", name)?,
                }
                Ok(())
            })?,
            _ => self.losses.unknown(scan, "", name)?,
        }
        Ok(())
    }

    fn tool_choice(&mut self, scan: &mut Scanner<'_>) -> Read<()> {
        if let Some(choice) = tools::read_choice(scan, &mut self.losses)? {
            self.request.tool_choice = choice.choice;
            self.allowed = choice.allowed;
        }
        Ok(())
    }

    fn functions(&mut self, scan: &mut Scanner<'_>) -> Read<()> {
        let before = self.request.tools.len();
        elements(scan, |scan| {
            let function = tools::read_function(scan, LEGACY, &mut self.losses)?;
            self.request.tools.push(Tool::Function(function));
            Ok(())
        })?;
        if self.request.tools.len() > before {
            self.losses.note(LEGACY, "said as tools");
        }
        Ok(())
    }

    fn response_format(&mut self, scan: &mut Scanner<'_>) -> Read<()> {
        let losses = &mut self.losses;
        let mut kind = None;
        let (mut name, mut description, mut schema, mut strict) = (None, None, None, None);
        members(scan, |scan, member| {
            match member {
                b"type" => kind = text(scan)?,
                b"json_schema" => members(scan, |scan, member| {
                    match member {
                        b"name" => name = text(scan)?,
                        b"description" => description = text(scan)?,
                        b"schema" => schema = raw_object(scan)?,
                        b"strict" => strict = flag(scan)?,
                        _ => losses.unknown(scan, "response_format.json_schema", member)?,
                    }
                    Ok(())
                })?,
                _ => losses.unknown(scan, "response_format", member)?,
            }
            Ok(())
        })?;
        self.request.format = match kind.as_deref() {
            None | Some("text") => OutputFormat::Text,
            Some("json_object") => OutputFormat::Json,
            Some("json_schema") => match schema {
                Some(schema) => OutputFormat::Schema { name, description, schema, strict },
                None => OutputFormat::Json,
            },
            Some(_) => return Err(TranslateError::unsayable("response_format.type", NO_PLACE).into()),
        };
        Ok(())
    }

    fn stop(&mut self, scan: &mut Scanner<'_>) -> Read<()> {
        let stop = &mut self.request.stop;
        if scan.kind()? == Kind::String {
            stop.extend(text(scan)?);
            return Ok(());
        }
        elements(scan, |scan| {
            stop.extend(text(scan)?);
            Ok(())
        })
    }

    fn stream_options(&mut self, scan: &mut Scanner<'_>) -> Read<()> {
        members(scan, |scan, name| {
            match name {
                b"include_usage" => self.wants_usage = flag(scan)?.unwrap_or_default(),
                _ => self.losses.unknown(scan, "stream_options", name)?,
            }
            Ok(())
        })
    }

    fn metadata(&mut self, scan: &mut Scanner<'_>) -> Read<()> {
        members(scan, |scan, name| {
            let value = if scan.kind()? == Kind::String {
                text(scan)?
            } else {
                raw(scan)?.map(|json| String::from_utf8_lossy(&json).into_owned())
            };
            let name = String::from_utf8_lossy(name).into_owned();
            self.request.metadata.extend(value.map(|value| (name, value)));
            Ok(())
        })
    }

    fn reasoning(&mut self, scan: &mut Scanner<'_>) -> Read<()> {
        let mut enabled = None;
        let mut budget = None;
        let mut named = None;
        members(scan, |scan, name| {
            match name {
                b"enabled" => enabled = flag(scan)?,
                b"max_tokens" => budget = count(scan, 0)?,
                b"effort" => named = text(scan)?.map(effort),
                b"exclude" => {
                    if let Some(exclude) = flag(scan)? {
                        self.request.shows_reasoning = Some(!exclude);
                    }
                }
                _ => self.losses.unknown(scan, "reasoning", name)?,
            }
            Ok(())
        })?;
        let switched = enabled.map(|enabled| if enabled { Effort::Auto } else { Effort::Off });
        let told = named.or(budget.map(Effort::Budget)).or(switched);
        self.other_effort = told.or(self.other_effort.take());
        Ok(())
    }

    fn thinking(&mut self, scan: &mut Scanner<'_>) -> Read<()> {
        let mut kind = None;
        let mut budget = None;
        members(scan, |scan, name| {
            match name {
                b"type" => kind = text(scan)?,
                b"budget_tokens" => budget = count(scan, 0)?,
                _ => self.losses.unknown(scan, "thinking", name)?,
            }
            Ok(())
        })?;
        let told = match kind.as_deref() {
            Some("disabled") => Some(Effort::Off),
            Some(_) => Some(budget.map_or(Effort::Auto, Effort::Budget)),
            None => None,
        };
        self.other_effort = told.or(self.other_effort.take());
        Ok(())
    }

    /// What needs more than one member.
    fn finish(mut self) -> Result<Request, TranslateError> {
        if !self.has_messages {
            return Err(TranslateError::malformed("messages", "a list of messages was expected"));
        }
        if self.top_logprobs.is_some_and(|top| top > 0) && !self.wants_logprobs {
            return Err(TranslateError::malformed("top_logprobs", "`logprobs` has to be true with it"));
        }
        let request = &mut self.request;
        request.max_tokens = self.max_completion_tokens.or(self.max_tokens);
        request.sampling.logprobs = self.wants_logprobs.then(|| self.top_logprobs.unwrap_or_default());
        request.stream_usage = request.stream && self.wants_usage;
        request.effort = request.effort.take().or(self.other_effort);
        if let Some(allowed) = self.allowed {
            request.tools.retain(|tool| allowed.contains(tool.name()));
        }
        request.losses = self.losses.into_vec();
        if is_legacy(request) {
            // There is room for one call in the answer.
            request.parallel_tools = Some(false);
        }
        Ok(self.request)
    }
}

fn effort(word: String) -> Effort {
    if word == "none" { Effort::Off } else { Effort::Named(word) }
}

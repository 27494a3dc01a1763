//! A client's request, read.
//!
//! Source: `types/responses/response_create_params.py`.

use super::super::read::{self, Fault, NO_PLACE, Read, lose};
use super::super::search;
use super::choice::{self, Choice};
use super::tools;
use super::turns::Turns;
use crate::conversation::{Effort, Loss, OutputFormat, Request, Tool, TranslateError};
use crate::scan::{Kind, Scanner};
use crate::translate::note;

/// Reads the body.
pub(in super::super) fn decode(body: &[u8]) -> Result<Request, TranslateError> {
    let mut reader = Reader::default();
    read::document(body, |scan, name| reader.member(scan, name))?;
    Ok(reader.finish()?)
}

/// A request that builds on state which is kept elsewhere cannot be said to anybody else. Whoever keeps the state puts it
/// into `input` first, and takes these members out.
fn refuse_kept_state(scan: &mut Scanner<'_>, name: &[u8]) -> Read<()> {
    if scan.says_something()? {
        let why = "the state that it names is kept elsewhere";
        return Err(TranslateError::unsayable(String::from_utf8_lossy(name), why).into());
    }
    Ok(())
}

/// What was read so far: what depends on another member waits for the end.
#[derive(Debug, Default)]
struct Reader<'a> {
    request: Request,
    instructions: Option<String>,
    input: Option<Scanner<'a>>,
    choice: Choice,
    wants_logprobs: bool,
    top_logprobs: Option<u64>,
    /// How often tools may be called that the supplier runs.
    max_tool_calls: Option<u64>,
}

impl<'a> Reader<'a> {
    fn member(&mut self, scan: &mut Scanner<'a>, name: &[u8]) -> Read<()> {
        let request = &mut self.request;
        match name {
            // The deployment decides it.
            b"model" => scan.skip()?,
            b"input" => {
                let range = scan.range()?;
                self.input = Some(scan.again(range));
            }
            b"instructions" => self.instructions = read::string(scan, "instructions")?,
            b"tools" => tools::read(scan, &mut request.tools, &mut request.losses)?,
            b"tool_choice" => self.choice = choice::read(scan)?,
            b"max_tool_calls" => self.max_tool_calls = read::integer(scan, "max_tool_calls")?,
            b"parallel_tool_calls" => request.parallel_tools = read::boolean(scan, "parallel_tool_calls")?,
            b"text" => text(scan, request)?,
            b"reasoning" => reasoning(scan, request)?,
            b"max_output_tokens" => request.max_tokens = read::integer(scan, "max_output_tokens")?,
            b"temperature" => request.sampling.temperature = read::number(scan, "temperature")?,
            b"top_p" => request.sampling.top_p = read::number(scan, "top_p")?,
            b"top_logprobs" => self.top_logprobs = read::integer(scan, "top_logprobs")?,
            b"include" => self.include(scan)?,
            b"stream" => request.stream = read::boolean(scan, "stream")?.unwrap_or(false),
            b"user" => request.user = read::string(scan, "user")?,
            b"safety_identifier" => request.safety_identifier = read::string(scan, "safety_identifier")?,
            b"metadata" => metadata(scan, request)?,
            b"service_tier" => {
                request.service_tier = read::string(scan, "service_tier")?.filter(|word| word != "auto");
            }
            b"prompt_cache_key" => request.caching.key = read::string(scan, "prompt_cache_key")?,
            b"prompt_cache_retention" => {
                request.caching.retention = read::string(scan, "prompt_cache_retention")?;
            }
            b"prompt_cache_options" => cache_options(scan, request)?,
            _ => self.other(scan, name)?,
        }
        Ok(())
    }

    /// Members that no other dialect has.
    fn other(&mut self, scan: &mut Scanner<'a>, name: &[u8]) -> Read<()> {
        let losses = &mut self.request.losses;
        match name {
            b"previous_response_id" | b"conversation" => refuse_kept_state(scan, name)?,
            b"prompt" => refuse(scan, name, "the prompt that it names is kept by the supplier")?,
            b"background" => refuse(scan, name, "nobody else answers later")?,
            b"moderation" => refuse(scan, name, "nobody else holds an answer to a policy")?,
            // How the client's own stream is padded; it is written here.
            b"stream_options" => scan.skip()?,
            b"store" => {
                if read::boolean(scan, "store")? == Some(true) {
                    note(losses, Loss::new("store", "nothing is kept by the supplier"));
                }
            }
            b"truncation" => {
                if read::string(scan, "truncation")?.is_some_and(|word| word != "disabled") {
                    note(losses, Loss::new("truncation", NO_PLACE));
                }
            }
            _ => lose(scan, losses, "", name, NO_PLACE)?,
        }
        Ok(())
    }

    /// What is to be included in the answer. Encrypted reasoning always is, under a seal.
    fn include(&mut self, scan: &mut Scanner<'a>) -> Read<()> {
        read::list(scan, "include", |scan| {
            let word = read::string(scan, "include")?.unwrap_or_default();
            match word.as_str() {
                // What is told of a search is always told with its sources.
                "reasoning.encrypted_content" | search::SOURCES => {}
                "message.output_text.logprobs" => self.wants_logprobs = true,
                _ => note(&mut self.request.losses, Loss::new(format!("include.{word}"), NO_PLACE)),
            }
            Ok(())
        })
    }

    fn finish(mut self) -> Result<Request, Fault> {
        let mut turns = Turns::new(&mut self.request.tools, &mut self.request.losses);
        turns.instruct(self.instructions);
        match &mut self.input {
            Some(input) => turns.read(input)?,
            None => return Err(TranslateError::malformed("input", "there is no input").into()),
        }
        self.request.turns = turns.finish();
        self.choice.apply(&mut self.request);
        limit_searches(self.max_tool_calls, &mut self.request);
        let top = self.top_logprobs.filter(|top| *top > 0 || self.wants_logprobs);
        let top = top.or(self.wants_logprobs.then_some(0));
        self.request.sampling.logprobs = top.map(|top| u32::try_from(top).unwrap_or(u32::MAX));
        self.request.stream_usage = true;
        Ok(self.request)
    }
}

/// `max_tool_calls` counts the supplier's own tools: where searches are all that there is of them, it limits those.
fn limit_searches(most: Option<u64>, request: &mut Request) {
    if most.is_none() {
        return;
    }
    let runs_others = request.tools.iter().any(|tool| matches!(tool, Tool::Supplied(_)));
    let search = request.tools.iter_mut().find_map(|tool| match tool {
        Tool::Search(search) => Some(search),
        _ => None,
    });
    match search {
        Some(search) if !runs_others => search.most = most,
        _ => note(&mut request.losses, Loss::new("max_tool_calls", NO_PLACE)),
    }
}

/// Refuses what says something.
fn refuse(scan: &mut Scanner<'_>, name: &[u8], why: &'static str) -> Read<()> {
    if scan.says_something()? {
        return Err(TranslateError::unsayable(String::from_utf8_lossy(name), why).into());
    }
    Ok(())
}

/// A request that only warms the cache is none to anybody else.
fn cache_options(scan: &mut Scanner<'_>, request: &mut Request) -> Read<()> {
    let path = "prompt_cache_options";
    if scan.kind()? == Kind::Null {
        return Ok(scan.skip()?);
    }
    read::object(scan, path, |scan, name| {
        match name {
            b"mode" => request.caching.mode = read::string(scan, path)?,
            b"ttl" => request.caching.ttl = read::string(scan, path)?,
            b"prewarm" => refuse(scan, b"prompt_cache_options.prewarm", "nobody else only warms a cache")?,
            _ => lose(scan, &mut request.losses, path, name, NO_PLACE)?,
        }
        Ok(())
    })
}

/// `text`: the answer's format, and how wordy it is to be.
fn text(scan: &mut Scanner<'_>, request: &mut Request) -> Read<()> {
    if scan.kind()? == Kind::Null {
        return Ok(scan.skip()?);
    }
    read::object(scan, "text", |scan, name| {
        match name {
            b"format" => request.format = format(scan, &mut request.losses)?,
            b"verbosity" => {
                request.verbosity = read::string(scan, "text.verbosity")?.filter(|word| word != "medium");
            }
            _ => lose(scan, &mut request.losses, "text", name, NO_PLACE)?,
        }
        Ok(())
    })
}

fn format(scan: &mut Scanner<'_>, losses: &mut Vec<Loss>) -> Read<OutputFormat> {
    if scan.kind()? == Kind::Null {
        scan.skip()?;
        return Ok(OutputFormat::Text);
    }
    let (mut kind, mut name, mut description, mut schema, mut strict) = (None, None, None, None, None);
    read::object(scan, "text.format", |scan, member| {
        match member {
            b"type" => kind = read::string(scan, "text.format.type")?,
            b"name" => name = read::string(scan, "text.format.name")?,
            b"description" => description = read::string(scan, "text.format.description")?,
            b"schema" => schema = read::some_raw(scan)?,
            b"strict" => strict = read::boolean(scan, "text.format.strict")?,
            _ => lose(scan, losses, "text.format", member, NO_PLACE)?,
        }
        Ok(())
    })?;
    match (kind.as_deref(), schema) {
        (None | Some("text"), _) => Ok(OutputFormat::Text),
        (Some("json_object"), _) => Ok(OutputFormat::Json),
        (Some("json_schema"), Some(schema)) => {
            Ok(OutputFormat::Schema { name, description, schema: schema.to_vec().into(), strict })
        }
        (Some("json_schema"), None) => {
            Err(TranslateError::malformed("text.format.schema", "there is no schema").into())
        }
        (Some(other), _) => {
            let why = "a format that only its own protocol has";
            Err(TranslateError::unsayable(format!("text.format.{other}"), why).into())
        }
    }
}

/// `reasoning`: how much, and whether a summary is to be shown.
fn reasoning(scan: &mut Scanner<'_>, request: &mut Request) -> Read<()> {
    if scan.kind()? == Kind::Null {
        return Ok(scan.skip()?);
    }
    read::object(scan, "reasoning", |scan, name| {
        match name {
            b"effort" => {
                request.effort = read::string(scan, "reasoning.effort")?.map(|word| match word.as_str() {
                    "none" => Effort::Off,
                    _ => Effort::Named(word),
                });
            }
            b"summary" | b"generate_summary" => {
                if let Some(word) = read::string(scan, "reasoning.summary")? {
                    request.shows_reasoning = Some(true);
                    if word != "auto" {
                        note(&mut request.losses, Loss::new("reasoning.summary", "how long it is to be"));
                    }
                }
            }
            _ => lose(scan, &mut request.losses, "reasoning", name, NO_PLACE)?,
        }
        Ok(())
    })
}

fn metadata(scan: &mut Scanner<'_>, request: &mut Request) -> Read<()> {
    if scan.kind()? == Kind::Null {
        return Ok(scan.skip()?);
    }
    read::object(scan, "metadata", |scan, name| {
        let name = String::from_utf8_lossy(name).into_owned();
        match read::string(scan, "metadata")? {
            Some(value) => request.metadata.push((name, value)),
            None => note(&mut request.losses, Loss::new("metadata", "a value that is no text")),
        }
        Ok(())
    })
}

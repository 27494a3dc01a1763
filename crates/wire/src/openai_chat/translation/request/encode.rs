//! A request for a supplier.
//!
//! Source: `completion_create_params.py` in openai 3.54.0, read 2026-11-28; `reasoning` is `OpenRouter`'s.

mod assistant;
mod messages;
mod tools;

use catalogue::{Needs, Quirks};

use super::super::read::Losses;
use crate::conversation::{Effort, Encoded, OutputFormat, Request, Target, TranslateError};
use crate::json::Json;
use crate::openai_options::write_caching;

/// A schema's name where the client gives none; there has to be one.
const SCHEMA_NAME: &str = "answer";

pub(in super::super) fn encode(request: &Request, target: &Target<'_>) -> Result<Encoded, TranslateError> {
    let mut writer = Writer { json: Json::new(), request, target, losses: Losses::default() };
    writer.json.object().key("model").text(target.model);
    writer.messages()?;
    writer.tools()?;
    writer.format();
    writer.effort();
    writer.limits()?;
    writer.sampling()?;
    writer.service();
    writer.about();
    writer.json.end_object();
    Ok(Encoded { body: writer.json.finish().into(), losses: writer.losses.into_vec() })
}

/// A body in the making. Its members come in one fixed order, so that the same request is the same bytes.
#[derive(Debug)]
struct Writer<'a> {
    json: Json,
    request: &'a Request,
    target: &'a Target<'a>,
    losses: Losses,
}

impl Writer<'_> {
    /// Whether the target takes cache marks: Chat Completions has none of its own, and who does not know
    /// `cache_control` refuses it.
    fn takes_marks(&self) -> bool {
        self.target.capabilities.yes.contains(Needs::CACHE_MARKS)
    }

    fn has(&self, quirk: Quirks) -> bool {
        self.target.quirks.contains(quirk)
    }

    fn format(&mut self) {
        match &self.request.format {
            OutputFormat::Text => {}
            OutputFormat::Json => {
                self.json.key("response_format").object().key("type").text("json_object").end_object();
            }
            OutputFormat::Schema { name, description, schema, strict } => {
                self.json.key("response_format").object().key("type").text("json_schema");
                self.json.key("json_schema").object();
                self.json.key("name").text(name.as_deref().unwrap_or(SCHEMA_NAME));
                self.json.optional("description", description.as_ref()).key("schema").raw(schema);
                if let Some(strict) = strict {
                    self.json.key("strict").boolean(*strict);
                }
                self.json.end_object().end_object();
            }
        }
    }

    fn effort(&mut self) {
        if self.target.capabilities.no.contains(Needs::REASONING) {
            // To be asked for none is an error to a model that has none.
            if !matches!(self.request.effort, None | Some(Effort::Off)) {
                self.losses.note("reasoning_effort", "the model does not reason");
            }
            return;
        }
        if self.has(Quirks::REASONING_OBJECT) {
            self.reasoning_object();
            return;
        }
        if self.request.shows_reasoning.is_some() {
            self.losses.note("reasoning.display", "the supplier decides what it shows");
        }
        let Some(effort) = &self.request.effort else { return };
        if matches!(effort, Effort::Budget(_)) {
            self.losses.note("reasoning_effort", "said as a word: there are no numbers");
        }
        if let Some(word) = effort.word() {
            self.json.key("reasoning_effort").text(word);
        }
    }

    fn reasoning_object(&mut self) {
        if self.request.effort.is_none() && self.request.shows_reasoning.is_none() {
            return;
        }
        self.json.key("reasoning").object();
        match &self.request.effort {
            None => {}
            Some(Effort::Off) => drop(self.json.key("effort").text("none")),
            Some(Effort::Auto) => drop(self.json.key("enabled").boolean(true)),
            Some(Effort::Named(word)) => drop(self.json.key("effort").text(word)),
            Some(Effort::Budget(tokens)) => drop(self.json.key("max_tokens").number(*tokens)),
        }
        if let Some(shows) = self.request.shows_reasoning {
            self.json.key("exclude").boolean(!shows);
        }
        self.json.end_object();
    }

    fn limits(&mut self) -> Result<(), TranslateError> {
        if let Some(wanted) = self.request.max_tokens {
            let most = self.target.max_output.unwrap_or(u64::MAX);
            if wanted > most {
                self.losses.note("max_tokens", "lowered to what the model can write");
            }
            let outdated = !self.has(Quirks::MAX_COMPLETION_TOKENS);
            let name = if outdated { "max_tokens" } else { "max_completion_tokens" };
            self.json.key(name).number(wanted.min(most));
        }
        if !self.request.stop.is_empty() {
            if self.target.refuses("stop") {
                return Err(TranslateError::unsayable("stop", REFUSED));
            }
            if self.request.stop.len() > MOST_STOPS && self.has(Quirks::OPENAI_OPTIONS) {
                return Err(TranslateError::unsayable("stop", "at most four texts may end an answer there"));
            }
            self.json.key("stop").array();
            for text in &self.request.stop {
                self.json.text(text);
            }
            self.json.end_array();
        }
        if let Some(choices) = self.request.choices.filter(|choices| *choices > 1) {
            self.json.key("n").number(u64::from(choices));
        }
        Ok(())
    }

    fn sampling(&mut self) -> Result<(), TranslateError> {
        let sampling = &self.request.sampling;
        let numbers = [
            ("temperature", &sampling.temperature),
            ("top_p", &sampling.top_p),
            ("seed", &sampling.seed),
            ("frequency_penalty", &sampling.frequency_penalty),
            ("presence_penalty", &sampling.presence_penalty),
        ];
        for (name, number) in numbers {
            let Some(number) = number else { continue };
            if self.target.refuses(name) {
                self.losses.note(name, REFUSED);
            } else {
                self.json.key(name).raw(number);
            }
        }
        if sampling.top_k.is_some() {
            self.losses.note("top_k", "Chat Completions has none");
        }
        if let Some(top) = sampling.logprobs {
            if self.target.refuses("logprobs") {
                return Err(TranslateError::unsayable("logprobs", REFUSED));
            }
            self.json.key("logprobs").boolean(true);
            if top > 0 {
                self.json.key("top_logprobs").number(u64::from(top));
            }
        }
        Ok(())
    }

    /// How the supplier is to go about it, and for whom: `OpenAI`'s own knows words that most others refuse.
    fn service(&mut self) {
        let request = self.request;
        if !self.has(Quirks::OPENAI_OPTIONS) {
            for name in request.of_the_service() {
                self.losses.note(name, "the supplier is not known to take it");
            }
            self.json.optional("user", request.end_user());
            return;
        }
        if request.verbosity.is_some() && self.target.refuses("verbosity") {
            self.losses.note("verbosity", REFUSED);
        } else {
            self.json.optional("verbosity", request.verbosity.as_ref());
        }
        let tier = request.service_tier.as_deref();
        self.json.optional("service_tier", tier.filter(|tier| TIERS.contains(tier)));
        if tier.is_some_and(|tier| !TIERS.contains(&tier)) {
            self.losses.note("service_tier", "there is none of that name");
        }
        write_caching(&mut self.json, &request.caching);
        self.json.optional("user", request.user.as_ref());
        self.json.optional("safety_identifier", request.safety_identifier.as_ref());
    }

    /// Whose request it is, and how the answer is wanted.
    fn about(&mut self) {
        if !self.request.metadata.is_empty() {
            self.losses.note("metadata", "taken only with answers that the supplier stores");
        }
        if self.request.stream {
            self.json.key("stream").boolean(true);
            // Whether or not the client asked: what was used has to be known.
            if self.target.stream_usage {
                self.json.key("stream_options").object();
                self.json.key("include_usage").boolean(true).end_object();
            }
        }
    }
}

/// The classes of service. Source: `completion_create_params.py` in openai 3.54.0, read 2026-11-28.
const TIERS: [&str; 5] = ["default", "flex", "scale", "priority", "fast"];

/// So many texts may end an answer at `OpenAI`: "Up to 4 sequences" (`completion_create_params.py`); others take more.
const MOST_STOPS: usize = 4;

/// Why what proves something is left out.
const NOT_THEIRS: &str = "it goes back only to the account that made it";

/// Why a parameter is left out.
const REFUSED: &str = "the target refuses it";

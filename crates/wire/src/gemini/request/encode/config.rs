//! `generationConfig` of a request for a supplier.

use catalogue::{Needs, Quirks};

use crate::conversation::{Loss, OutputFormat, Request, Target, TranslateError};
use crate::gemini::reading::is_number;
use crate::gemini::request::effort;
use crate::gemini::schema;
use crate::json::Json;
use crate::translate::note;

/// So many texts may end an answer. Source: `GenerationConfig` at ai.google.dev/api/generate-content, read 2026-11-28.
const MOST_STOPS: usize = 5;

/// How losses name what the answer's schema loses.
const SCHEMA: &str = "response_format.schema";

/// Writes it, where there is something to say.
pub(super) fn write(
    json: &mut Json,
    request: &Request,
    target: &Target<'_>,
    losses: &mut Vec<Loss>,
) -> Result<(), TranslateError> {
    let mut config = Json::new();
    config.object();
    sampling(&mut config, request, target, losses);
    logprobs(&mut config, request, target)?;
    if let Some(limit) = request.max_tokens {
        // More than it can write is refused, and means the same.
        config.key("maxOutputTokens").number(target.max_output.map_or(limit, |most| limit.min(most)));
    }
    if let Some(choices) = request.choices.filter(|choices| *choices > 1) {
        if target.capabilities.no.contains(Needs::MULTIPLE_CHOICES) {
            return Err(TranslateError::unsayable("n", "the model gives one answer"));
        }
        config.key("candidateCount").number(choices.into());
    }
    stops(&mut config, request)?;
    format(&mut config, request, target, losses)?;
    effort::write(&mut config, request, target, losses);
    config.end_object();
    let config = config.finish();
    if config != b"{}" {
        json.key("generationConfig").raw(config);
    }
    Ok(())
}

fn sampling(config: &mut Json, request: &Request, target: &Target<'_>, losses: &mut Vec<Loss>) {
    let sampling = &request.sampling;
    for (name, there, value) in [
        ("temperature", "temperature", &sampling.temperature),
        ("top_p", "topP", &sampling.top_p),
        ("top_k", "topK", &sampling.top_k),
        ("seed", "seed", &sampling.seed),
        ("frequency_penalty", "frequencyPenalty", &sampling.frequency_penalty),
        ("presence_penalty", "presencePenalty", &sampling.presence_penalty),
    ] {
        let Some(value) = value else { continue };
        if target.refuses(name) {
            note(losses, Loss::new(name, "the model refuses it"));
        } else if name == "seed" && value.parse::<i32>().is_err() {
            note(losses, Loss::new(name, "seeds have 32 bits there"));
        } else if !is_number(value.as_bytes()) {
            note(losses, Loss::new(name, "no number"));
        } else {
            config.key(there).raw(value);
        }
    }
}

fn logprobs(config: &mut Json, request: &Request, target: &Target<'_>) -> Result<(), TranslateError> {
    let Some(top) = request.sampling.logprobs else { return Ok(()) };
    if target.capabilities.no.contains(Needs::LOGPROBS) || target.refuses("logprobs") {
        return Err(TranslateError::unsayable("logprobs", "the model gives none"));
    }
    config.key("responseLogprobs").boolean(true);
    if top > 0 {
        config.key("logprobs").number(top.into());
    }
    Ok(())
}

fn stops(config: &mut Json, request: &Request) -> Result<(), TranslateError> {
    if request.stop.is_empty() {
        return Ok(());
    }
    if request.stop.len() > MOST_STOPS {
        return Err(TranslateError::unsayable("stop", "at most five texts may end an answer there"));
    }
    config.key("stopSequences").array();
    for stop in &request.stop {
        config.text(stop);
    }
    config.end_array();
    Ok(())
}

fn format(
    config: &mut Json,
    request: &Request,
    target: &Target<'_>,
    losses: &mut Vec<Loss>,
) -> Result<(), TranslateError> {
    if request.format == OutputFormat::Text {
        return Ok(());
    }
    // Models before Gemini 3 refuse both together.
    if !request.tools.is_empty() && !target.quirks.contains(Quirks::THINKING_LEVEL) {
        return Err(TranslateError::unsayable("response_format", "the model takes no tools beside a format"));
    }
    config.key("responseMimeType").text("application/json");
    let OutputFormat::Schema { description, schema, .. } = &request.format else { return Ok(()) };
    if description.is_some() {
        note(losses, Loss::new("response_format.description", "a schema has none there"));
    }
    if target.quirks.contains(Quirks::SCHEMA_SUBSET) {
        let subset = schema::subset(schema, SCHEMA, losses)
            .map_err(|error| TranslateError::malformed(SCHEMA, error.what.as_str()))?;
        config.key("responseSchema").raw(subset);
    } else {
        config.key("responseJsonSchema").raw(schema);
    }
    Ok(())
}

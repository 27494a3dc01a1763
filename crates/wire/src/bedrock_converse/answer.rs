//! Whole answers, between Converse and no dialect.
//!
//! Source: `ConverseResponse`, botocore 1.44.8, read 2026-11-28.

#[cfg(test)]
mod tests;

use catalogue::{Service, Usage};

use super::content::{self, From};
use super::read::{Read, named, object, text, whole, wrong};
use super::{stop, usage};
use crate::conversation::{Answer, Choice, Encoded, Loss, ReplyContext, TranslateError};
use crate::failure::Failure;
use crate::json::Json;
use crate::scan::Scanner;
use crate::service;
use crate::translate::note;

/// Reads a supplier's answer.
pub(super) fn decode(body: &[u8]) -> Result<Answer, TranslateError> {
    let mut answer = Answer::default();
    let mut choice = Choice::default();
    let mut is_answer = false;
    let mut word = None;
    let mut sequence = None;
    whole(body, |scan, name| {
        match name {
            b"output" => is_answer |= output(scan, &mut choice, &mut answer.losses)?,
            b"stopReason" => word = Some(text(scan)?),
            b"usage" => answer.usage = usage::read(scan)?,
            b"additionalModelResponseFields" => sequence = more_fields(scan, &mut answer.losses)?,
            b"serviceTier" => answer.service = read_service(scan)?,
            // How long it took: not what was said.
            b"metrics" | b"performanceConfig" => scan.skip()?,
            _ => {
                if scan.says_something()? {
                    note(&mut answer.losses, Loss::new(named("", name), "no place for it elsewhere"));
                }
            }
        }
        Ok(())
    })?;
    if !is_answer {
        return Err(TranslateError::malformed("output.message", "it is missing"));
    }
    if word.as_deref().is_some_and(stop::is_failure) {
        return Err(TranslateError::Failed(Failure::Server));
    }
    choice.finish = word.map(|word| stop::read(&word, sequence));
    answer.choices = vec![choice];
    Ok(answer)
}

/// The class of service that is stated.
pub(super) fn read_service(scan: &mut Scanner<'_>) -> Read<Option<Service>> {
    let mut service = None;
    object(scan, |scan, name| {
        if name == b"type" {
            service = scan.text()?.map(|word| Service::of_word(&word.unescape()));
            return Ok(());
        }
        Ok(scan.skip()?)
    })?;
    Ok(service)
}

/// Writes `serviceTier`, where there is a word for it. Source: `ServiceTierType`, botocore 1.44.8, read 2026-11-29.
pub(super) fn write_service(json: &mut Json, service: Option<Service>, losses: &mut Vec<Loss>) {
    // The same words as `OpenAI`'s.
    let word = service.and_then(service::to_openai);
    if let Some(word) = word {
        json.key("serviceTier").object().key("type").text(word).end_object();
    }
    if let Some(loss) = service::unsaid(service, word) {
        note(losses, loss);
    }
}

/// Whether there is a message in it.
fn output(scan: &mut Scanner<'_>, choice: &mut Choice, losses: &mut Vec<Loss>) -> Read<bool> {
    let mut found = false;
    object(scan, |scan, name| {
        if name != b"message" {
            return Err(wrong("a message was expected"));
        }
        object(scan, |scan, name| {
            if name == b"content" {
                found = true;
                choice.blocks = content::read(scan, From::Supplier, losses)?;
                return Ok(());
            }
            Ok(scan.skip()?)
        })
    })?;
    Ok(found)
}

/// Of the fields that a model gives beyond the usual, the stop text that came up has a place.
pub(super) fn more_fields(scan: &mut Scanner<'_>, losses: &mut Vec<Loss>) -> Read<Option<String>> {
    let mut sequence = None;
    if scan.kind()? != crate::scan::Kind::Object {
        scan.skip()?;
        return Ok(None);
    }
    object(scan, |scan, name| {
        if name == b"stop_sequence" {
            sequence = scan.text()?.map(|text| text.unescape().into_owned());
        } else if scan.says_something()? {
            let name = named("additionalModelResponseFields.", name);
            note(losses, Loss::new(name, "one model's own member"));
        }
        Ok(())
    })?;
    Ok(sequence)
}

/// Says an answer to a client. An id and a model's name have no place; the request's id stands in a header.
pub(super) fn encode(answer: &Answer, about: &ReplyContext) -> Result<Encoded, TranslateError> {
    let [choice] = &*answer.choices else {
        return Err(TranslateError::unsayable("choices", "there is exactly one answer"));
    };
    let mut losses = Vec::new();
    let mut json = Json::new();
    json.object().key("output").object().key("message").object();
    json.key("role").text("assistant").key("content").array();
    content::write(&mut json, &choice.blocks, &mut losses)?;
    json.end_array().end_object().end_object();
    if let Some(reason) = &choice.finish {
        json.key("stopReason").text(stop::word(reason, &mut losses));
    }
    json.key("usage");
    usage::write(&mut json, &stated(answer.usage, about, &mut losses));
    write_metrics(&mut json);
    write_service(&mut json, answer.service, &mut losses);
    json.end_object();
    Ok(Encoded { body: json.finish().into(), losses })
}

/// The usage to tell: SDKs take it for given, so where the supplier states none, the prompt's size is our estimate.
pub(super) fn stated(usage: Option<Usage>, about: &ReplyContext, losses: &mut Vec<Loss>) -> Usage {
    let usage = usage.unwrap_or_else(|| {
        note(
            losses,
            Loss::new("usage", "the supplier states none: the input is estimated, the output left at 0"),
        );
        Usage { input_uncached: about.estimated_input_tokens, ..Usage::default() }
    });
    if usage.tool_requests > 0 {
        note(losses, Loss::new("usage.tool_requests", "no place for it"));
    }
    usage
}

/// `metrics` is required, and how long it took nobody has measured here.
pub(super) fn write_metrics(json: &mut Json) {
    json.key("metrics").object().key("latencyMs").number(0).end_object();
}

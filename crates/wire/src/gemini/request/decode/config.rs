//! `generationConfig` of a client's request.

use bytes::Bytes;

use crate::conversation::{Loss, OutputFormat, Request};
use crate::gemini::names::{elements, members};
use crate::gemini::reading::{Read, Wrong, integer, lose, named, number, raw, string};
use crate::gemini::request::effort;
use crate::gemini::schema;
use crate::scan::{Kind, Scanner};
use crate::translate::note;

/// A whole number without its `.0`: the SDKs hold `topK` for a fraction (google-genai 3.4.0, read 2026-11-28), and others
/// take none.
fn whole(number: String) -> String {
    match number.strip_suffix(".0") {
        Some(whole) => whole.to_owned(),
        None => number,
    }
}

/// Reads it.
pub(super) fn read(scan: &mut Scanner<'_>, request: &mut Request) -> Read<()> {
    let mut format = Format::default();
    let (mut wants_logprobs, mut top) = (false, None);
    let is_object = members(scan, |scan, name| {
        if scan.kind()? == Kind::Null {
            return Ok(scan.skip()?);
        }
        let sampling = &mut request.sampling;
        match name {
            b"temperature" => sampling.temperature = number(scan)?,
            b"topP" => sampling.top_p = number(scan)?,
            b"topK" => sampling.top_k = number(scan)?.map(whole),
            b"seed" => sampling.seed = number(scan)?,
            b"frequencyPenalty" => sampling.frequency_penalty = number(scan)?,
            b"presencePenalty" => sampling.presence_penalty = number(scan)?,
            b"maxOutputTokens" => request.max_tokens = integer(scan)?,
            b"candidateCount" => {
                // 1 is what nothing says.
                request.choices =
                    integer(scan)?.and_then(|count| u32::try_from(count).ok()).filter(|count| *count > 1);
            }
            b"stopSequences" => elements(scan, |scan| {
                request.stop.extend(string(scan)?);
                Read::Ok(())
            })?,
            b"responseLogprobs" => wants_logprobs = scan.boolean()? == Some(true),
            b"logprobs" => top = integer(scan)?.and_then(|count| u32::try_from(count).ok()),
            b"thinkingConfig" => effort::read(scan, request)?,
            b"responseModalities" => modalities(scan)?,
            b"responseMimeType" => format.media_type = string(scan)?.unwrap_or_default(),
            b"responseJsonSchema" | b"_responseJsonSchema" => {
                format.json_schema = Some(Bytes::copy_from_slice(raw(scan)?));
            }
            b"responseSchema" => {
                let schema = schema::json_schema(scan, &mut request.losses)?;
                format.schema = Some(Bytes::copy_from_slice(&schema));
            }
            b"responseFormat" if scan.kind()? != Kind::Null => {
                return Err(Wrong::unsayable(
                    "generationConfig.responseFormat",
                    "no form outside of this protocol",
                ));
            }
            _ => lose(scan, named("generationConfig.", name), &mut request.losses)?,
        }
        Ok(())
    })?;
    if !is_object {
        return Ok(());
    }
    if wants_logprobs {
        request.sampling.logprobs = Some(top.unwrap_or_default());
    } else if top.is_some() {
        note(
            &mut request.losses,
            Loss::new("generationConfig.logprobs", "means nothing without responseLogprobs"),
        );
    }
    request.format = format.neutral()?;
    Ok(())
}

/// What the members about the answer's form say together.
#[derive(Debug, Default)]
struct Format {
    media_type: String,
    json_schema: Option<Bytes>,
    schema: Option<Bytes>,
}

impl Format {
    fn neutral(self) -> Read<OutputFormat> {
        let schema = self.json_schema.or(self.schema);
        match (self.media_type.as_str(), schema) {
            ("" | "application/json", Some(schema)) => {
                Ok(OutputFormat::Schema { name: None, description: None, schema, strict: None })
            }
            ("application/json", None) => Ok(OutputFormat::Json),
            ("" | "text/plain", None) => Ok(OutputFormat::Text),
            _ => Err(Wrong::unsayable(
                "generationConfig.responseMimeType",
                "answers elsewhere are text or JSON",
            )),
        }
    }
}

fn modalities(scan: &mut Scanner<'_>) -> Read<()> {
    elements(scan, |scan| {
        let modality = string(scan)?.unwrap_or_default().to_uppercase();
        if matches!(modality.as_str(), "TEXT" | "MODALITY_UNSPECIFIED" | "") {
            return Ok(());
        }
        Err(Wrong::unsayable("generationConfig.responseModalities", "answers elsewhere are text"))
    })
}

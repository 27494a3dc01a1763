//! `generationConfig` of a client's request.

use bytes::Bytes;

use crate::conversation::{Loss, OutputFormat, Request};
use crate::gemini::reading::{Read, Wrong, lose, named};
use crate::gemini::request::effort;
use crate::gemini::schema;
use crate::gemini::strict::{amount, check_object, count, flag, list, object, raw_object, text, whole};
use crate::scan::Scanner;
use crate::translate::note;

/// Reads it.
pub(super) fn read(scan: &mut Scanner<'_>, request: &mut Request) -> Read<()> {
    let mut format = Format::default();
    let (mut wants_logprobs, mut top) = (false, None);
    object(scan, |scan, name| {
        let sampling = &mut request.sampling;
        match name {
            b"temperature" => sampling.temperature = amount(scan)?,
            b"topP" => sampling.top_p = amount(scan)?,
            b"topK" => sampling.top_k = whole(scan)?,
            b"seed" => sampling.seed = whole(scan)?,
            b"frequencyPenalty" => sampling.frequency_penalty = amount(scan)?,
            b"presencePenalty" => sampling.presence_penalty = amount(scan)?,
            b"maxOutputTokens" => request.max_tokens = count(scan)?,
            // 1 is what nothing says.
            b"candidateCount" => request.choices = count(scan)?.filter(|count| *count > 1),
            b"stopSequences" => list(scan, |scan| {
                request.stop.extend(text(scan)?);
                Ok(())
            })?,
            b"responseLogprobs" => wants_logprobs = flag(scan)? == Some(true),
            b"logprobs" => top = count(scan)?,
            b"thinkingConfig" => effort::read(scan, request)?,
            b"responseModalities" => modalities(scan)?,
            b"responseMimeType" => format.media_type = text(scan)?.unwrap_or_default(),
            b"responseJsonSchema" | b"_responseJsonSchema" => {
                format.json_schema = Some(Bytes::copy_from_slice(raw_object(scan)?));
            }
            b"responseSchema" => {
                check_object(scan)?;
                let schema = schema::json_schema(scan, &mut request.losses)?;
                format.schema = Some(Bytes::copy_from_slice(&schema));
            }
            b"responseFormat" => {
                return Err(Wrong::unsayable(
                    "generationConfig.responseFormat",
                    "no form outside of this protocol",
                ));
            }
            _ => lose(scan, named("generationConfig.", name), &mut request.losses)?,
        }
        Ok(())
    })?;
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
    list(scan, |scan| {
        let modality = text(scan)?.unwrap_or_default().to_uppercase();
        if matches!(modality.as_str(), "TEXT" | "MODALITY_UNSPECIFIED" | "") {
            return Ok(());
        }
        Err(Wrong::unsayable("generationConfig.responseModalities", "answers elsewhere are text"))
    })
}

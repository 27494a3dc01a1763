//! From Converse to no dialect.

mod fields;
mod tools;

use self::fields::Fields;
use super::super::content::{self, From};
use super::super::read::{Read, bytes, count, list, named, number, object, text, whole, wrong};
use crate::conversation::{Loss, OutputFormat, Request, Role, TranslateError, Turn};
use crate::scan::Scanner;
use crate::translate::note;

/// Reads a client's request. Whether it is to be streamed stands in the path; if it is, usage comes with it.
pub(in super::super) fn decode(body: &[u8]) -> Result<Request, TranslateError> {
    let mut decoder = Decoder::default();
    decoder.request.stream_usage = true;
    whole(body, |scan, name| decoder.member(scan, name))?;
    let Decoder { mut request, mut system, turns, fields } = decoder;
    system.extend(turns);
    request.turns = system;
    fields.settle(&mut request);
    Ok(request)
}

#[derive(Default)]
struct Decoder {
    request: Request,
    /// The instructions, which may stand behind the messages.
    system: Vec<Turn>,
    turns: Vec<Turn>,
    fields: Fields,
}

impl Decoder {
    fn member(&mut self, scan: &mut Scanner<'_>, name: &[u8]) -> Read<()> {
        match name {
            b"messages" => list(scan, |scan| {
                self.turns.push(turn(scan, &mut self.request.losses)?);
                Ok(())
            }),
            b"system" => {
                let blocks = content::read(scan, From::Client, &mut self.request.losses)?;
                self.system = vec![Turn { role: Role::System, name: None, blocks }];
                Ok(())
            }
            b"inferenceConfig" => self.inference(scan),
            b"toolConfig" => tools::read(scan, &mut self.request),
            b"outputConfig" => self.output(scan),
            b"additionalModelRequestFields" => self.fields.read(scan, &mut self.request),
            b"requestMetadata" => object(scan, |scan, name| {
                let name = named("", name);
                self.request.metadata.push((name, text(scan)?));
                Ok(())
            }),
            b"guardrailConfig" => {
                if scan.says_something()? {
                    let why = "no other supplier has AWS's guardrails";
                    return Err(TranslateError::unsayable("guardrailConfig", why).into());
                }
                Ok(())
            }
            b"promptVariables" => {
                if scan.says_something()? {
                    let why = "prompts that AWS keeps are known to AWS alone";
                    return Err(TranslateError::unsayable("promptVariables", why).into());
                }
                Ok(())
            }
            b"performanceConfig" => self.unless(scan, "performanceConfig", b"latency", "standard"),
            b"serviceTier" => object(scan, |scan, name| {
                if name == b"type" {
                    self.request.service_tier = Some(text(scan)?);
                    return Ok(());
                }
                Ok(scan.skip()?)
            }),
            _ => self.lose(scan, &named("", name)),
        }
    }

    /// Names a member as lost, unless it says nothing.
    fn lose(&mut self, scan: &mut Scanner<'_>, name: &str) -> Read<()> {
        if scan.says_something()? {
            note(&mut self.request.losses, Loss::new(name, "no place for it elsewhere"));
        }
        Ok(())
    }

    /// The same, unless its one member says what is usual.
    fn unless(&mut self, scan: &mut Scanner<'_>, name: &str, inside: &[u8], usual: &str) -> Read<()> {
        object(scan, |scan, member| {
            if member != inside {
                return Ok(scan.skip()?);
            }
            if text(scan)? != usual {
                note(&mut self.request.losses, Loss::new(name, "no place for it elsewhere"));
            }
            Ok(())
        })
    }

    fn inference(&mut self, scan: &mut Scanner<'_>) -> Read<()> {
        object(scan, |scan, name| {
            match name {
                b"maxTokens" => self.request.max_tokens = Some(count(scan)?),
                b"temperature" => {
                    self.request.sampling.temperature = Some(number(scan)?);
                }
                b"topP" => self.request.sampling.top_p = Some(number(scan)?),
                b"stopSequences" => list(scan, |scan| {
                    self.request.stop.push(text(scan)?);
                    Ok(())
                })?,
                _ => self.lose(scan, &named("inferenceConfig.", name))?,
            }
            Ok(())
        })
    }

    fn output(&mut self, scan: &mut Scanner<'_>) -> Read<()> {
        object(scan, |scan, name| match name {
            b"textFormat" => {
                self.request.format = format(scan)?;
                Ok(())
            }
            b"effort" => {
                self.fields.effort = Some(text(scan)?);
                Ok(())
            }
            _ => self.lose(scan, &named("outputConfig.", name)),
        })
    }
}

fn turn(scan: &mut Scanner<'_>, losses: &mut Vec<Loss>) -> Read<Turn> {
    let mut role = None;
    let mut blocks = Vec::new();
    object(scan, |scan, name| {
        match name {
            b"role" => {
                role = Some(match &*text(scan)? {
                    "user" => Role::User,
                    "assistant" => Role::Assistant,
                    "system" => Role::System,
                    _ => return Err(wrong("no such role")),
                });
            }
            b"content" => blocks = content::read(scan, From::Client, losses)?,
            _ => {
                if scan.says_something()? {
                    note(losses, Loss::new(named("messages.", name), "no place for it elsewhere"));
                }
            }
        }
        Ok(())
    })?;
    Ok(Turn { role: role.ok_or_else(|| wrong("`role` is missing"))?, name: None, blocks })
}

/// `{"type": "json_schema", "structure": {"jsonSchema": {"schema": "...", "name", "description"}}}`.
fn format(scan: &mut Scanner<'_>) -> Read<OutputFormat> {
    let (mut schema, mut title, mut description) = (None, None, None);
    object(scan, |scan, name| {
        if name != b"structure" {
            return Ok(scan.skip()?);
        }
        object(scan, |scan, name| {
            if name != b"jsonSchema" {
                return Err(TranslateError::unsayable(
                    named("outputConfig.textFormat.", name),
                    "no such form elsewhere",
                )
                .into());
            }
            object(scan, |scan, name| {
                match name {
                    b"schema" if scan.kind()? == crate::scan::Kind::String => {
                        schema = Some(text(scan)?.into());
                    }
                    // An object, as some write it.
                    b"schema" => schema = Some(bytes(scan)?),
                    b"name" => title = Some(text(scan)?),
                    b"description" => description = Some(text(scan)?),
                    _ => scan.skip()?,
                }
                Ok(())
            })
        })
    })?;
    let schema: bytes::Bytes = schema.ok_or_else(|| wrong("`schema` is missing"))?;
    if !crate::scan::is_object(&schema) {
        return Err(wrong("`schema` is not the JSON of an object"));
    }
    Ok(OutputFormat::Schema { name: title, description, schema, strict: Some(true) })
}

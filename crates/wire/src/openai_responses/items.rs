//! Items: what a conversation is made of here, in requests and in answers alike.
//!
//! Source: `types/responses/response_input_item_param.py`, `response_output_item.py`.

use std::borrow::Cow;

use super::PROTOCOL;
use super::parts::{self, Strange};
use super::read::{self, NO_PLACE, Read};
use super::search;
use crate::conversation::{
    Block, Content, Loss, Media, MediaKind, MediaSource, Opaque, Reasoning, Role, ToolCall, ToolInput,
    ToolResult, TranslateError,
};
use crate::scan::{Kind, Scanner};
use crate::translate::note;

/// Between a namespace and the name of a tool in it. `OpenAI` takes no such name for a tool, so that it can be undone.
pub(super) const IN_NAMESPACE: &str = "::";

/// What an item's encrypted content is called, as something opaque.
pub(super) const ENCRYPTED: &str = "encrypted_content";

/// Before the kind of a proof that belongs to the block before it: this dialect has no place for it in a call or a text.
pub(super) const OF_PREVIOUS: &str = "of_previous.";

/// What an item says.
#[derive(Debug)]
pub(super) enum Said<'a> {
    /// Somebody's words.
    Message { role: Role, name: Option<String>, blocks: Vec<Block> },
    /// What else a model says: calls, reasoning, pictures.
    Blocks(Vec<Block>),
    /// A tool's answer.
    Result(ToolResult),
    /// An item of a kind that has no neutral form.
    Other { kind: Cow<'a, str>, raw: &'a [u8] },
}

/// The members of an item, whatever its type.
#[derive(Debug, Default)]
pub(super) struct Item<'a> {
    pub(super) kind: Option<Cow<'a, str>>,
    role: Option<Cow<'a, str>>,
    id: Option<String>,
    call_id: Option<String>,
    name: Option<String>,
    namespace: Option<String>,
    arguments: Option<String>,
    input: Option<String>,
    content: Option<Scanner<'a>>,
    summary: Option<Scanner<'a>>,
    output: Option<Scanner<'a>>,
    encrypted: Option<String>,
    image: Option<String>,
    image_format: Option<String>,
    /// Names of members that say something for which there is no place.
    lost: Vec<String>,
    /// The first member that is of another type than a string.
    wrong: Option<&'static str>,
    pub(super) raw: &'a [u8],
    strange: Strange,
}

impl<'a> Item<'a> {
    pub(super) fn read(scan: &mut Scanner<'a>, path: &str) -> Read<Self> {
        let mut item = Self::default();
        scan.kind()?;
        let start = scan.at();
        read::object(scan, path, |scan, name| item.member(scan, path, name))?;
        item.raw = scan.slice(start..scan.at());
        Ok(item)
    }

    fn member(&mut self, scan: &mut Scanner<'a>, path: &str, name: &[u8]) -> Read<()> {
        match name {
            b"type" => self.kind = self.told(scan, "type")?,
            b"role" => self.role = self.told(scan, "role")?,
            b"id" => self.id = self.told(scan, "id")?.map(Cow::into_owned),
            b"call_id" => self.call_id = self.told(scan, "call_id")?.map(Cow::into_owned),
            b"name" => self.name = self.told(scan, "name")?.map(Cow::into_owned),
            b"namespace" => self.namespace = self.told(scan, "namespace")?.map(Cow::into_owned),
            // JSON in a string; some write the object itself.
            b"arguments" if scan.kind()? == Kind::Object => {
                self.arguments = Some(String::from_utf8_lossy(read::raw(scan)?).into_owned());
            }
            b"arguments" => self.arguments = self.told(scan, "arguments")?.map(Cow::into_owned),
            b"input" => self.input = self.told(scan, "input")?.map(Cow::into_owned),
            b"content" => self.content = Some(inside(scan)?),
            b"summary" => self.summary = Some(inside(scan)?),
            b"output" => self.output = Some(inside(scan)?),
            b"encrypted_content" => {
                self.encrypted = self.told(scan, "encrypted_content")?.map(Cow::into_owned);
            }
            b"result" => self.image = self.told(scan, "result")?.map(Cow::into_owned),
            b"output_format" => self.image_format = self.told(scan, "output_format")?.map(Cow::into_owned),
            b"status" | b"object" | b"created_by" => scan.skip()?,
            b"caller" => {
                let direct = is_direct(scan, path)?;
                self.lost.extend((!direct).then(|| "caller".to_owned()));
            }
            _ => {
                let says = scan.says_something()?;
                self.lost.extend(
                    (says && self.lost.len() < 9).then(|| String::from_utf8_lossy(name).into_owned()),
                );
            }
        }
        Ok(())
    }

    /// A string. Another type is an error if the item is of a kind that has a string there, which is not known yet.
    fn told(&mut self, scan: &mut Scanner<'a>, name: &'static str) -> Read<Option<Cow<'a, str>>> {
        if !matches!(scan.kind()?, Kind::String | Kind::Null) {
            self.wrong.get_or_insert(name);
        }
        Ok(scan.text()?.map(|text| text.unescape()))
    }

    /// Refuses an item that has something else where a string has to be.
    fn check_types(&self, path: &str) -> Read<()> {
        match self.wrong {
            Some(name) => {
                Err(TranslateError::malformed(format!("{path}.{name}"), "a string was expected").into())
            }
            None => Ok(()),
        }
    }

    /// Whether it is a call with all that starts one.
    pub(super) fn starts_call(&self) -> bool {
        let is_call = matches!(self.kind.as_deref(), Some("function_call" | "custom_tool_call"));
        let is_named = self.name.as_ref().is_some_and(|name| !name.is_empty());
        is_call && is_named && (self.call_id.is_some() || self.id.is_some())
    }

    /// What it says.
    pub(super) fn say(mut self, path: &str, losses: &mut Vec<Loss>) -> Read<Said<'a>> {
        if !self.kind.as_deref().is_some_and(is_another_kind) {
            self.check_types(path)?;
        }
        let kind = match self.kind.take() {
            Some(kind) => kind,
            // Clients leave the type of messages out, and that of references.
            None if self.role.is_some() => "message".into(),
            None => "item_reference".into(),
        };
        let lost = std::mem::take(&mut self.lost);
        let said = match &*kind {
            "message" => self.message(path, losses)?,
            "function_call" | "custom_tool_call" => self.call(path, &kind)?,
            "function_call_output" | "custom_tool_call_output" => self.result(path, &kind, losses)?,
            "reasoning" => self.reasoning(path)?,
            "image_generation_call" if self.image.is_some() => self.picture(),
            search::CALL => return Ok(Said::Blocks(vec![search::made(self.raw).into()])),
            _ => return Ok(Said::Other { kind, raw: self.raw }),
        };
        for name in lost {
            note(losses, Loss::new(format!("{kind}.{name}"), NO_PLACE));
        }
        Ok(said)
    }

    /// What it says as an item of an answer, where a kind that has no neutral form is carried as it came.
    pub(super) fn answer(mut self, losses: &mut Vec<Loss>) -> Read<Vec<Block>> {
        self.strange = Strange::Lose;
        self.role = Some("assistant".into()).filter(|_| self.kind.as_deref() == Some("message"));
        let (kind, raw) = (self.kind.clone(), self.raw);
        let opaque = |kind: Cow<'_, str>| {
            let raw = String::from_utf8_lossy(raw).into_owned();
            vec![Content::Opaque(Opaque::new(PROTOCOL, kind.into_owned(), raw)).into()]
        };
        Ok(match self.say("output", losses)? {
            Said::Message { blocks, .. } | Said::Blocks(blocks) => blocks,
            Said::Result(_) => opaque(kind.unwrap_or_default()),
            Said::Other { kind, .. } => opaque(kind),
        })
    }

    fn message(mut self, path: &str, losses: &mut Vec<Loss>) -> Read<Said<'a>> {
        let role = match self.role.as_deref() {
            Some("user") => Role::User,
            Some("assistant") => Role::Assistant,
            Some("system" | "developer") => Role::System,
            _ => return Err(TranslateError::malformed(format!("{path}.role"), "an unknown role").into()),
        };
        let blocks = match &mut self.content {
            Some(content) => parts::blocks(content, &format!("{path}.content"), self.strange, losses)?,
            None => Vec::new(),
        };
        Ok(Said::Message { role, name: self.name, blocks })
    }

    fn call(self, path: &str, kind: &str) -> Read<Said<'a>> {
        let input = if kind == "custom_tool_call" {
            ToolInput::Text(self.input.unwrap_or_default())
        } else {
            let arguments = self.arguments.filter(|arguments| !arguments.trim().is_empty());
            ToolInput::Arguments(arguments.unwrap_or_else(|| "{}".to_owned()).into())
        };
        let name = self.name.ok_or_else(|| TranslateError::malformed(path, "a call has a name"))?;
        let id = self.call_id.or(self.id);
        let id = id.ok_or_else(|| TranslateError::malformed(path, "a call has a `call_id`"))?;
        let name = in_namespace(self.namespace.as_deref(), name);
        Ok(Said::Blocks(vec![Content::ToolCall(ToolCall { id, name, input, proof: None }).into()]))
    }

    fn result(mut self, path: &str, kind: &str, losses: &mut Vec<Loss>) -> Read<Said<'a>> {
        let call_id =
            self.call_id.ok_or_else(|| TranslateError::malformed(path, "an output has a `call_id`"))?;
        let blocks = match &mut self.output {
            Some(output) => parts::blocks(output, &format!("{path}.output"), self.strange, losses)?,
            None => Vec::new(),
        };
        let name = self.name.map(|name| in_namespace(self.namespace.as_deref(), name));
        let is_custom = kind == "custom_tool_call_output";
        Ok(Said::Result(ToolResult { call_id, name, blocks, is_error: false, is_custom }))
    }

    /// A summary and the thought itself are two blocks; what proves the thought belongs to the last.
    fn reasoning(mut self, path: &str) -> Read<Said<'a>> {
        let unsigned = |text: &str| Opaque::unseal(text).is_some_and(|seal| seal.is_unsigned());
        let proof = self.encrypted.filter(|text| !text.is_empty() && !unsigned(text));
        let proof = proof.map(|text| Opaque::new(PROTOCOL, ENCRYPTED, text));
        let summary = joined(self.summary.as_mut(), path)?;
        let text = joined(self.content.as_mut(), path)?;
        let mut blocks = Vec::new();
        if !summary.is_empty() && !text.is_empty() {
            blocks.push(Reasoning { text: summary, proof: None, is_summary: true });
            blocks.push(Reasoning { text, proof, is_summary: false });
        } else if !summary.is_empty() || !text.is_empty() || proof.is_some() {
            let is_summary = text.is_empty();
            blocks.push(Reasoning { text: summary + &text, proof, is_summary });
        }
        Ok(Said::Blocks(blocks.into_iter().map(|one| Content::Reasoning(one).into()).collect()))
    }

    fn picture(self) -> Said<'a> {
        let format = self.image_format.as_deref().unwrap_or("png");
        let media_type = Some(format!("image/{format}").into());
        let source = MediaSource::Base64(self.image.unwrap_or_default().into());
        let media =
            Media { kind: MediaKind::Image, media_type, source, name: None, detail: None, about: None };
        Said::Blocks(vec![Content::Media(media).into()])
    }
}

/// Whether an item of that kind has no neutral form, so that its members' types are not ours to know.
fn is_another_kind(kind: &str) -> bool {
    const KNOWN: [&str; 7] = [
        "message",
        "function_call",
        "custom_tool_call",
        "function_call_output",
        "custom_tool_call_output",
        "reasoning",
        "image_generation_call",
    ];
    !KNOWN.contains(&kind)
}

/// The name of a tool, with its namespace where it has one.
pub(super) fn in_namespace(namespace: Option<&str>, name: String) -> String {
    match namespace {
        Some(namespace) if !namespace.is_empty() => format!("{namespace}{IN_NAMESPACE}{name}"),
        _ => name,
    }
}

/// Between two parts of a summary.
pub(super) const PARAGRAPH: &str = "\n\n";

/// The texts of a list of parts, one after the other.
fn joined(parts: Option<&mut Scanner<'_>>, path: &str) -> Read<String> {
    let mut all = String::new();
    let Some(scan) = parts else { return Ok(all) };
    read::list(scan, path, |scan| {
        read::object(scan, path, |scan, name| {
            if name != b"text" {
                return Ok(scan.skip()?);
            }
            if let Some(text) = scan.text()?.filter(|text| !text.raw.is_empty()) {
                let gap = if all.is_empty() { "" } else { PARAGRAPH };
                all = std::mem::take(&mut all) + gap + &text.unescape();
            }
            Ok(())
        })
    })?;
    Ok(all)
}

/// Whether a call's `caller` is the model itself rather than a program of its.
fn is_direct(scan: &mut Scanner<'_>, path: &str) -> Read<bool> {
    let mut direct = true;
    if scan.kind()? != Kind::Object {
        scan.skip()?;
        return Ok(direct);
    }
    read::object(scan, path, |scan, name| {
        match name {
            b"type" => direct = scan.text()?.is_some_and(|kind| kind.is("direct")),
            _ => scan.skip()?,
        }
        Ok(())
    })?;
    Ok(direct)
}

/// Takes any value; a scanner of it alone.
fn inside<'a>(scan: &mut Scanner<'a>) -> Read<Scanner<'a>> {
    let range = scan.range()?;
    Ok(scan.again(range))
}

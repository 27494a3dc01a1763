//! Output items in the making, and as they are written: the same in a whole answer and at the end of a stream.
//!
//! Source: `types/responses/response_output_item.py`.

use std::borrow::Cow;

use super::items::OF_PREVIOUS;
use super::request::apart;
use super::{PROTOCOL, search, write};
use crate::conversation::{
    Block, BlockStart, Content, Loss, Media, MediaKind, MediaSource, Opaque, Reasoning, Search, Text,
    ToolInput, TranslateError,
};
use crate::json::Json;
use crate::translate::note;

/// The status of what is being made.
pub(super) const IN_PROGRESS: &str = "in_progress";

/// An item.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) body: Body,
}

/// What kind of item, and what it says so far.
#[derive(Debug)]
pub(super) enum Body {
    /// Parts of a message.
    Message(Vec<Part>),
    /// A call of a function, or of a tool that takes free text.
    Call { id: String, name: String, input: String, is_custom: bool },
    /// Thoughts; their proof, as text.
    Reasoning { text: String, is_summary: bool, proof: Option<String> },
    /// What proves the item before it, as text: an item of reasoning that says nothing else.
    Proof(String),
    /// A search of the web; all of it is known when it opens.
    Search(Box<Search>),
    /// A picture.
    Picture { data: String, format: Option<String> },
}

/// A part of a message.
#[derive(Debug)]
pub(super) enum Part {
    Text(Text),
    Refusal(String),
}

/// What a block of a stream starts.
#[derive(Debug)]
pub(super) enum Opening {
    /// A part of a message.
    Part(Part),
    /// An item.
    Item(Body),
}

impl Opening {
    /// What `start` starts; `None`, and a loss, for what has no place here.
    pub(super) fn of(start: &BlockStart, losses: &mut Vec<Loss>) -> Result<Option<Self>, TranslateError> {
        Ok(Some(match start {
            BlockStart::Text => Self::Part(Part::Text(Text::default())),
            BlockStart::Refusal => Self::Part(Part::Refusal(String::new())),
            BlockStart::Reasoning { is_summary } => {
                Self::Item(Body::Reasoning { text: String::new(), is_summary: *is_summary, proof: None })
            }
            BlockStart::ToolCall { id, name, is_custom } => Self::Item(Body::Call {
                id: id.clone(),
                name: name.clone(),
                input: String::new(),
                is_custom: *is_custom,
            }),
            BlockStart::Search(search) => Self::Item(Body::Search(search.clone())),
            BlockStart::Media(media) => Self::Item(Body::picture(media)?),
            BlockStart::Opaque(opaque) => {
                note(losses, Loss::new(opaque.kind.clone(), "a block that only its own protocol has"));
                return Ok(None);
            }
        }))
    }
}

impl Body {
    fn picture(media: &Media) -> Result<Self, TranslateError> {
        match (media.kind, &media.source) {
            (MediaKind::Image, MediaSource::Base64(data)) => {
                let kind = media.media_type.as_deref();
                let format = kind.and_then(|kind| kind.strip_prefix("image/")).map(str::to_owned);
                Ok(Self::Picture { data: String::from_utf8_lossy(data).into_owned(), format })
            }
            _ => Err(TranslateError::unsayable("media", "an answer holds no media but pictures there")),
        }
    }

    /// What proves the item before it.
    pub(super) fn proof_of_previous(proof: &Opaque) -> Self {
        let kind = Cow::Owned(format!("{OF_PREVIOUS}{}", proof.kind));
        Self::Proof(Opaque { kind, ..proof.clone() }.seal())
    }

    const fn prefix(&self) -> &'static str {
        match self {
            Self::Message(_) => "msg",
            Self::Call { is_custom: false, .. } => "fc",
            Self::Call { is_custom: true, .. } => "ctc",
            Self::Reasoning { .. } | Self::Proof(_) => "rs",
            Self::Search(_) => "ws",
            Self::Picture { .. } => "ig",
        }
    }
}

impl Item {
    /// An item at `index` of the answer to the request of that id.
    pub(super) fn new(body: Body, request_id: &str, index: u64) -> Self {
        Self { id: format!("{}_{request_id}_{index}", body.prefix()), body }
    }

    /// Writes it, as far as it is made.
    pub(super) fn write(&self, json: &mut Json, status: &str, losses: &mut Vec<Loss>) {
        json.object();
        match &self.body {
            Body::Message(parts) => {
                json.key("type").text("message").key("id").text(&self.id).key("status").text(status);
                json.key("role").text("assistant").key("content").array();
                for part in parts {
                    part.write(json, losses);
                }
                json.end_array();
            }
            Body::Call { id, name, input, is_custom } => {
                let (kind, member) = match is_custom {
                    false => ("function_call", "arguments"),
                    true => ("custom_tool_call", "input"),
                };
                let (namespace, name) = apart(name);
                json.key("type").text(kind).key("id").text(&self.id).key("status").text(status);
                json.key("call_id").text(id).optional("namespace", namespace).key("name").text(name);
                json.key(member).text(input);
            }
            Body::Reasoning { text, is_summary, proof } => {
                json.key("type").text("reasoning").key("id").text(&self.id);
                let (summary, text) = if *is_summary { (text.as_str(), "") } else { ("", text.as_str()) };
                write::thoughts(json, summary, text);
                let unsigned = || Opaque::unsigned(PROTOCOL).seal();
                let proof = proof.clone().or_else(|| (status != IN_PROGRESS).then(unsigned));
                json.optional("encrypted_content", proof);
            }
            Body::Proof(proof) => {
                json.key("type").text("reasoning").key("id").text(&self.id);
                write::thoughts(json, "", "");
                json.key("encrypted_content").text(proof);
            }
            Body::Search(search) => search::write(json, &self.id, search, status == IN_PROGRESS, losses),
            Body::Picture { data, format } => {
                json.key("type").text("image_generation_call").key("id").text(&self.id);
                // Told once, when it is done.
                if status == IN_PROGRESS {
                    json.key("status").text(status).key("result").null();
                } else {
                    json.key("status").text("completed").key("result").text(data);
                }
                json.optional("output_format", format.as_ref());
            }
        }
        json.end_object();
    }
}

impl Part {
    /// Writes it. What a list of a client's may hold is always there, be it empty.
    pub(super) fn write(&self, json: &mut Json, losses: &mut Vec<Loss>) {
        match self {
            Self::Text(text) => write::output_text(json, text, losses),
            Self::Refusal(refusal) => {
                json.object().key("type").text("refusal").key("refusal").text(refusal).end_object();
            }
        }
    }
}

/// A whole answer's blocks as items.
pub(super) fn items(
    blocks: &[Block],
    request_id: &str,
    losses: &mut Vec<Loss>,
) -> Result<Vec<Item>, TranslateError> {
    let mut bodies = Vec::new();
    for block in blocks {
        let (body, proof) = match &block.content {
            Content::Text(text) => {
                let proof = text.proof.as_ref();
                (Body::Message(vec![Part::Text(Text { proof: None, ..text.clone() })]), proof)
            }
            Content::Refusal(refusal) => (Body::Message(vec![Part::Refusal(refusal.clone())]), None),
            Content::ToolCall(call) => {
                let (id, name) = (call.id.clone(), call.name.clone());
                let (input, is_custom) = match &call.input {
                    ToolInput::Arguments(json) => (String::from_utf8_lossy(json).into_owned(), false),
                    ToolInput::Text(text) => (text.clone(), true),
                };
                (Body::Call { id, name, input, is_custom }, call.proof.as_ref())
            }
            Content::Reasoning(Reasoning { text, proof, is_summary }) => {
                let proof = proof.as_ref().map(|proof| proof.to_client(PROTOCOL).into_owned());
                (Body::Reasoning { text: text.clone(), is_summary: *is_summary, proof }, None)
            }
            Content::Search(search) => {
                bodies.push(Body::Search(search.clone()));
                bodies.extend(search.own.iter().map(Body::proof_of_previous));
                continue;
            }
            Content::Media(media) => (Body::picture(media)?, None),
            Content::Opaque(opaque) => {
                note(losses, Loss::new(opaque.kind.clone(), "a block that only its own protocol has"));
                continue;
            }
            Content::ToolResult(_) => {
                note(losses, Loss::new("tool_result", "an answer holds no results"));
                continue;
            }
        };
        match (bodies.last_mut(), body) {
            (Some(Body::Message(parts)), Body::Message(mut more)) => parts.append(&mut more),
            (_, body) => bodies.push(body),
        }
        bodies.extend(proof.map(Body::proof_of_previous));
    }
    Ok((0..).zip(bodies).map(|(index, body)| Item::new(body, request_id, index)).collect())
}

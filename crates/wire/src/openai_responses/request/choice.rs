//! Which tool is to be called, read and written.
//!
//! Source: `types/responses/tool_choice_*_param.py`.

use super::super::items::IN_NAMESPACE;
use super::super::read::{self, Read};
use super::tools::apart;
use crate::conversation::{Loss, Request, Tool, ToolChoice, TranslateError};
use crate::json::Json;
use crate::scan::{Kind, Scanner};
use crate::translate::note;

/// What was read: what it means depends on the tools.
#[derive(Debug, Default)]
pub(super) enum Choice {
    #[default]
    Unsaid,
    Said(ToolChoice),
    /// Only these tools, and at least one of them or not.
    Allowed {
        any: bool,
        names: Vec<String>,
    },
}

/// Reads `tool_choice`.
pub(super) fn read(scan: &mut Scanner<'_>) -> Read<Choice> {
    match scan.kind()? {
        Kind::Null => Ok(scan.skip().map(|()| Choice::Unsaid)?),
        Kind::String => Ok(Choice::Said(match &*scan.string()?.unescape() {
            "auto" => ToolChoice::Auto,
            "none" => ToolChoice::None,
            "required" => ToolChoice::Any,
            _ => return Err(TranslateError::malformed("tool_choice", "an unknown word").into()),
        })),
        _ => one(scan),
    }
}

fn one(scan: &mut Scanner<'_>) -> Read<Choice> {
    let (mut kind, mut name, mut any, mut names) = (String::new(), None, false, Vec::new());
    read::object(scan, "tool_choice", |scan, member| {
        match member {
            b"type" => kind = read::string(scan, "tool_choice.type")?.unwrap_or_default(),
            b"name" => name = read::string(scan, "tool_choice.name")?,
            b"mode" => any = scan.text()?.is_some_and(|mode| mode.is("required")),
            b"tools" => read::list(scan, "tool_choice.tools", |scan| {
                names.push(allowed(scan)?);
                Ok(())
            })?,
            _ => scan.skip()?,
        }
        Ok(())
    })?;
    match (kind.as_str(), name) {
        ("function" | "custom", Some(name)) => Ok(Choice::Said(ToolChoice::Named(name))),
        ("allowed_tools", _) => Ok(Choice::Allowed { any, names }),
        ("function" | "custom" | "", _) => {
            Err(TranslateError::malformed("tool_choice", "a tool has a type and a name").into())
        }
        ("mcp" | "programmatic_tool_calling", _) => {
            let why = "a choice that only its own protocol has";
            Err(TranslateError::unsayable(format!("tool_choice.{kind}"), why).into())
        }
        // A tool that the supplier runs goes by its kind.
        _ => Ok(Choice::Said(ToolChoice::Named(kind))),
    }
}

/// The name of an allowed tool, or its kind.
fn allowed(scan: &mut Scanner<'_>) -> Read<String> {
    let (mut kind, mut name) = (None, None);
    read::object(scan, "tool_choice.tools", |scan, member| {
        match member {
            b"type" => kind = read::string(scan, "tool_choice.tools.type")?,
            b"name" => name = read::string(scan, "tool_choice.tools.name")?,
            _ => scan.skip()?,
        }
        Ok(())
    })?;
    Ok(name.or(kind).unwrap_or_default())
}

impl Choice {
    /// Puts the choice into the request, whose tools are known now.
    pub(super) fn apply(self, request: &mut Request) {
        match self {
            Self::Unsaid => {}
            Self::Said(ToolChoice::Named(name)) => {
                request.tool_choice = ToolChoice::Named(full_name(&request.tools, name));
            }
            Self::Said(choice) => request.tool_choice = choice,
            Self::Allowed { any, names } => {
                let names: Vec<String> =
                    names.into_iter().map(|name| full_name(&request.tools, name)).collect();
                request.tools.retain(|tool| names.iter().any(|name| name == tool.name()));
                request.tool_choice = if any { ToolChoice::Any } else { ToolChoice::Auto };
                let why = "said by leaving the other tools out";
                note(&mut request.losses, Loss::new("tool_choice.allowed_tools", why));
            }
        }
    }
}

/// The name with its namespace, where only a tool in one has it.
fn full_name(tools: &[Tool], name: String) -> String {
    let has = |tool: &&Tool| tool.name() == name;
    let inside =
        |tool: &&Tool| tool.name().strip_suffix(&name).is_some_and(|before| before.ends_with(IN_NAMESPACE));
    match tools.iter().find(has).or_else(|| tools.iter().find(inside)) {
        Some(tool) => tool.name().to_owned(),
        None => name,
    }
}

/// Writes the choice among `tools`.
pub(in super::super) fn write(json: &mut Json, choice: &ToolChoice, tools: &[Tool]) {
    match choice {
        ToolChoice::Unsaid | ToolChoice::Auto => json.text("auto"),
        ToolChoice::None => json.text("none"),
        ToolChoice::Any => json.text("required"),
        ToolChoice::Named(name) => {
            json.object().key("type");
            match tools.iter().find(|tool| tool.name() == name) {
                Some(Tool::Search(search)) => json.text(super::super::search::kind(search)),
                Some(Tool::Supplied(tool)) => json.text(&tool.kind),
                Some(Tool::Custom { .. }) => json.text("custom").key("name").text(apart(name).1),
                _ => json.text("function").key("name").text(apart(name).1),
            };
            json.end_object()
        }
    };
}

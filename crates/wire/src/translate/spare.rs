//! Tools that a supplier would have to run itself, that it lacks, and that the request may do without.

use std::sync::Arc;

use super::note;
use crate::conversation::{Loss, Request, Tool, ToolChoice, TranslateError};

/// The kind that a search of the web has, whatever a dialect calls it.
const WEB_SEARCH: &str = "web_search";

/// `request` without the tool that `error` is about, if it may be left out: named, and nothing insists on it.
pub(super) fn without(request: &Request, error: &TranslateError, may_drop: &[Arc<str>]) -> Option<Request> {
    let TranslateError::Unsayable { what, .. } = error else { return None };
    let is_meant = |tool: &Tool| {
        path(tool).is_some_and(|path| {
            what.strip_prefix(&*path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    };
    let at = request
        .tools
        .iter()
        .position(|tool| is_meant(tool) && may_drop.iter().any(|kind| is_of(tool, kind)))?;
    let is_last = request.tools.len() == 1;
    match &request.tool_choice {
        ToolChoice::Named(name) if name == request.tools[at].name() => return None,
        ToolChoice::Any if is_last => return None,
        _ => {}
    }
    let mut request = request.clone();
    let path = path(&request.tools.remove(at)).unwrap_or_default();
    note(&mut request.losses, Loss::new(path, "who serves does not run it, and the route may do without"));
    if is_last {
        request.tool_choice = ToolChoice::Unsaid;
        request.parallel_tools = None;
    }
    Some(request)
}

/// What errors call a tool that its supplier runs.
fn path(tool: &Tool) -> Option<String> {
    match tool {
        Tool::Search(search) => Some(search.path()),
        Tool::Supplied(opaque) => Some(format!("tools.{}", opaque.kind)),
        Tool::Function(_) | Tool::Custom { .. } => None,
    }
}

/// Whether a tool is of that kind: `code_execution` is `code_execution_20250825`, too.
fn is_of(tool: &Tool, kind: &str) -> bool {
    let written = match tool {
        Tool::Search(_) if kind == WEB_SEARCH => return true,
        Tool::Search(search) => &search.written.kind,
        Tool::Supplied(opaque) => &opaque.kind,
        Tool::Function(_) | Tool::Custom { .. } => return false,
    };
    let version = written.strip_prefix(kind).map(|rest| rest.strip_prefix('_').unwrap_or(rest));
    version.is_some_and(|version| version.bytes().all(|digit| digit.is_ascii_digit()))
}

//! From JSON Schema to the subset of `OpenAPI` 3 that Gemini models before 3 take for tools.
//!
//! **Promises**: only keywords that Google documents; names of properties, `required` and `enum` stay; every keyword that
//! is left out is named once. References are resolved; what holds itself is cut where it comes round. Time and output are
//! bounded whatever refers to what.
//!
//! Source: `Schema` in `types.py`, `process_schema` in `_transformers.py` of google-genai 3.4.0, and
//! ai.google.dev/api/caching#Schema, read 2026-11-28. Google refuses: other members beside `anyOf`, values in `enum` that
//! are no text, empty ones, names in `required` that are no properties, lists without `items`, formats that it does not
//! know.

use std::collections::HashMap;

use super::node::Node;
use crate::conversation::Loss;
use crate::json::Json;
use crate::scan::{Kind, ScanError, Scanner};
use crate::schema::{Value, elements, string};
use crate::translate::note;

#[cfg(test)]
mod tests;

/// Nodes may lie so deep in each other, references followed.
const DEEPEST: usize = 48;
/// So many nodes are written.
const MOST_NODES: usize = 10_000;
/// So many bytes of schema are read, what is read again counted again.
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// So many references to other places than the root's definitions are looked up.
const MOST_LOOKUPS: usize = 64;

/// Writes what `schema` says in the subset. `what` is how losses name it.
///
/// # Errors
/// [`ScanError`], for what is not JSON.
pub(in crate::gemini) fn subset(
    schema: &[u8],
    what: &'static str,
    losses: &mut Vec<Loss>,
) -> Result<Vec<u8>, ScanError> {
    let mut writer = Writer::new(schema, what)?;
    writer.node(schema, &Inherited::default())?;
    for loss in writer.losses {
        note(losses, loss);
    }
    Ok(writer.json.finish())
}

/// Whether a tool's schema asks for no arguments: Google refuses an object without properties there.
pub(in crate::gemini) fn holds_no_properties(schema: &[u8]) -> Result<bool, ScanError> {
    let mut writer = Writer::new(schema, "")?;
    let mut node = Node::new(0);
    node.gather(schema, &mut writer)?;
    Ok(node.properties.is_empty() && node.branches.is_empty())
}

/// Where a reference leads.
pub(super) enum Target<'a> {
    Found(Value<'a>),
    /// To what the node has gathered already.
    HadAlready,
    /// Nowhere, or back.
    None,
}

/// The subset in the making.
pub(super) struct Writer<'a> {
    root: Value<'a>,
    /// The root's definitions, by pointer.
    definitions: HashMap<String, Value<'a>>,
    /// The references that are being followed.
    open: Vec<String>,
    json: Json,
    what: &'static str,
    losses: Vec<Loss>,
    nodes: usize,
    bytes: usize,
    lookups: usize,
}

/// What a branch has from the node that it is a branch of.
#[derive(Debug, Default, Clone)]
struct Inherited<'a> {
    description: Option<Value<'a>>,
    nullable: bool,
    types: Vec<String>,
    depth: usize,
}

impl<'a> Writer<'a> {
    fn new(root: Value<'a>, what: &'static str) -> Result<Self, ScanError> {
        let mut definitions = HashMap::new();
        let mut scan = Scanner::new(root)?;
        if scan.kind()? == Kind::Object {
            scan.object(|scan, name| {
                let place = match name {
                    b"$defs" => "#/$defs/",
                    b"definitions" => "#/definitions/",
                    _ => return scan.skip(),
                };
                if scan.kind()? != Kind::Object {
                    return scan.skip();
                }
                scan.object(|scan, name| {
                    let range = scan.range()?;
                    let name = format!("{place}{}", String::from_utf8_lossy(name));
                    definitions.insert(name, scan.slice(range));
                    Ok::<_, ScanError>(())
                })
            })?;
        }
        Ok(Self {
            root,
            definitions,
            open: vec!["#".to_owned()],
            json: Json::new(),
            what,
            losses: Vec::new(),
            nodes: MOST_NODES,
            bytes: MOST_BYTES,
            lookups: MOST_LOOKUPS,
        })
    }

    pub(super) fn lose(&mut self, keyword: &str, why: &'static str) {
        note(&mut self.losses, Loss::new(format!("{}.{keyword}", self.what), why));
    }

    /// Whether there is room to read `value`; it counts as read then.
    pub(super) fn may_read(&mut self, value: Value<'_>) -> bool {
        let left = self.bytes.checked_sub(value.len());
        self.bytes = left.unwrap_or_default();
        left.is_some()
    }

    /// Follows a reference, for a node before which `mark` were being followed.
    pub(super) fn enter(&mut self, pointer: &str, mark: usize) -> Result<Target<'a>, ScanError> {
        if let Some(place) = self.open.iter().position(|open| open == pointer) {
            return Ok(if place >= mark { Target::HadAlready } else { Target::None });
        }
        let found = match self.definitions.get(&pointer.replace("~1", "/").replace("~0", "~")) {
            Some(value) => Some(*value),
            None => self.look_up(pointer)?,
        };
        if found.is_some() {
            self.open.push(pointer.to_owned());
        }
        Ok(found.map_or(Target::None, Target::Found))
    }

    /// What a JSON pointer into the root points to.
    fn look_up(&mut self, pointer: &str) -> Result<Option<Value<'a>>, ScanError> {
        let Some(path) = pointer.strip_prefix("#/") else { return Ok(None) };
        if self.lookups == 0 || !self.may_read(self.root) {
            return Ok(None);
        }
        self.lookups -= 1;
        let mut value = self.root;
        for step in path.split('/') {
            let step = step.replace("~1", "/").replace("~0", "~");
            let mut found = None;
            let mut scan = Scanner::new(value)?;
            match scan.kind()? {
                Kind::Object => scan.object(|scan, name| {
                    let range = scan.range()?;
                    if name == step.as_bytes() {
                        found = Some(scan.slice(range));
                    }
                    Ok::<_, ScanError>(())
                })?,
                Kind::Array => {
                    found = step.parse().ok().and_then(|at: usize| elements(value).ok()?.get(at).copied());
                }
                _ => {}
            }
            let Some(inner) = found else { return Ok(None) };
            value = inner;
        }
        Ok(Some(value))
    }

    fn node(&mut self, value: Value<'a>, inherited: &Inherited<'a>) -> Result<(), ScanError> {
        let mark = self.open.len();
        let mut node = Node::new(mark);
        if self.nodes == 0 || inherited.depth > DEEPEST {
            node.is_cut = true;
        } else {
            self.nodes -= 1;
            node.gather(value, self)?;
            self.branches(&mut node)?;
        }
        node.description = node.description.or(inherited.description);
        node.nullable |= inherited.nullable;
        if node.types.is_empty() && node.branches.is_empty() {
            node.types.clone_from(&inherited.types);
        }
        if node.is_cut {
            self.lose("$ref", "what holds itself, leads nowhere or is too large is said without its inside");
        }
        self.write(&node, inherited.depth)?;
        self.open.truncate(mark);
        Ok(())
    }

    /// Takes `null` out of a node's branches, and the only branch for the node itself.
    fn branches(&mut self, node: &mut Node<'a>) -> Result<(), ScanError> {
        for _ in 0..DEEPEST {
            let before = node.branches.len();
            node.branches.retain(|branch| !is_null(branch));
            node.nullable |= node.branches.len() < before;
            let [only] = node.branches[..] else { break };
            node.branches.clear();
            node.gather(only, self)?;
        }
        let says_more = !node.properties.is_empty() || !node.values.is_empty() || node.items.is_some();
        if says_more && !node.branches.is_empty() {
            node.branches.clear();
            self.lose("anyOf", "nothing may stand beside it: the rest is said");
        }
        Ok(())
    }

    fn write(&mut self, node: &Node<'a>, depth: usize) -> Result<(), ScanError> {
        let types =
            if node.types.is_empty() { vec![self.guessed(node, depth == 0)] } else { node.types.clone() };
        if node.branches.is_empty() && types.len() == 1 {
            return self.typed(node, &types[0], node.nullable, depth);
        }
        self.json.object().key("anyOf").array();
        if node.branches.is_empty() {
            for kind in &types {
                self.typed(node, kind, node.nullable, depth)?;
            }
        } else {
            let inherited = Inherited {
                description: node.description,
                nullable: node.nullable,
                types: node.types.clone(),
                depth: depth + 1,
            };
            for branch in &node.branches {
                self.node(branch, &inherited)?;
            }
        }
        self.json.end_array().end_object();
        Ok(())
    }

    /// The type of a node that states none: Google wants one.
    fn guessed(&mut self, node: &Node<'a>, is_root: bool) -> String {
        let kinds: Vec<Kind> = node.values.iter().filter_map(|value| kind(value)).collect();
        let all = |wanted: &[Kind]| !kinds.is_empty() && kinds.iter().all(|kind| wanted.contains(kind));
        let guess = if !node.properties.is_empty() || node.is_cut {
            "object"
        } else if node.items.is_some() {
            "array"
        } else if all(&[Kind::String, Kind::Null]) {
            "string"
        } else if all(&[Kind::Number, Kind::Null]) {
            "number"
        } else if all(&[Kind::True, Kind::False, Kind::Null]) {
            "boolean"
        } else if is_root {
            // Arguments and answers are objects.
            "object"
        } else if node.branches.is_empty() {
            self.lose("type", "a schema that takes everything is said as text");
            "string"
        } else {
            ""
        };
        guess.to_owned()
    }

    fn typed(&mut self, node: &Node<'a>, kind: &str, nullable: bool, depth: usize) -> Result<(), ScanError> {
        self.json.object().key("type").text(&kind.to_uppercase());
        let values = self.values(node, kind);
        if nullable || node.values.contains(&&b"null"[..]) {
            self.json.key("nullable").boolean(true);
        }
        self.json.optional_raw("title", node.title).optional_raw("description", node.description);
        self.format(node, kind);
        if !values.is_empty() {
            self.json.key("enum").array();
            for value in values {
                self.json.raw(value);
            }
            self.json.end_array();
        }
        match kind {
            "object" => self.members(node, depth)?,
            "array" => {
                self.json.key("items");
                let inherited = Inherited { depth: depth + 1, ..Inherited::default() };
                if let Some(items) = node.items {
                    self.node(items, &inherited)?;
                } else {
                    self.lose("items", "a list of everything is said as one of text");
                    self.json.object().key("type").text("STRING").end_object();
                }
            }
            _ => {}
        }
        let limits: &[&str] = match kind {
            "string" => &["minLength", "maxLength", "pattern"],
            "number" | "integer" => &["minimum", "maximum"],
            "array" => &["minItems", "maxItems"],
            "object" => &["minProperties", "maxProperties"],
            _ => &[],
        };
        for (name, value) in node.limits.iter().filter(|(name, _)| limits.contains(name)) {
            self.json.key(name).raw(value);
        }
        self.json.optional_raw("default", node.default).end_object();
        Ok(())
    }

    /// The values that a text may have.
    fn values(&mut self, node: &Node<'a>, kind: &str) -> Vec<Value<'a>> {
        let others = |value: &&Value<'a>| **value != b"null";
        let all: Vec<Value<'a>> = node.values.iter().filter(others).copied().collect();
        let texts =
            |value: &&Value<'a>| kind == "string" && string(value).is_some_and(|text| !text.is_empty());
        let taken: Vec<Value<'a>> = all.iter().filter(texts).copied().collect();
        if taken.len() < all.len() {
            self.lose("enum", "only texts can be listed there, and no empty ones");
        }
        taken
    }

    fn format(&mut self, node: &Node<'a>, kind: &str) {
        let Some(format) = &node.format else { return };
        let known: &[&str] = match kind {
            "string" => &["date-time"],
            "integer" => &["int32", "int64"],
            "number" => &["float", "double"],
            _ => &[],
        };
        if known.contains(&format.as_str()) {
            self.json.key("format").text(format);
        } else {
            self.lose("format", "a format that the model does not take");
        }
    }

    fn members(&mut self, node: &Node<'a>, depth: usize) -> Result<(), ScanError> {
        if !node.properties.is_empty() {
            self.json.key("properties").object();
            let inherited = Inherited { depth: depth + 1, ..Inherited::default() };
            for (name, value) in &node.properties {
                self.json.key(name);
                self.node(value, &inherited)?;
            }
            self.json.end_object();
        }
        let is_property = |name: &&String| node.properties.iter().any(|(known, _)| known == *name);
        let mut required: Vec<&String> = node.required.iter().filter(is_property).collect();
        if required.len() < node.required.len() {
            self.lose("required", "a name that is no property");
        }
        let mut seen = std::collections::HashSet::new();
        required.retain(|name| seen.insert(*name));
        if !required.is_empty() {
            self.json.key("required").array();
            for name in required {
                self.json.text(name);
            }
            self.json.end_array();
        }
        Ok(())
    }
}

/// Whether a branch takes `null` and nothing else.
fn is_null(branch: &[u8]) -> bool {
    let mut node = [None, None];
    let read = || {
        Scanner::new(branch)?.object(|scan, name| {
            let range = scan.range()?;
            let value = scan.slice(range);
            match name {
                b"type" => node[0] = Some(value),
                b"const" | b"enum" => node[1] = Some(value),
                _ => {}
            }
            Ok::<_, ScanError>(())
        })
    };
    let mut read = read;
    read().is_ok()
        && (node[0] == Some(b"\"null\"")
            || (node[0].is_none() && matches!(node[1], Some(b"null" | b"[null]"))))
}

fn kind(value: &[u8]) -> Option<Kind> {
    Scanner::new(value).ok()?.kind().ok()
}

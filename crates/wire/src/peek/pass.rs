//! The one pass over a body's members.

use catalogue::Needs;

use super::features::{self, when};
use super::key::Key;
use super::prompt::Prompt;
use super::{Field, Peek, PeekError, StreamOptions};
use crate::scan::{Kind, ScanError, Scanner, What};

/// The same within the pass: small, so that results stay in registers.
#[derive(Debug, Clone, Copy)]
pub(super) enum Refusal {
    Scan(ScanError),
    NotAnObject,
    Duplicate(Key),
    WrongType(Key),
}

impl From<ScanError> for Refusal {
    fn from(error: ScanError) -> Self {
        Self::Scan(error)
    }
}

impl From<Refusal> for PeekError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Scan(error) if error.what == What::TooDeep => Self::TooDeep,
            Refusal::Scan(error) => Self::NotJson { offset: error.offset(), what: error.what.as_str() },
            Refusal::NotAnObject => Self::NotAnObject,
            Refusal::Duplicate(key) => Self::Duplicate { key: key.as_str() },
            Refusal::WrongType(key) => Self::WrongType { key: key.as_str() },
        }
    }
}

/// What has been seen so far.
pub(super) struct Pass<'a> {
    peek: Peek<'a>,
    prompt: Prompt,
    /// Which steering keys have been seen, by their bits.
    keys: u32,
    /// The three names of the output limit, in order of precedence.
    limits: [Option<u64>; 3],
}

impl<'a> Pass<'a> {
    pub(super) fn new(object_open: usize) -> Self {
        let peek = Peek { object_open, is_empty: true, ..Peek::default() };
        Self { peek, prompt: Prompt::default(), keys: 0, limits: [None; 3] }
    }

    /// Takes the member `name`, whose value starts here.
    pub(super) fn member(&mut self, scan: &mut Scanner<'a>, name: &[u8]) -> Result<(), Refusal> {
        self.peek.is_empty = false;
        let Some(key) = Key::of(name) else { return Ok(self.other(scan, name)?) };
        if self.keys & key.bit() != 0 {
            return Err(Refusal::Duplicate(key));
        }
        self.keys |= key.bit();
        match key {
            Key::Model => self.peek.model = Some(string(scan)?.ok_or(Refusal::WrongType(key))?),
            Key::Stream => self.peek.stream = flag(scan, key)?,
            Key::StreamOptions => self.peek.stream_options = Some(stream_options(scan)?),
            Key::MaxCompletionTokens => self.limits[0] = scan.integer()?,
            Key::MaxTokens => self.limits[1] = scan.integer()?,
            Key::MaxOutputTokens => self.limits[2] = scan.integer()?,
            Key::Messages | Key::Input => self.messages(scan)?,
            Key::System => self.system(scan)?,
            Key::Tools => self.prompt.tools(scan)?,
            Key::User => self.peek.user = string(scan)?,
            Key::N => self.peek.n = scan.integer()?,
            Key::ResponseFormat
            | Key::ReasoningEffort
            | Key::Thinking
            | Key::Text
            | Key::OutputConfig
            | Key::OutputFormat
            | Key::Reasoning => self.feature(scan, name)?,
            Key::ToolChoice | Key::Metadata | Key::McpServers | Key::Container | Key::IncludeUsage => {
                scan.skip()?;
            }
        }
        Ok(())
    }

    fn other(&mut self, scan: &mut Scanner<'a>, name: &[u8]) -> Result<(), ScanError> {
        match name {
            b"contents" => self.messages(scan),
            b"instructions" => self.system(scan),
            b"functions" => self.prompt.tools(scan),
            b"background" => {
                self.peek.background = scan.boolean()? == Some(true);
                Ok(())
            }
            _ => self.feature(scan, name),
        }
    }

    fn feature(&mut self, scan: &mut Scanner<'a>, name: &[u8]) -> Result<(), ScanError> {
        self.peek.needs = self.peek.needs | features::needs(scan, name)?;
        Ok(())
    }

    fn system(&mut self, scan: &mut Scanner<'a>) -> Result<(), ScanError> {
        let start = start(scan)?;
        self.prompt.part_list(scan)?;
        self.peek.system = Some(start..scan.at());
        Ok(())
    }

    fn messages(&mut self, scan: &mut Scanner<'a>) -> Result<(), ScanError> {
        let start = start(scan)?;
        self.peek.messages_count = self.prompt.messages(scan)?;
        self.peek.messages = Some(start..scan.at());
        Ok(())
    }

    pub(super) fn finish(self) -> Peek<'a> {
        let mut peek = self.peek;
        peek.max_tokens = self.limits.into_iter().flatten().next();
        peek.text_bytes = self.prompt.text_bytes;
        peek.needs = peek.needs
            | self.prompt.needs()
            | when(peek.n.is_some_and(|choices| choices > 1), Needs::MULTIPLE_CHOICES);
        peek
    }
}

/// Where the next value starts.
fn start(scan: &mut Scanner<'_>) -> Result<usize, ScanError> {
    scan.kind()?;
    Ok(scan.at())
}

/// A string and its place; `None` for a value of another type.
fn string<'a>(scan: &mut Scanner<'a>) -> Result<Option<Field<'a>>, ScanError> {
    let start = start(scan)?;
    let text = scan.text()?;
    Ok(text.map(|text| Field { value: text.unescape(), range: start..scan.at() }))
}

/// A boolean; `null` is false.
fn flag(scan: &mut Scanner<'_>, key: Key) -> Result<bool, Refusal> {
    match scan.kind()? {
        Kind::True | Kind::False | Kind::Null => Ok(scan.boolean()?.unwrap_or(false)),
        _ => Err(Refusal::WrongType(key)),
    }
}

fn stream_options(scan: &mut Scanner<'_>) -> Result<StreamOptions, Refusal> {
    let kind = scan.kind()?;
    let mut options = StreamOptions {
        range: scan.at()..scan.at(),
        is_empty: kind == Kind::Object,
        is_null: kind == Kind::Null,
        include_usage: None,
        include_usage_range: None,
    };
    match kind {
        Kind::Null => scan.skip()?,
        Kind::Object => scan.object(|scan, name| {
            options.is_empty = false;
            if name != b"include_usage" {
                return Ok(scan.skip()?);
            }
            if options.include_usage.is_some() {
                return Err(Refusal::Duplicate(Key::IncludeUsage));
            }
            let start = start(scan)?;
            options.include_usage = Some(flag(scan, Key::IncludeUsage)?);
            options.include_usage_range = Some(start..scan.at());
            Ok(())
        })?,
        _ => return Err(Refusal::WrongType(Key::StreamOptions)),
    }
    options.range.end = scan.at();
    Ok(options)
}

//! A look into a request's body: the few fields that decide where it goes, and what it needs.
//!
//! **For**: admission, routing, and the splices that are made before the body goes out. One borrowed pass; the body
//! itself is forwarded as it came.
//!
//! **Promises**: refuses what `serde_json` would refuse (syntax, UTF-8, depth 128), and what is ambiguous: a key that
//! steers given twice, however it is escaped. Does not allocate, but for a model name that holds escapes.
//!
//! **Never**: judges what only the supplier can judge (a negative `max_tokens`, an unknown role): that goes through.

mod prompt;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

use catalogue::Needs;

use self::prompt::Prompt;
use crate::scan::{Kind, ScanError, Scanner};

/// What was seen in a request's body. Ranges are byte offsets into it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Peek<'a> {
    /// `model`.
    pub model: Option<Field<'a>>,
    /// `stream`; absent and `null` are false.
    pub stream: bool,
    /// `stream_options`, also when it is `null`.
    pub stream_options: Option<StreamOptions>,
    /// Just behind the body's `{`: where a member can be inserted, with a comma behind it unless `is_empty`.
    pub object_open: usize,
    /// Whether the body is an object without members.
    pub is_empty: bool,
    /// How much output is asked for at most, in tokens: `max_completion_tokens`, else `max_tokens`, else
    /// `max_output_tokens`; `None` when absent or no integer.
    pub max_tokens: Option<u64>,
    /// `n`, the number of choices; `None` when absent or no integer.
    pub n: Option<u64>,
    /// What a deployment must be able to do to serve this.
    pub needs: Needs,
    /// The conversation: the value of `messages`, or of `input` or `contents` in the dialects that call it so.
    pub messages: Option<Range<usize>>,
    /// How many elements the conversation has.
    pub messages_count: u64,
    /// The value of top-level `system`, or `instructions`.
    pub system: Option<Range<usize>>,
    /// The value of `user`, when it is a string.
    pub user: Option<Field<'a>>,
    /// Bytes of prompt text in the conversation, the system prompt and the tools, for estimates of their tokens.
    /// Counted as they stand, escapes included; media and other data that is no text is left out.
    pub text_bytes: u64,
}

/// A string and where its value stands, quotes included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field<'a> {
    /// The string, unescaped.
    pub value: Cow<'a, str>,
    /// The range of its JSON text.
    pub range: Range<usize>,
}

/// `stream_options`: where it stands and what it says about usage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamOptions {
    /// The range of the value.
    pub range: Range<usize>,
    /// Whether the value is an object without members. False for `null`.
    pub is_empty: bool,
    /// Whether the value is `null`.
    pub is_null: bool,
    /// `include_usage`; `null` counts as false.
    pub include_usage: Option<bool>,
    /// The range of the value of `include_usage`.
    pub include_usage_range: Option<Range<usize>>,
}

/// Why a body cannot be taken. All are the client's to mend: status 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeekError {
    /// Not JSON.
    #[error("the body is not valid JSON: {what}, at byte {offset}")]
    NotJson {
        /// Where, in bytes.
        offset: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// JSON, but no object.
    #[error("the body must be a JSON object")]
    NotAnObject,
    /// Nested deeper than `serde_json` takes.
    #[error("the body is nested too deeply")]
    TooDeep,
    /// A key that steers stands there twice, so two readers could understand two things.
    #[error("`{key}` is given twice")]
    Duplicate {
        /// Which.
        key: &'static str,
    },
    /// A key that steers has a value of a type that it cannot have.
    #[error("`{key}` has the wrong type")]
    WrongType {
        /// Which.
        key: &'static str,
    },
}

impl From<ScanError> for PeekError {
    fn from(error: ScanError) -> Self {
        match error {
            ScanError::Syntax { offset, what } => Self::NotJson { offset, what },
            ScanError::TooDeep => Self::TooDeep,
        }
    }
}

impl Peek<'_> {
    /// The model's name, if there is one.
    pub fn model_name(&self) -> Option<&str> {
        self.model.as_ref().map(|field| field.value.as_ref())
    }

    /// Whether the client itself asked for the usage chunk of a stream.
    pub fn asks_for_usage(&self) -> bool {
        self.stream_options.as_ref().is_some_and(|options| options.include_usage == Some(true))
    }
}

/// Looks into a request's body.
///
/// # Errors
/// [`PeekError`], for what is not JSON, not an object, or ambiguous. Only the first problem is told.
pub fn peek(body: &[u8]) -> Result<Peek<'_>, PeekError> {
    let mut scan = Scanner::new(body);
    if scan.kind()? != Kind::Object {
        scan.skip()?;
        scan.end()?;
        return Err(PeekError::NotAnObject);
    }
    let mut seen = Seen {
        peek: Peek { object_open: scan.at() + 1, is_empty: true, ..Peek::default() },
        prompt: Prompt::default(),
        keys: 0,
        limits: [None; 3],
    };
    scan.object(|scan, name| seen.member(scan, name))?;
    scan.end()?;
    Ok(seen.finish())
}

/// The keys that steer, each of which may stand there once. The position is its bit in [`Seen::keys`].
const STEERING: [&str; 17] = [
    "model",
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "n",
    "tools",
    "tool_choice",
    "messages",
    "system",
    "input",
    "response_format",
    "reasoning_effort",
    "thinking",
    "metadata",
    "user",
];

struct Seen<'a> {
    peek: Peek<'a>,
    prompt: Prompt,
    /// Which of [`STEERING`] have been seen.
    keys: u32,
    /// The three names of the output limit, in order of precedence.
    limits: [Option<u64>; 3],
}

impl<'a> Seen<'a> {
    fn member(&mut self, scan: &mut Scanner<'a>, name: &[u8]) -> Result<(), PeekError> {
        self.peek.is_empty = false;
        self.once(name)?;
        match name {
            b"model" => self.peek.model = Some(string(scan, "model")?),
            b"stream" => self.peek.stream = flag(scan, "stream")?.unwrap_or(false),
            b"stream_options" => self.peek.stream_options = Some(stream_options(scan)?),
            b"max_completion_tokens" => self.limits[0] = scan.integer()?,
            b"max_tokens" => self.limits[1] = scan.integer()?,
            b"max_output_tokens" => self.limits[2] = scan.integer()?,
            b"messages" | b"input" | b"contents" => self.messages(scan)?,
            b"system" | b"instructions" => self.peek.system = Some(self.system(scan)?),
            b"tools" | b"functions" => self.prompt.tools(scan)?,
            b"user" => self.peek.user = optional_string(scan)?,
            b"n" => self.peek.n = scan.integer()?,
            _ => self.feature(scan, name)?,
        }
        Ok(())
    }

    /// Members that matter only for what they need.
    fn feature(&mut self, scan: &mut Scanner<'a>, name: &[u8]) -> Result<(), ScanError> {
        let needs = match name {
            b"response_format" | b"output_format" => format(scan)?,
            b"output_config" | b"text" => format_inside(scan)?,
            b"reasoning_effort" => {
                when(scan.text()?.is_some_and(|effort| !effort.is("none")), Needs::REASONING)
            }
            b"reasoning" => reasoning(scan)?,
            b"thinking" => thinking(scan)?,
            b"logprobs" => when(asks(scan)?, Needs::LOGPROBS),
            b"parallel_tool_calls" => when(scan.boolean()? == Some(true), Needs::PARALLEL_TOOLS),
            b"web_search_options" => when(asks(scan)?, Needs::WEB_SEARCH),
            b"modalities" => modalities(scan)?,
            b"cache_control" => when(asks(scan)?, Needs::CACHE_MARKS),
            _ => {
                scan.skip()?;
                Needs::NONE
            }
        };
        self.peek.needs = self.peek.needs | needs;
        Ok(())
    }

    fn system(&mut self, scan: &mut Scanner<'a>) -> Result<Range<usize>, ScanError> {
        scan.kind()?;
        let start = scan.at();
        self.prompt.part_list(scan)?;
        Ok(start..scan.at())
    }

    fn messages(&mut self, scan: &mut Scanner<'a>) -> Result<(), ScanError> {
        scan.kind()?;
        let start = scan.at();
        self.peek.messages_count = self.prompt.messages(scan)?;
        self.peek.messages = Some(start..scan.at());
        Ok(())
    }

    fn once(&mut self, name: &[u8]) -> Result<(), PeekError> {
        let Some(index) = STEERING.iter().position(|key| key.as_bytes() == name) else { return Ok(()) };
        let bit = 1 << index;
        if self.keys & bit != 0 {
            return Err(PeekError::Duplicate { key: STEERING[index] });
        }
        self.keys |= bit;
        Ok(())
    }

    fn finish(self) -> Peek<'a> {
        let mut peek = self.peek;
        peek.max_tokens = self.limits.into_iter().flatten().next();
        peek.text_bytes = self.prompt.text_bytes;
        peek.needs = peek.needs
            | self.prompt.needs()
            | when(peek.n.is_some_and(|choices| choices > 1), Needs::MULTIPLE_CHOICES);
        peek
    }
}

const fn when(holds: bool, needs: Needs) -> Needs {
    if holds { needs } else { Needs::NONE }
}

fn string<'a>(scan: &mut Scanner<'a>, key: &'static str) -> Result<Field<'a>, PeekError> {
    optional_string(scan)?.ok_or(PeekError::WrongType { key })
}

fn optional_string<'a>(scan: &mut Scanner<'a>) -> Result<Option<Field<'a>>, ScanError> {
    scan.kind()?;
    let start = scan.at();
    let text = scan.text()?;
    Ok(text.map(|text| Field { value: text.unescape(), range: start..scan.at() }))
}

/// A boolean or `null`.
fn flag(scan: &mut Scanner<'_>, key: &'static str) -> Result<Option<bool>, PeekError> {
    match scan.kind()? {
        Kind::True | Kind::False | Kind::Null => Ok(scan.boolean()?),
        _ => Err(PeekError::WrongType { key }),
    }
}

fn stream_options(scan: &mut Scanner<'_>) -> Result<StreamOptions, PeekError> {
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
                return Err(PeekError::Duplicate { key: "stream_options.include_usage" });
            }
            scan.kind()?;
            let start = scan.at();
            options.include_usage = Some(flag(scan, "stream_options.include_usage")?.unwrap_or(false));
            options.include_usage_range = Some(start..scan.at());
            Ok(())
        })?,
        _ => return Err(PeekError::WrongType { key: "stream_options" }),
    }
    options.range.end = scan.at();
    Ok(options)
}

/// Whether the value asks for something: anything but `null`, `false` and 0.
fn asks(scan: &mut Scanner<'_>) -> Result<bool, ScanError> {
    let kind = scan.kind()?;
    let range = scan.range()?;
    Ok(!matches!(kind, Kind::Null | Kind::False) && scan.slice(range) != b"0")
}

/// `{"type": ...}` of a wanted output format.
fn format(scan: &mut Scanner<'_>) -> Result<Needs, ScanError> {
    let mut needs = Needs::NONE;
    if scan.kind()? != Kind::Object {
        scan.skip()?;
        return Ok(needs);
    }
    scan.object(|scan, name| {
        if name != b"type" {
            return scan.skip();
        }
        if let Some(format) = scan.text()? {
            needs = when(format.is("json_schema"), Needs::JSON_SCHEMA)
                | when(format.is("json_object"), Needs::JSON_MODE);
        }
        Ok(())
    })?;
    Ok(needs)
}

/// A format one level down: Anthropic's `output_config.format`, Responses' `text.format`.
fn format_inside(scan: &mut Scanner<'_>) -> Result<Needs, ScanError> {
    let mut needs = Needs::NONE;
    if scan.kind()? != Kind::Object {
        scan.skip()?;
        return Ok(needs);
    }
    scan.object(|scan, name| {
        if name == b"format" {
            needs = format(scan)?;
            return Ok(());
        }
        scan.skip()
    })?;
    Ok(needs)
}

/// `{"effort": ...}` or `{"enabled": ...}`: any object asks for reasoning unless it says that it wants none.
fn reasoning(scan: &mut Scanner<'_>) -> Result<Needs, ScanError> {
    let mut wanted = scan.kind()? == Kind::Object;
    if !wanted {
        scan.skip()?;
        return Ok(Needs::NONE);
    }
    scan.object(|scan, name| {
        match name {
            b"effort" => wanted &= !scan.text()?.is_some_and(|effort| effort.is("none")),
            b"enabled" => wanted &= scan.boolean()? != Some(false),
            _ => scan.skip()?,
        }
        Ok::<_, ScanError>(())
    })?;
    Ok(when(wanted, Needs::REASONING))
}

/// Anthropic's `{"type": "enabled" | "adaptive" | "disabled"}`.
fn thinking(scan: &mut Scanner<'_>) -> Result<Needs, ScanError> {
    let mut wanted = false;
    if scan.kind()? != Kind::Object {
        scan.skip()?;
        return Ok(Needs::NONE);
    }
    scan.object(|scan, name| {
        if name != b"type" {
            return scan.skip();
        }
        wanted = scan.text()?.is_some_and(|kind| kind.is("enabled") || kind.is("adaptive"));
        Ok(())
    })?;
    Ok(when(wanted, Needs::REASONING))
}

/// `["text", "audio"]`.
fn modalities(scan: &mut Scanner<'_>) -> Result<Needs, ScanError> {
    let mut audio = false;
    if scan.kind()? != Kind::Array {
        scan.skip()?;
        return Ok(Needs::NONE);
    }
    scan.array(|scan| {
        audio |= scan.text()?.is_some_and(|modality| modality.is("audio"));
        Ok::<_, ScanError>(())
    })?;
    Ok(when(audio, Needs::AUDIO_OUT))
}

//! What a line of a stream says, or a whole reply, which is a line by itself: one borrowed pass.

use catalogue::Usage;

use crate::conversation::{Logprob, TokenLogprob};
use crate::counts;
use crate::scan::{Kind, ScanError, Scanner, Text};

/// What was seen.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that was seen, and all go together")]
pub(super) struct Line<'a> {
    pub(super) is_object: bool,
    pub(super) is_error: bool,
    pub(super) has_message: bool,
    pub(super) is_done: bool,
    /// `done_reason`.
    pub(super) reason: Option<Text<'a>>,
    pub(super) model: Option<Text<'a>>,
    pub(super) thinking: Option<Text<'a>>,
    pub(super) content: Option<Text<'a>>,
    pub(super) calls: Vec<Call<'a>>,
    /// Base64.
    pub(super) images: Vec<Text<'a>>,
    pub(super) tokens: Vec<TokenLogprob>,
    /// Members of the message that say something and that we do not know.
    pub(super) unknown: Vec<String>,
    input: Option<u64>,
    output: Option<u64>,
}

/// A tool call, always in one piece.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) id: Option<Text<'a>>,
    pub(super) name: Option<Text<'a>>,
    pub(super) arguments: Option<Arguments<'a>>,
}

/// What a tool is called with.
#[derive(Debug, Clone, Copy)]
pub(super) enum Arguments<'a> {
    /// JSON.
    Json(&'a [u8]),
    /// JSON in a string, as other protocols have it.
    Quoted(Text<'a>),
}

impl<'a> Line<'a> {
    pub(super) fn read(json: &'a [u8]) -> Result<Self, ScanError> {
        let mut line = Self::default();
        let mut scan = Scanner::new(json)?;
        line.is_object = scan.kind()? == Kind::Object;
        if line.is_object {
            scan.object(|scan, name| line.member(scan, name))?;
        } else {
            scan.skip()?;
        }
        scan.end()?;
        Ok(line)
    }

    /// `prompt_eval_count` and `eval_count`: thinking and what came from a cache are not counted apart.
    pub(super) fn usage(&self) -> Option<Usage> {
        self.input.or(self.output)?;
        Some(Usage {
            input_uncached: self.input.unwrap_or_default(),
            output_text: self.output.unwrap_or_default(),
            ..Usage::default()
        })
    }

    fn texts(&self) -> impl Iterator<Item = Text<'a>> {
        [self.thinking, self.content].into_iter().flatten()
    }

    pub(super) fn has_content(&self) -> bool {
        !self.calls.is_empty() || !self.images.is_empty() || self.texts().any(|text| !text.raw.is_empty())
    }

    /// Bytes of generated text.
    pub(super) fn text_bytes(&self) -> u64 {
        let texts: usize = self.texts().map(|text| text.raw.len()).sum();
        let calls: usize = self.calls.iter().map(Call::text_bytes).sum();
        (texts + calls) as u64
    }

    fn member(&mut self, scan: &mut Scanner<'a>, name: &[u8]) -> Result<(), ScanError> {
        match name {
            b"model" => self.model = scan.text()?,
            b"done" => self.is_done = scan.boolean()? == Some(true),
            b"done_reason" => self.reason = scan.text()?.filter(|reason| !reason.raw.is_empty()),
            b"error" => self.is_error |= scan.says_something()?,
            b"message" => match scan.kind()? {
                Kind::Object => {
                    self.has_message = true;
                    scan.object(|scan, name| self.said(scan, name))?;
                }
                // A sentence in a message's place is somebody's error.
                kind => {
                    self.is_error |= kind == Kind::String;
                    scan.skip()?;
                }
            },
            b"prompt_eval_count" => counts::member(scan, name, &mut |_, _, count| self.input = Some(count))?,
            b"eval_count" => counts::member(scan, name, &mut |_, _, count| self.output = Some(count))?,
            b"logprobs" => each_object(scan, |scan| {
                let token = token(scan)?;
                self.tokens.push(token);
                Ok(())
            })?,
            _ => scan.skip()?,
        }
        Ok(())
    }

    fn said(&mut self, scan: &mut Scanner<'a>, name: &[u8]) -> Result<(), ScanError> {
        match name {
            b"role" => scan.skip()?,
            b"thinking" => self.thinking = scan.text()?,
            b"content" => self.content = scan.text()?,
            b"tool_calls" => each_object(scan, |scan| {
                self.calls.push(Call::read(scan)?);
                Ok(())
            })?,
            b"images" if scan.kind()? == Kind::Array => scan.array(|scan| {
                self.images.extend(scan.text()?);
                Ok::<_, ScanError>(())
            })?,
            _ => {
                if scan.says_something()? {
                    self.unknown.push(String::from_utf8_lossy(name).into_owned());
                }
            }
        }
        Ok(())
    }
}

impl<'a> Call<'a> {
    fn read(scan: &mut Scanner<'a>) -> Result<Self, ScanError> {
        let mut call = Self::default();
        scan.object(|scan, name| match name {
            b"id" => {
                call.id = scan.text()?.filter(|id| !id.raw.is_empty());
                Ok(())
            }
            b"function" if scan.kind()? == Kind::Object => scan.object(|scan, name| {
                match name {
                    b"name" => call.name = scan.text()?,
                    b"arguments" => call.arguments = Arguments::read(scan)?,
                    _ => scan.skip()?,
                }
                Ok(())
            }),
            _ => scan.skip(),
        })?;
        Ok(call)
    }

    fn text_bytes(&self) -> usize {
        self.name.map_or(0, |name| name.raw.len()) + self.arguments.map_or(0, Arguments::text_bytes)
    }
}

impl<'a> Arguments<'a> {
    fn read(scan: &mut Scanner<'a>) -> Result<Option<Self>, ScanError> {
        Ok(match scan.kind()? {
            Kind::Null => {
                scan.skip()?;
                None
            }
            Kind::String => Some(Self::Quoted(scan.string()?)),
            _ => {
                let range = scan.range()?;
                Some(Self::Json(scan.slice(range)))
            }
        })
    }

    /// An empty object says nothing.
    const fn text_bytes(self) -> usize {
        match self {
            Self::Json(json) if json.len() > 2 => json.len(),
            Self::Json(_) => 0,
            Self::Quoted(text) => text.raw.len(),
        }
    }
}

fn token(scan: &mut Scanner<'_>) -> Result<TokenLogprob, ScanError> {
    let mut top = Vec::new();
    let chosen = logprob(scan, |scan| {
        each_object(scan, |scan| {
            top.push(logprob(scan, Scanner::skip)?);
            Ok(())
        })
    })?;
    Ok(TokenLogprob { chosen, top })
}

fn logprob<'a>(
    scan: &mut Scanner<'a>,
    mut others: impl FnMut(&mut Scanner<'a>) -> Result<(), ScanError>,
) -> Result<Logprob, ScanError> {
    let mut found = Logprob { token: String::new(), logprob: String::new(), bytes: None };
    scan.object(|scan, name| {
        match name {
            b"token" => {
                found.token = scan.text()?.map(|text| text.unescape().into_owned()).unwrap_or_default();
            }
            b"logprob" => {
                let range = scan.range()?;
                found.logprob = String::from_utf8_lossy(scan.slice(range)).into_owned();
            }
            b"bytes" if scan.kind()? == Kind::Array => {
                let mut bytes = Vec::new();
                scan.array(|scan| {
                    bytes.extend(scan.integer()?.and_then(|byte| u8::try_from(byte).ok()));
                    Ok::<_, ScanError>(())
                })?;
                found.bytes = Some(bytes);
            }
            b"top_logprobs" => others(scan)?,
            _ => scan.skip()?,
        }
        Ok(())
    })?;
    Ok(found)
}

/// Hands out the objects of the list that starts here; whatever else is there is passed over.
fn each_object<'a>(
    scan: &mut Scanner<'a>,
    mut each: impl FnMut(&mut Scanner<'a>) -> Result<(), ScanError>,
) -> Result<(), ScanError> {
    if scan.kind()? != Kind::Array {
        return scan.skip();
    }
    scan.array(|scan| if scan.kind()? == Kind::Object { each(scan) } else { scan.skip() })
}

//! The shapes that errors come in.

use super::aws;
use crate::scan::{Kind, ScanError, Scanner};

/// An error's fields, wherever the supplier put them.
///
/// Shapes read: `OpenAI` `{"error":{message,type,code}}`; Anthropic `{"type":"error","error":{type,message}}`; a bare
/// string as `error` (Ollama, xAI with `code` beside it); flat `{"object":"error",message,type,code}` (older vLLM,
/// Mistral); `FastAPI`'s `{"detail":...}`; Azure's gateway `{"statusCode":...,"message":...}`; Google's list of one; AWS's
/// `{"__type":...,"message":...}`, whose services disagree on the case of `message`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Report {
    /// `code` in words.
    pub(super) code: Option<String>,
    /// `type`, or Google's `status` in words.
    pub(super) kind: Option<String>,
    /// Anthropic's `details.error_code`.
    pub(super) detail: Option<String>,
    /// `message`.
    pub(super) message: String,
    /// AWS's name for it: `__type`, or the header that says the same.
    pub(super) aws: Option<String>,
    /// A status of HTTP that the error names as its code.
    pub(super) status: Option<u16>,
    /// Whether anything was found that makes this an error.
    found: bool,
}

impl Report {
    /// Reads a body; `None` when it is not JSON or holds no error.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let mut report = Self::default();
        let mut scan = Scanner::new(body).ok()?;
        report.value(&mut scan).ok()?;
        scan.end().ok()?;
        report.found.then_some(report)
    }

    /// The same, with the name that AWS gives it outside of its body.
    pub(super) fn named_by_aws(self, name: &str) -> Self {
        Self { aws: Some(aws::name(name)), ..self }
    }

    /// The message in lower case.
    pub(super) fn prose(&self) -> String {
        self.message.to_lowercase()
    }

    fn value(&mut self, scan: &mut Scanner<'_>) -> Result<(), ScanError> {
        match scan.kind()? {
            Kind::Object => scan.object(|scan, name| self.member(scan, name)),
            Kind::Array => scan.array(|scan| {
                if scan.kind()? == Kind::Object && !self.found {
                    return self.value(scan);
                }
                scan.skip()
            }),
            _ => scan.skip(),
        }
    }

    fn member(&mut self, scan: &mut Scanner<'_>, name: &[u8]) -> Result<(), ScanError> {
        match name {
            b"error" => match scan.kind()? {
                Kind::Object => {
                    self.found = true;
                    self.value(scan)?;
                }
                _ => self.message(scan)?,
            },
            b"message" | b"Message" | b"detail" => match scan.kind()? {
                Kind::String => self.message(scan)?,
                kind => {
                    self.found |= matches!(kind, Kind::Object | Kind::Array);
                    scan.skip()?;
                }
            },
            b"__type" => {
                self.aws = word(scan)?.map(|name| aws::name(&name));
                self.found |= self.aws.is_some();
            }
            b"details" if scan.kind()? == Kind::Object => scan.object(|scan, name| {
                if name == b"error_code" {
                    self.detail = word(scan)?;
                    return Ok(());
                }
                scan.skip()
            })?,
            b"code" | b"statusCode" | b"status" => self.code(scan, name)?,
            // The outer `"type": "error"` of Anthropic's shape says nothing.
            b"type" => self.kind = word(scan)?.filter(|kind| kind != "error").or(self.kind.take()),
            _ => scan.skip()?,
        }
        Ok(())
    }

    fn message(&mut self, scan: &mut Scanner<'_>) -> Result<(), ScanError> {
        if let Some(text) = scan.text()? {
            self.found = true;
            if self.message.is_empty() {
                self.message = text.unescape().into_owned();
            }
        }
        Ok(())
    }

    /// A code is a word, a number, or a number in quotes.
    fn code(&mut self, scan: &mut Scanner<'_>, name: &[u8]) -> Result<(), ScanError> {
        if scan.kind()? == Kind::Number {
            let number = scan.integer()?;
            self.status = number.and_then(|number| u16::try_from(number).ok()).or(self.status);
            return Ok(());
        }
        let Some(word) = word(scan)? else { return Ok(()) };
        match word.parse() {
            Ok(number) => self.status = Some(number),
            Err(_) if name == b"status" => self.kind = Some(word),
            Err(_) => self.code = Some(word),
        }
        Ok(())
    }
}

fn word(scan: &mut Scanner<'_>) -> Result<Option<String>, ScanError> {
    Ok(scan.text()?.map(|text| text.unescape().into_owned()))
}

//! The heads of requests and answers as bytes.

use std::io::Write;
use std::mem::MaybeUninit;
use std::ops::Range;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use httparse::{ParserConfig, Status};

use super::ExchangeError;
use super::framing::Framing;
use crate::pieces::Pieces;
use crate::pool::Outgoing;

/// As many as other clients take.
const MOST_HEADERS: usize = 100;
const USUAL_REQUEST_HEAD_BYTES: usize = 1024;

/// An answer's head.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) framing: Framing,
    /// Whether the connection may be used again when the body is over.
    pub(crate) keeps: bool,
}

/// A whole request: its head, and its body behind that.
pub(crate) fn request(outgoing: &Outgoing) -> Pieces {
    let Outgoing { method, uri, headers, body } = outgoing;
    let mut head = Vec::with_capacity(USUAL_REQUEST_HEAD_BYTES);
    for part in [method.as_str().as_bytes(), b" "] {
        head.extend_from_slice(part);
    }
    write!(head, "{uri} HTTP/1.1\r\n").expect("a vector takes everything");
    for (name, value) in headers {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            head.extend_from_slice(part);
        }
    }
    if !body.is_empty() || *method != Method::GET {
        write!(head, "content-length: {}\r\n", body.len()).expect("a vector takes everything");
    }
    head.extend_from_slice(b"\r\n");
    let mut pieces = body.clone();
    pieces.push_front(head.into());
    pieces
}

/// Takes an answer's head from what came; `None` while it is not whole. Those that only announce another are passed over.
pub(crate) fn answer(read: &mut BytesMut) -> Result<Option<Head>, ExchangeError> {
    loop {
        if read.is_empty() {
            return Ok(None);
        }
        let Some(head) = Parsed::of(read)? else { return Ok(None) };
        let bytes = read.split_to(head.length).freeze();
        match head.status {
            StatusCode::SWITCHING_PROTOCOLS => {
                return Err(ExchangeError::Malformed("it changes to a protocol that nobody asked for"));
            }
            status if status.is_informational() => {}
            _ => return head.finish(&bytes).map(Some),
        }
    }
}

/// Where the parts of a head are.
struct Parsed {
    length: usize,
    is_http_10: bool,
    status: StatusCode,
    fields: Vec<(HeaderName, Range<usize>)>,
}

impl Parsed {
    fn of(read: &[u8]) -> Result<Option<Self>, ExchangeError> {
        let malformed = |_| ExchangeError::Malformed("its head cannot be read");
        let mut fields = [const { MaybeUninit::uninit() }; MOST_HEADERS];
        let mut parsed = httparse::Response::new(&mut []);
        let whole =
            ParserConfig::default().parse_response_with_uninit_headers(&mut parsed, read, &mut fields);
        let Status::Complete(length) = whole.map_err(malformed)? else { return Ok(None) };
        let code = parsed.code.unwrap_or_default();
        let status =
            StatusCode::from_u16(code).map_err(|_| ExchangeError::Malformed("its status is none"))?;
        let mut fields = Vec::with_capacity(parsed.headers.len());
        for field in parsed.headers.iter() {
            let name = HeaderName::from_bytes(field.name.as_bytes())
                .map_err(|_| ExchangeError::Malformed("a header's name is none"))?;
            let start = field.value.as_ptr().addr() - read.as_ptr().addr();
            fields.push((name, start..start + field.value.len()));
        }
        Ok(Some(Self { length, is_http_10: parsed.version == Some(0), status, fields }))
    }

    fn finish(self, bytes: &Bytes) -> Result<Head, ExchangeError> {
        let mut headers = HeaderMap::with_capacity(self.fields.len());
        for (name, range) in self.fields {
            let value = HeaderValue::from_maybe_shared(bytes.slice(range))
                .map_err(|_| ExchangeError::Malformed("a header's value is none"))?;
            headers.append(name, value);
        }
        let (framing, is_certain) = framing(self.status, self.is_http_10, &headers)?;
        let says = |word| lists(&headers, &header::CONNECTION, word);
        let keeps = if self.is_http_10 { says("keep-alive") } else { !says("close") };
        Ok(Head { status: self.status, headers, framing, keeps: keeps && is_certain })
    }
}

/// How the body is delimited, and whether there can be no doubt of it.
fn framing(
    status: StatusCode,
    is_http_10: bool,
    headers: &HeaderMap,
) -> Result<(Framing, bool), ExchangeError> {
    if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        return Ok((Framing::Over, true));
    }
    let length = length(headers)?;
    if headers.contains_key(header::TRANSFER_ENCODING) {
        if is_http_10 {
            return Err(ExchangeError::Malformed("HTTP/1.0 has no transfer encodings"));
        }
        let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
        let coding = codings.next().filter(|_| codings.next().is_none());
        let coding = coding.map(|coding| coding.as_bytes().trim_ascii()).unwrap_or_default();
        if !coding.eq_ignore_ascii_case(b"chunked") {
            // Nobody asked for another coding (RFC 9112, section 7.4).
            return Err(ExchangeError::Malformed("its transfer coding is not chunked alone"));
        }
        // Both are a sign of somebody on the way who reads them otherwise (RFC 9112, section 6.1).
        return Ok((Framing::CHUNKED, length.is_none()));
    }
    Ok(length.map_or((Framing::UntilClosed, false), |length| (Framing::sized(length), true)))
}

/// The announced length; several are good if they are one.
fn length(headers: &HeaderMap) -> Result<Option<u64>, ExchangeError> {
    let mut found = None;
    for value in headers.get_all(header::CONTENT_LENGTH) {
        for item in value.as_bytes().split(|byte| *byte == b',') {
            let item = item.trim_ascii();
            let is_number = !item.is_empty() && item.iter().all(u8::is_ascii_digit);
            let length =
                std::str::from_utf8(item).ok().filter(|_| is_number).and_then(|item| item.parse().ok());
            let length: u64 = length.ok_or(ExchangeError::Malformed("its length is no number"))?;
            if found.replace(length).is_some_and(|before| before != length) {
                return Err(ExchangeError::Malformed("it has two lengths"));
            }
        }
    }
    Ok(found)
}

fn lists(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let items = |value: &HeaderValue| {
        value
            .as_bytes()
            .split(|byte| *byte == b',')
            .any(|item| item.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
    };
    headers.get_all(name).iter().any(items)
}

//! HTTP/1.x as a supplier reads it: an own reader, because hyper's cannot show the head's exact bytes.
//!
//! Promises: `head` and `body` are what came over the wire, byte for byte, save chunked framing. Never
//! guesses: whatever is not a request by RFC 9112 is an error.

use bytes::{Bytes, BytesMut};
use memchr::memmem;
use thiserror::Error;

use crate::{connection::Connection, network::Io};

/// A request, whole.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) head: Bytes,
    pub(crate) method: String,
    /// As sent: path and query.
    pub(crate) target: String,
    /// In the order and the letters sent.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    /// HTTP/1.0 knows no chunks and no kept connections.
    pub(crate) old: bool,
}

/// Why no request could be read.
#[derive(Debug, Error)]
pub(crate) enum ReadError {
    #[error("the connection ended inside a request")]
    Cut,
    #[error("not HTTP: {0}")]
    Malformed(&'static str),
    #[error("larger than {limit} bytes")]
    TooLarge { limit: usize },
}

const HEAD_LIMIT: usize = 64 * 1024;

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The path with its percent signs undone.
    pub(crate) fn decoded_path(&self) -> String {
        decoded(self.path())
    }

    /// The key in an `authorization` header of that form.
    pub(crate) fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }

    /// What the query says under this name.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        let (_, query) = self.target.split_once('?')?;
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Whether the client lets the connection serve another request.
    pub(crate) fn keeps_open(&self) -> bool {
        let says = |word: &str| self.header("connection").is_some_and(|value| lists(value, word));
        if self.old { says("keep-alive") } else { !says("close") }
    }
}

/// `a%2Fb` as `a/b`.
pub(crate) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, more)) = rest.split_first() {
        let digits = (*byte == b'%').then(|| more.get(..2)).flatten();
        let coded = digits.and_then(|digits| u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(coded.unwrap_or(*byte));
        rest = if coded.is_some() { &more[2..] } else { more };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn lists(value: &str, word: &str) -> bool {
    value.split(',').any(|item| item.trim().eq_ignore_ascii_case(word))
}

/// The next request; `None` where the client ended the connection between two.
pub(crate) async fn read<I: Io>(
    connection: &mut Connection<I>,
    body_limit: usize,
) -> Result<Option<Request>, ReadError> {
    let Some(head) = read_head(connection).await? else { return Ok(None) };
    let mut request = parse_head(head)?;
    if request.header("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
        let go_on = b"HTTP/1.1 100 Continue\r\n\r\n";
        connection.write(go_on, &0.into()).await.map_err(|_| ReadError::Cut)?;
    }
    request.body = match request.header("transfer-encoding") {
        Some(coding) if coding.trim().eq_ignore_ascii_case("chunked") => {
            read_chunks(connection, body_limit).await?
        }
        Some(_) => return Err(ReadError::Malformed("unknown transfer coding")),
        None => read_sized(connection, content_length(&request)?, body_limit).await?,
    };
    Ok(Some(request))
}

/// The head with its blank line; `None` at an end before its first byte.
pub(crate) async fn read_head<I: Io>(connection: &mut Connection<I>) -> Result<Option<Bytes>, ReadError> {
    let mut searched = 0;
    loop {
        if let Some(at) = memmem::find(&connection.inbox[searched..], b"\r\n\r\n") {
            return Ok(Some(connection.inbox.split_to(searched + at + 4).freeze()));
        }
        searched = connection.inbox.len().saturating_sub(3);
        if connection.inbox.len() > HEAD_LIMIT {
            return Err(ReadError::TooLarge { limit: HEAD_LIMIT });
        }
        match connection.fill().await {
            Ok(1..) => {}
            _ if connection.inbox.is_empty() => return Ok(None),
            _ => return Err(ReadError::Cut),
        }
    }
}

/// A request without its body.
pub(crate) fn parse_head(head: Bytes) -> Result<Request, ReadError> {
    let text = String::from_utf8_lossy(&head).into_owned();
    let mut lines = text.trim_end_matches("\r\n").split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(ReadError::Malformed("request line"));
    };
    if method.is_empty() || !matches!(version, "HTTP/1.1" | "HTTP/1.0") {
        return Err(ReadError::Malformed("request line"));
    }
    let headers = lines.map(parse_field).collect::<Option<Vec<_>>>();
    Ok(Request {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: headers.ok_or(ReadError::Malformed("header field"))?,
        body: Bytes::new(),
        old: version == "HTTP/1.0",
        head,
    })
}

fn parse_field(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    let is_token = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
    is_token.then(|| (name.to_owned(), value.trim().to_owned()))
}

fn content_length(request: &Request) -> Result<usize, ReadError> {
    match request.header("content-length") {
        Some(digits) => digits.parse().map_err(|_| ReadError::Malformed("content-length")),
        None => Ok(0),
    }
}

/// A body of known length.
pub(crate) async fn read_sized<I: Io>(
    connection: &mut Connection<I>,
    length: usize,
    limit: usize,
) -> Result<Bytes, ReadError> {
    if length > limit {
        return Err(ReadError::TooLarge { limit });
    }
    while connection.inbox.len() < length {
        more(connection).await?;
    }
    Ok(connection.inbox.split_to(length).freeze())
}

/// A body in chunks; trailers are read and dropped.
pub(crate) async fn read_chunks<I: Io>(
    connection: &mut Connection<I>,
    limit: usize,
) -> Result<Bytes, ReadError> {
    let mut body = BytesMut::new();
    loop {
        let line = read_line(connection).await?;
        let digits = line.split(';').next().unwrap_or_default().trim();
        let length = usize::from_str_radix(digits, 16).map_err(|_| ReadError::Malformed("chunk length"))?;
        if length == 0 {
            while !read_line(connection).await?.is_empty() {}
            return Ok(body.freeze());
        }
        if length > limit - body.len() {
            return Err(ReadError::TooLarge { limit });
        }
        body.extend_from_slice(&read_sized(connection, length, limit).await?);
        if !read_line(connection).await?.is_empty() {
            return Err(ReadError::Malformed("chunk end"));
        }
    }
}

async fn read_line<I: Io>(connection: &mut Connection<I>) -> Result<String, ReadError> {
    loop {
        if let Some(at) = memmem::find(&connection.inbox, b"\r\n") {
            let line = connection.inbox.split_to(at + 2);
            return Ok(String::from_utf8_lossy(&line[..at]).into_owned());
        }
        if connection.inbox.len() > HEAD_LIMIT {
            return Err(ReadError::TooLarge { limit: HEAD_LIMIT });
        }
        more(connection).await?;
    }
}

async fn more<I: Io>(connection: &mut Connection<I>) -> Result<(), ReadError> {
    match connection.fill().await {
        Ok(1..) => Ok(()),
        _ => Err(ReadError::Cut),
    }
}

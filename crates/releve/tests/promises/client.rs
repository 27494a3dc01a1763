//! A plain HTTP/1.1 client that tells every byte and how a reply ended.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::harness::within;

/// The protocol that a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    OpenAi,
    Anthropic,
}

impl Dialect {
    pub(crate) const BOTH: [Self; 2] = [Self::OpenAi, Self::Anthropic];

    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::OpenAi => "/v1/chat/completions",
            Self::Anthropic => "/v1/messages",
        }
    }

    pub(crate) fn protocol(self) -> &'static str {
        match self {
            Self::OpenAi => "openai-chat",
            Self::Anthropic => "anthropic-messages",
        }
    }

    pub(crate) fn request_id_header(self) -> &'static str {
        match self {
            Self::OpenAi => "x-request-id",
            Self::Anthropic => "request-id",
        }
    }

    /// A request to `model`, with room for a short answer.
    pub(crate) fn hello(self, model: &str, stream: bool) -> String {
        serde_json::json!({
            "model": model, "stream": stream, "max_tokens": 200,
            "messages": [{ "role": "user", "content": "Say hello to everybody." }],
        })
        .to_string()
    }
}

/// A reply, whole or as far as it came.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Why the body ended before its time, if it did.
    pub(crate) broken: Option<io::Error>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.lossy()))
    }

    pub(crate) fn lossy(&self) -> String {
        String::from_utf8_lossy(&self.body).chars().take(2000).collect()
    }

    /// The data of a stream's events, in order.
    pub(crate) fn events(&self) -> Vec<String> {
        self.text().lines().filter_map(|line| line.strip_prefix("data: ")).map(str::to_owned).collect()
    }
}

/// A reply whose head is there and whose body is on its way.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    framing: Framing,
    pub(crate) socket: BufReader<TcpStream>,
}

#[derive(Debug, Clone, Copy)]
enum Framing {
    Length(usize),
    Chunked,
    Ended,
}

impl Opened {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The next bytes of the body; `None` after its lawful end.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        match self.framing {
            Framing::Ended => Ok(None),
            Framing::Length(0) => {
                self.framing = Framing::Ended;
                Ok(None)
            }
            Framing::Length(left) => {
                let mut piece = vec![0; left.min(64 * 1024)];
                self.socket.read_exact(&mut piece).await?;
                self.framing = Framing::Length(left - piece.len());
                Ok(Some(piece))
            }
            Framing::Chunked => self.chunk().await,
        }
    }

    async fn chunk(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = String::new();
        self.socket.read_line(&mut line).await?;
        let size = usize::from_str_radix(line.trim_end(), 16)
            .map_err(|_| io::Error::new(ErrorKind::UnexpectedEof, format!("no chunk: {line:?}")))?;
        let mut piece = vec![0; size + 2];
        self.socket.read_exact(&mut piece).await?;
        piece.truncate(size);
        if size == 0 {
            self.framing = Framing::Ended;
            return Ok(None);
        }
        Ok(Some(piece))
    }

    /// Reads to the end, lawful or not.
    pub(crate) async fn finish(mut self) -> (Reply, BufReader<TcpStream>) {
        let (mut body, mut broken) = (Vec::new(), None);
        loop {
            match self.next().await {
                Ok(Some(piece)) => body.extend_from_slice(&piece),
                Ok(None) => break,
                Err(error) => {
                    broken = Some(error);
                    break;
                }
            }
        }
        (Reply { status: self.status, headers: self.headers, body, broken }, self.socket)
    }
}

pub(crate) async fn connect(to: SocketAddr) -> io::Result<BufReader<TcpStream>> {
    let socket = TcpStream::connect(to).await?;
    socket.set_nodelay(true)?;
    Ok(BufReader::new(socket))
}

/// Sends one request on `socket` and waits for the reply's head.
pub(crate) async fn open_on(
    mut socket: BufReader<TcpStream>,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<Opened> {
    let mut head = format!("{method} {path} HTTP/1.1\r\ncontent-length: {}\r\n", body.len());
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        head.push_str("host: 127.0.0.1\r\n");
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let sent = [head.as_bytes(), body].concat();
    socket.get_mut().write_all(&sent).await?;
    read_head(socket).await
}

/// Sends a request as clients do that send head and body apart, slowly enough for whoever answers the head alone.
pub(crate) async fn open_in_two(
    mut socket: BufReader<TcpStream>,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<Opened> {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let head =
        format!("POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {length}\r\n{headers}\r\n");
    socket.get_mut().write_all(head.as_bytes()).await?;
    tokio::time::sleep(Duration::from_millis(100)).await;
    socket.get_mut().write_all(body).await?;
    read_head(socket).await
}

/// Sends a head as it is given, and nothing after it.
pub(crate) async fn open_raw(
    mut socket: BufReader<TcpStream>,
    path: &str,
    headers: &[(&str, &str)],
) -> io::Result<Opened> {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{headers}\r\n");
    socket.get_mut().write_all(head.as_bytes()).await?;
    read_head(socket).await
}

async fn read_head(mut socket: BufReader<TcpStream>) -> io::Result<Opened> {
    let mut line = String::new();
    if socket.read_line(&mut line).await? == 0 {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| io::Error::new(ErrorKind::InvalidData, line.clone()))?;
    let (mut headers, mut framing) = (Vec::new(), Framing::Ended);
    loop {
        line.clear();
        if socket.read_line(&mut line).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name {
            "content-length" => framing = Framing::Length(value.parse().unwrap()),
            "transfer-encoding" => framing = Framing::Chunked,
            _ => {}
        }
        headers.push((name.to_owned(), value.to_owned()));
    }
    Ok(Opened { status, headers, framing, socket })
}

/// One request on a connection of its own, up to the reply's head.
pub(crate) async fn open(
    to: SocketAddr,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<Opened> {
    open_on(connect(to).await?, "POST", path, headers, body).await
}

/// One request on a connection of its own, with its whole reply.
pub(crate) async fn post(to: SocketAddr, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    within(async { open(to, path, headers, body).await.unwrap().finish().await.0 }).await
}

pub(crate) async fn get(to: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Reply {
    within(async {
        open_on(connect(to).await.unwrap(), "GET", path, headers, b"").await.unwrap().finish().await.0
    })
    .await
}

/// A hello in `dialect` on a connection of its own.
pub(crate) async fn ask(to: SocketAddr, dialect: Dialect, model: &str, stream: bool) -> Reply {
    let headers: &[(&str, &str)] = match dialect {
        Dialect::OpenAi => &[],
        Dialect::Anthropic => &[("anthropic-version", "2023-06-01")],
    };
    post(to, dialect.path(), headers, dialect.hello(model, stream).as_bytes()).await
}

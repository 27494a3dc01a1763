//! A reply as it is played on a connection: what is sent when, how it is framed, how it ends.

use std::{fmt::Write, sync::atomic::AtomicU64, time::Duration};

use bytes::{Bytes, BytesMut};
use tokio::time::Instant;

use crate::{
    connection::{ClientLeft, Connection},
    dice::Dice,
    network::Io,
    protocol::Header,
    settings::Delivery,
};

/// Everything about one reply.
pub(crate) struct Play {
    pub(crate) steps: Box<dyn Iterator<Item = Step> + Send>,
    pub(crate) framing: Framing,
    pub(crate) end: End,
}

/// One moment of a reply.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Since the request was read.
    pub(crate) at: Duration,
    pub(crate) what: What,
    /// Events of content in it.
    pub(crate) contents: u64,
    /// Tokens generated since the step before, shown or not.
    pub(crate) tokens: u64,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    /// Time passes; nothing is sent.
    Thought,
    Head {
        status: u16,
        headers: Vec<Header>,
    },
    Body(Bytes),
    /// Bytes that are no part of a reply.
    Noise(Bytes),
}

impl Step {
    pub(crate) fn new(at: Duration, what: What) -> Self {
        Self { at, what, contents: 0, tokens: 0 }
    }
}

/// How a body's end is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Framing {
    Chunked,
    Length(u64),
    Close,
    /// Whatever the given headers say.
    AsGiven,
}

/// What follows the last step.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    Complete,
    Fin,
    Rst,
    Silence,
}

/// What the connection and the request ask of every reply.
#[derive(Clone, Debug)]
pub(crate) struct Manner {
    pub(crate) delivery: Delivery,
    pub(crate) dice: Dice,
    /// The client speaks HTTP/1.0.
    pub(crate) old: bool,
    /// The client keeps the connection.
    pub(crate) keep: bool,
    /// A reply to HEAD.
    pub(crate) bodiless: bool,
}

/// Told how a play goes on.
pub(crate) trait Audience {
    fn saw_status(&mut self, status: u16);
    fn saw(&mut self, step: &Step);
    /// Where bytes written are counted.
    fn written(&self) -> &AtomicU64;
}

/// Plays to the end. True: the connection can serve the next request.
pub(crate) async fn perform<I: Io>(
    connection: &mut Connection<I>,
    play: Play,
    manner: Manner,
    audience: &mut (impl Audience + Send),
    start: Instant,
) -> Result<bool, ClientLeft> {
    let closes = matches!(play.framing, Framing::Close) || manner.old && play.framing == Framing::Chunked;
    let keep = manner.keep && !manner.delivery.close && !closes && play.end == End::Complete;
    let stays = keep && !manner.delivery.close_silently;
    let framing = if manner.old && play.framing == Framing::Chunked { Framing::Close } else { play.framing };
    let mut stage = Stage { connection, manner, out: BytesMut::new(), framing, keep, start };
    for step in play.steps {
        stage.wait(step.at, audience).await?;
        if let What::Head { status, .. } = &step.what {
            audience.saw_status(*status);
        }
        stage.take(&step);
        if matches!(step.what, What::Body(_) | What::Noise(_)) {
            stage.send(audience).await?;
        }
        audience.saw(&step);
    }
    stage.end(play.end, audience).await?;
    Ok(stays)
}

struct Stage<'a, I: Io> {
    connection: &'a mut Connection<I>,
    manner: Manner,
    out: BytesMut,
    framing: Framing,
    keep: bool,
    start: Instant,
}

impl<I: Io> Stage<'_, I> {
    async fn wait(&mut self, at: Duration, audience: &impl Audience) -> Result<(), ClientLeft> {
        let when = self.start + at;
        if when <= Instant::now() {
            return Ok(());
        }
        self.send(audience).await?;
        self.connection.rest_until(when).await
    }

    fn take(&mut self, step: &Step) {
        match &step.what {
            What::Thought => {}
            What::Head { status, headers } => self.head(*status, headers),
            What::Body(_) if self.manner.bodiless => {}
            What::Body(bytes) => self.body(bytes),
            What::Noise(bytes) => self.out.extend_from_slice(bytes),
        }
    }

    fn head(&mut self, status: u16, headers: &[Header]) {
        let mut head = format!("HTTP/1.1 {status} {}\r\n", reason(status));
        for (name, value) in headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let _ = match self.framing {
            Framing::Chunked => write!(head, "transfer-encoding: chunked\r\n"),
            Framing::Length(length) => write!(head, "content-length: {length}\r\n"),
            Framing::Close | Framing::AsGiven => Ok(()),
        };
        if !self.keep && self.framing != Framing::AsGiven {
            head.push_str("connection: close\r\n");
        }
        head.push_str("\r\n");
        self.out.extend_from_slice(head.as_bytes());
    }

    fn body(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let size = match (self.framing, self.manner.delivery.split) {
                (Framing::Chunked, split @ 1..) => (1 + self.manner.dice.index(split)).min(bytes.len()),
                _ => bytes.len(),
            };
            let (piece, rest) = bytes.split_at(size);
            if self.framing == Framing::Chunked {
                self.out.extend_from_slice(format!("{size:x}\r\n").as_bytes());
                self.out.extend_from_slice(piece);
                self.out.extend_from_slice(b"\r\n");
            } else {
                self.out.extend_from_slice(piece);
            }
            bytes = rest;
        }
    }

    /// Writes what is waiting: at once, or torn into pieces.
    async fn send(&mut self, audience: &impl Audience) -> Result<(), ClientLeft> {
        if self.manner.delivery.split == 0 {
            let sent = self.connection.write(&self.out, audience.written()).await;
            self.out.clear();
            return sent;
        }
        while !self.out.is_empty() {
            let size = (1 + self.manner.dice.index(self.manner.delivery.split)).min(self.out.len());
            let piece = self.out.split_to(size);
            self.connection.write(&piece, audience.written()).await?;
            self.connection.flush().await?;
            match self.manner.delivery.split_pause_ms {
                0 => tokio::task::yield_now().await,
                pause => self.connection.rest_until(Instant::now() + Duration::from_millis(pause)).await?,
            }
        }
        Ok(())
    }

    async fn end(&mut self, end: End, audience: &impl Audience) -> Result<(), ClientLeft> {
        if end == End::Complete && self.framing == Framing::Chunked && !self.manner.bodiless {
            self.out.extend_from_slice(b"0\r\n\r\n");
        }
        self.send(audience).await?;
        self.connection.flush().await?;
        match end {
            End::Complete => {}
            End::Fin => self.connection.finish().await,
            End::Rst => self.connection.reset().await,
            End::Silence => {
                self.connection.left().await;
                return Err(ClientLeft);
            }
        }
        Ok(())
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        413 => "Payload Too Large",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        529 => "Overloaded",
        _ => "Other",
    }
}

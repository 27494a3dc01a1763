//! An answer's body: reads its connection when it is polled, and lets go of it at the end.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::framing::Framing;
use super::{Connection, ExchangeError};
use crate::pool::Home;

/// What of an answer is still to come, in pieces as they arrive. Read to its end it leaves its connection to the next request; dropped before,
/// it closes it.
#[derive(Debug)]
pub struct AnswerBody {
    /// `None` when all has been read, or what came cannot be believed.
    connection: Option<Box<Connection>>,
    framing: Framing,
    home: Option<Home>,
}

impl AnswerBody {
    /// Without a `home` the connection is closed at the end.
    pub(super) fn new(connection: Box<Connection>, framing: Framing, home: Option<Home>) -> Self {
        let mut body = Self { connection: Some(connection), framing, home };
        body.let_go_at_the_end();
        body
    }

    fn let_go_at_the_end(&mut self) {
        if !self.framing.is_over() {
            return;
        }
        let quiet = self.connection.take().filter(|connection| connection.is_quiet());
        if let (Some(connection), Some(home)) = (quiet, self.home.take()) {
            home.keep(connection);
        }
    }

    fn poll_content(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, ExchangeError>>> {
        loop {
            if self.framing.is_over() {
                self.let_go_at_the_end();
                return Poll::Ready(None);
            }
            let Some(connection) = &mut self.connection else { return Poll::Ready(None) };
            if !connection.read.is_empty() {
                let content = self.framing.take(&mut connection.read)?;
                if !content.is_empty() {
                    self.let_go_at_the_end();
                    return Poll::Ready(Some(Ok(content)));
                }
                continue;
            }
            // It answers although it has not got all: that the rest cannot be sent matters only to the next request.
            let _ = connection.poll_send(context);
            if !ready!(connection.poll_fill(context))? {
                self.framing.close()?;
            }
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = ExchangeError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ExchangeError>>> {
        let body = self.get_mut();
        let content = ready!(body.poll_content(context));
        if matches!(content, Some(Err(_))) {
            body.connection = None;
        }
        Poll::Ready(content.map(|content| content.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.framing.is_over()
    }

    fn size_hint(&self) -> SizeHint {
        match self.framing {
            Framing::Sized(left) => SizeHint::with_exact(left),
            Framing::Over => SizeHint::with_exact(0),
            Framing::Chunked(_) | Framing::UntilClosed => SizeHint::default(),
        }
    }
}

//! How an answer reaches the client: a future that makes it, and the HTTP body that polls that future.
//!
//! The answer is written as straight-line async code that sends its head and then its bytes into an [`Outlet`].
//! hyper polls the [`ReplyBody`] when the client's socket can take more, the body polls the future, and so
//! backpressure needs no channel and no second task. At most one chunk waits.
//!
//! When the client leaves, hyper drops the body. The future is then dropped too, which cancels the supplier's
//! work, unless the answer asked to be [drained](Outlet::drain_if_abandoned): then it goes on alone, bounded,
//! with nobody listening, so that the supplier's usage is learnt.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response, header};
use http_body::{Body, Frame, SizeHint};

use wire::JsonList;

use crate::client_io::Open;

/// The longest that an abandoned answer is read on to learn what it costs.
const LONGEST_DRAIN: Duration = Duration::from_mins(1);

/// The answer could not be brought to a lawful end (a plain body of announced length broke off).
#[derive(Debug, thiserror::Error)]
#[error("the answer broke off")]
pub struct BrokeOff;

#[derive(Default)]
struct Slot {
    head: RefCell<Option<Response<Option<Bytes>>>>,
    chunk: RefCell<Option<Bytes>>,
    head_sent: Cell<bool>,
    broke_off: Cell<bool>,
    client_left: Cell<bool>,
    drain: Cell<bool>,
    open: RefCell<Option<Open>>,
    /// The events as one JSON list, where the client wants that.
    list: RefCell<Option<JsonList>>,
}

/// Where an answer's maker puts the head and the bytes.
pub(crate) struct Outlet(Rc<Slot>);

impl Outlet {
    /// Sends a whole answer at once. Nothing may follow.
    pub(crate) fn whole(&self, response: Response<Bytes>) {
        self.0.head_sent.set(true);
        self.0.head.replace(Some(response.map(Some)));
    }

    /// The events that follow go out as one JSON list. A list that breaks off stays open behind its error, so that
    /// nobody takes it for whole.
    pub(crate) fn list(&self, longest_event: usize) {
        self.0.list.replace(Some(JsonList::new(longest_event)));
    }

    /// Sends the head of an answer whose bytes follow.
    pub(crate) fn head(&self, mut response: Response<()>) {
        if self.0.list.borrow().is_some() {
            let json = HeaderValue::from_static("application/json; charset=UTF-8");
            response.headers_mut().insert(header::CONTENT_TYPE, json);
        }
        self.0.head_sent.set(true);
        self.0.head.replace(Some(response.map(|()| None)));
    }

    /// Whether the head is gone, so that its status and headers can change no more.
    pub(crate) fn head_sent(&self) -> bool {
        self.0.head_sent.get()
    }

    /// Sends `bytes`, and waits until they have been taken. Without a listener they are let go at once.
    pub(crate) async fn send(&self, bytes: Bytes) {
        self.put(self.listed(bytes)).await;
    }

    /// The same with the end of a whole stream.
    pub(crate) async fn send_last(&self, bytes: Bytes) {
        let bytes = self.listed(bytes);
        let bytes = match self.0.list.take() {
            None => bytes,
            Some(list) => {
                let mut last = Vec::from(bytes);
                list.finish(&mut last);
                last.into()
            }
        };
        self.put(bytes).await;
    }

    /// Whole events as the client wants them.
    fn listed(&self, bytes: Bytes) -> Bytes {
        let mut list = self.0.list.borrow_mut();
        let Some(open) = list.as_mut() else { return bytes };
        let mut elements = Vec::with_capacity(bytes.len() + 2);
        if open.push(bytes, &mut elements).is_err() {
            // Longer than what a supplier may send and a translation make of it: nothing after it would be in its place.
            *list = None;
            self.break_off();
        }
        elements.into()
    }

    async fn put(&self, bytes: Bytes) {
        if bytes.is_empty() {
            return;
        }
        self.taken().await;
        self.0.chunk.replace(Some(bytes));
        self.taken().await;
    }

    /// Sends a sign of life if nothing else is on its way.
    pub(crate) fn offer(&self, bytes: Bytes) {
        self.0.chunk.borrow_mut().get_or_insert(bytes);
    }

    /// Waits until nothing is on its way. No waker: whoever takes the chunk polls this future next.
    async fn taken(&self) {
        let taken = || self.0.client_left.get() || self.0.chunk.borrow().is_none();
        poll_fn(|_| if taken() { Poll::Ready(()) } else { Poll::Pending }).await;
    }

    /// Whether the client's socket takes nothing at present.
    pub(crate) fn is_held_up(&self) -> bool {
        !self.0.client_left.get()
            && self.0.open.borrow().as_ref().is_some_and(|open| open.backlog().is_full())
    }

    /// Waits until the client's socket takes bytes. No waker: who waits there for it polls this future next.
    pub(crate) async fn clear(&self) {
        poll_fn(|_| if self.is_held_up() { Poll::Pending } else { Poll::Ready(()) }).await;
    }

    /// Ends the answer in a way that the client cannot take for its proper end.
    pub(crate) fn break_off(&self) {
        self.0.broke_off.set(true);
    }

    /// Whether the client is gone and the answer goes on only to be counted.
    pub(crate) fn client_left(&self) -> bool {
        self.0.client_left.get()
    }

    /// Whether to go on without a client from here on. `false` (the start) cancels instead.
    pub(crate) fn drain_if_abandoned(&self, drain: bool) {
        self.0.drain.set(drain);
    }
}

/// An answer in the making and its way out.
pub(crate) struct Flow {
    answer: Option<Pin<Box<dyn Future<Output = ()>>>>,
    slot: Rc<Slot>,
}

impl Flow {
    /// Begins an answer. Nothing runs before the first poll.
    pub(crate) fn new<F: Future<Output = ()> + 'static>(make: impl FnOnce(Outlet) -> F) -> Self {
        let slot = Rc::<Slot>::default();
        let answer = make(Outlet(Rc::clone(&slot)));
        Self { answer: Some(Box::pin(answer)), slot }
    }

    /// Waits for the head; the body carries on from there.
    pub(crate) async fn into_response(mut self) -> Response<ReplyBody> {
        let response = poll_fn(|context| {
            loop {
                if let Some(head) = self.slot.head.borrow_mut().take() {
                    return Poll::Ready(head);
                }
                match self.poll_answer(context) {
                    Poll::Ready(()) => {
                        assert!(self.slot.head.borrow().is_some(), "an answer ended without a head");
                    }
                    Poll::Pending if self.slot.head.borrow().is_some() => {}
                    Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await;
        let (parts, whole) = response.into_parts();
        let body = match whole {
            Some(bytes) => ReplyBody::Whole(bytes),
            None => ReplyBody::Flowing(self),
        };
        Response::from_parts(parts, body)
    }

    fn poll_answer(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(answer) = &mut self.answer else { return Poll::Ready(()) };
        let polled = answer.as_mut().poll(context);
        if polled.is_ready() {
            self.answer = None;
        }
        polled
    }

    fn take_chunk(&self) -> Option<Bytes> {
        let chunk = self.slot.chunk.borrow_mut().take()?;
        if let Some(open) = self.slot.open.borrow().as_ref() {
            open.backlog().hand(chunk.len());
        }
        Some(chunk)
    }

    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BrokeOff>>> {
        let backlog = self.slot.open.borrow().as_ref().map(|open| Rc::clone(open.backlog()));
        if backlog.is_some_and(|backlog| backlog.poll_clear(context).is_pending()) {
            // Its time limits hold all the same.
            let _ = self.poll_answer(context);
            return Poll::Pending;
        }
        if let Some(chunk) = self.take_chunk() {
            return Poll::Ready(Some(Ok(chunk)));
        }
        let ended = self.poll_answer(context).is_ready();
        if let Some(chunk) = self.take_chunk() {
            return Poll::Ready(Some(Ok(chunk)));
        }
        match ended {
            true if self.slot.broke_off.replace(false) => Poll::Ready(Some(Err(BrokeOff))),
            true => Poll::Ready(None),
            false => Poll::Pending,
        }
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        let Some(answer) = self.answer.take() else { return };
        self.slot.client_left.set(true);
        self.slot.chunk.take();
        if self.slot.drain.get() {
            tokio::task::spawn_local(tokio::time::timeout(LONGEST_DRAIN, answer));
        }
    }
}

impl fmt::Debug for Flow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Flow").field("ended", &self.answer.is_none()).finish_non_exhaustive()
    }
}

/// The body that hyper sends to the client.
#[derive(Debug)]
#[expect(private_interfaces, reason = "only this crate makes a flowing body; hyper only polls it")]
pub enum ReplyBody {
    /// All of it is here.
    Whole(Bytes),
    /// It is being made.
    Flowing(Flow),
}

impl ReplyBody {
    /// Hands nothing over while the client's socket takes nothing.
    #[must_use]
    pub(crate) fn behind(self, open: Open) -> Self {
        if let Self::Flowing(flow) = &self {
            flow.slot.open.replace(Some(open));
        }
        self
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = BrokeOff;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokeOff>>> {
        match self.get_mut() {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Flowing(flow) => {
                flow.poll_chunk(context).map(|chunk| chunk.map(|bytes| bytes.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Flowing(_) => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    fn run<T>(future: impl Future<Output = T>) -> T {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        tokio::task::LocalSet::new().block_on(&runtime, future)
    }

    #[test]
    fn chunks_come_in_order_and_the_maker_waits_for_the_reader() {
        run(async {
            let made = Rc::new(Cell::new(0));
            let count = Rc::clone(&made);
            let flow = Flow::new(move |outlet| async move {
                outlet.head(Response::new(()));
                for number in 0..10_u8 {
                    outlet.send(Bytes::from(vec![number])).await;
                    count.set(number);
                }
            });
            let mut body = flow.into_response().await.into_body();
            for number in 0..10_u8 {
                let chunk = body.frame().await.unwrap().unwrap().into_data().unwrap();
                assert_eq!(chunk, [number].as_slice());
                assert!(made.get() <= number, "at most one chunk is made ahead of the reader");
            }
            assert!(body.frame().await.is_none());
        });
    }

    #[test]
    fn a_client_that_leaves_cancels_the_answer_or_lets_it_drain() {
        for drain in [false, true] {
            run(async move {
                let (ended, saw) = tokio::sync::oneshot::channel();
                let flow = Flow::new(move |outlet| async move {
                    outlet.drain_if_abandoned(drain);
                    outlet.head(Response::new(()));
                    outlet.send(Bytes::from_static(b"a")).await;
                    tokio::time::sleep(Duration::from_secs(5)).await;
                    outlet.send(Bytes::from_static(b"b")).await;
                    ended.send(outlet.client_left()).ok();
                });
                let mut body = flow.into_response().await.into_body();
                body.frame().await.unwrap().unwrap();
                drop(body);
                assert_eq!(saw.await.ok(), drain.then_some(true));
            });
        }
    }

    #[test]
    fn an_answer_that_breaks_off_is_an_error_not_an_end() {
        run(async {
            let flow = Flow::new(|outlet| async move {
                outlet.head(Response::new(()));
                outlet.send(Bytes::from_static(b"half")).await;
                outlet.break_off();
            });
            let mut body = flow.into_response().await.into_body();
            assert!(body.frame().await.unwrap().is_ok());
            assert!(body.frame().await.unwrap().is_err());
        });
    }
}

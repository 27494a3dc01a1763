//! One request's way: accept, admit, peek, plan, attempt, relay, settle. One room after the other, no way back.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use ledger::{AttemptOutcome, Outcome, RequestId};
use routing::Dice;
use tokio::time::Instant;
use wire::Failure;

use crate::call::{Call, Proofs};
use crate::door::{self, Endpoint, NoEndpoint};
use crate::intake::{Farewell, IntakeError};
use crate::media::Fetched;
use crate::outlet::{Flow, Outlet, ReplyBody};
use crate::pace::{Due, Pace, Schedule, Waited, after};
use crate::pass::ClientHeaders;
use crate::record::Record;
use crate::refusal::Refusal;
use crate::relay::Relay;
use crate::reply::{self, About, Dialect};
use crate::room::Room;
use crate::speech::Neutral;
use crate::takeover::{self, Nobody, Serving};
use crate::{admit, asked, budget, choose, count, intake, kept, models, state, status};

/// A request that is quick leaves one entry; one that takes longer than this first leaves its intent.
const INTENT_AFTER: std::time::Duration = std::time::Duration::from_millis(10);

/// Answers one request.
pub async fn answer<B>(room: Rc<Room>, request: Request<B>) -> Response<ReplyBody>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::error::Error + 'static,
{
    let visit = Visit::new(&room);
    let (parts, mut body) = request.into_parts();
    let protocol = door::dialect(parts.uri.path(), &parts.headers);
    let served = match rooms(&room, &visit, &parts, &mut body).await {
        Ok(Served::Answer(response)) => return response,
        Ok(Served::Ours(response)) => Ok(response),
        Err(refusal) => Err(refusal),
    };
    let farewell = match &served {
        Err(Refusal::Intake(IntakeError::TooSlow)) => None,
        Err(refusal) if refusal.is_to_a_product() => {
            Some(Farewell::of_a_product(room.shared.snapshot.load().limits.max_request_body))
        }
        _ => Some(Farewell::OF_A_STRANGER),
    };
    if let Some(farewell) = farewell {
        intake::forget(&parts.headers, body, farewell).await;
    }
    let id = visit.id.to_string();
    let dialect = Dialect::new(protocol, &id);
    match served {
        Ok(response) => dialect.identified(response),
        Err(refusal) => {
            room.shared.metrics.refused(refusal.code().unwrap_or("invalid_request"));
            dialect.refuse(&refusal).map(ReplyBody::Whole)
        }
    }
}

/// A request at the door.
struct Visit {
    id: RequestId,
    arrived: Instant,
    arrived_us: i64,
    dice_seed: u64,
}

impl Visit {
    fn new(room: &Room) -> Self {
        let arrived_us = room.shared.clock.unix_us();
        let unix_ms = u64::try_from(arrived_us / 1000).unwrap_or_default();
        let id = RequestId::new(unix_ms, [room.seed(), room.seed()]);
        Self { id, arrived: Instant::now(), arrived_us, dice_seed: room.seed() }
    }
}

/// What comes out of the last room.
enum Served {
    /// What was made for the request, under its id.
    Answer(Response<ReplyBody>),
    /// What we say ourselves, still without the request's id.
    Ours(Response<ReplyBody>),
}

/// A request that leads nowhere.
fn nowhere(parts: &Parts, why: NoEndpoint) -> Refusal {
    match why {
        NoEndpoint::Path => {
            let path = parts.uri.path();
            let words = |what| format!(": only conversations are served here, no {what}");
            let why = door::not_offered(path).map_or_else(String::new, words);
            Refusal::NoEndpoint(format!("{} {path}{why}", parts.method))
        }
        NoEndpoint::Method(allow) => Refusal::Method { method: parts.method.to_string(), allow },
    }
}

async fn rooms<B>(room: &Rc<Room>, visit: &Visit, parts: &Parts, body: &mut B) -> Result<Served, Refusal>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::error::Error + 'static,
{
    let endpoint = endpoint(parts)?;
    let conversation = match endpoint {
        Endpoint::Converse(conversation) => conversation,
        Endpoint::CountTokens(conversation) => {
            // Boxed: a conversation needs no room for it.
            return Box::pin(count::answer(room, &conversation, parts, body)).await.map(Served::Ours);
        }
        Endpoint::Stored(stored) => return kept::answer(room, &stored, parts).await.map(Served::Ours),
        Endpoint::Live => return Ok(Served::Ours(status::live())),
        Endpoint::Ready => return Ok(Served::Ours(status::ready(&room.shared))),
        Endpoint::Root => return Ok(Served::Ours(status::root())),
        Endpoint::Models | Endpoint::Model(_) => {
            return models::answer(room, &endpoint, parts).map(Served::Ours);
        }
    };
    let snapshot = room.shared.snapshot.load_full();
    let keys = room.shared.keys.load();
    let admitted = admit::admit(&snapshot, &keys, &parts.headers, &parts.uri)?;
    drop(keys);
    status::refuse_when_full(&room.shared)?;
    let intake =
        intake::take(&parts.headers, body, snapshot.limits.max_request_body, &room.shared.memory).await?;
    let product = &snapshot.products[admitted.product];
    let (mut intake, thread) =
        state::enter(&room.shared, &snapshot, product, conversation.protocol, intake).await?;
    let asked = asked::read(&conversation, &parts.headers, &intake.body, room.shared.salt)?;
    let route = choose::route(&snapshot, product, &asked)?;
    thread.fits(&intake, snapshot.routes[route].policy.max_request_body)?;
    let dice = &mut Dice::new(visit.dice_seed);
    let plan = choose::plan(&room.shared, &snapshot, product, route, &asked, &intake.body, dice);
    if asked.explain {
        return Ok(Served::Ours(status::explain(&snapshot, route, &plan)));
    }
    let hold = budget::admit(&room.shared, &snapshot, product, &asked, &plan)?;
    if choose::may_be_translated(&snapshot, &asked, &plan) && !thread.is_told_anew() {
        // Where former turns were put in, there is room for both bodies.
        intake.needs_more(&room.shared.memory, intake.body.len()).await?;
    }
    let call = Box::new(Call {
        room: Rc::clone(room),
        id: visit.id,
        id_text: visit.id.to_string(),
        arrived: visit.arrived,
        arrived_us: visit.arrived_us,
        limits: room.alarms.lend(),
        deadline: after(visit.arrived, longest(&asked, snapshot.routes[route].policy.total_timeout)),
        product: admitted.product,
        key_id: admitted.key_id,
        route,
        plan,
        hold,
        dice_seed: visit.dice_seed,
        client_headers: ClientHeaders::of(&parts.headers),
        wants_list: asked.stream && asked.codec.lists_streams(parts.uri.query().unwrap_or_default()),
        proof_makers: asked.proof_makers(&room.shared.makers, &intake.body),
        asked,
        thread,
        snapshot: Arc::clone(&snapshot),
        leaves_proofs_out: Cell::new(false),
        proofs: Proofs::default(),
        neutral: Neutral::default(),
        fetched: Fetched::default(),
        body: RefCell::new(intake.body),
        reservation: RefCell::new(Some(intake.reservation)),
    });
    Ok(Served::Answer(Flow::new(|outlet| serve(call, outlet)).into_response().await))
}

/// What is asked for.
fn endpoint(parts: &Parts) -> Result<Endpoint, Refusal> {
    if door::wants_web_socket(&parts.headers) {
        return Err(Refusal::WebSocket);
    }
    door::find(&parts.method, parts.uri.path()).map_err(|why| nowhere(parts, why))
}

/// How long the request may take: the client may want less than its route allows.
fn longest(asked: &asked::Asked, total: Duration) -> Duration {
    asked.deadline.map_or(total, |deadline| deadline.min(total))
}

/// From the first attempt to the settled entry. The call is boxed: an argument lies in a future twice.
async fn serve(call: Box<Call>, outlet: Outlet) {
    let record = Record::open(&call);
    if call.wants_list {
        outlet.list(2 * call.policy().reply_buffer);
    }
    let keep_alive = call.asked.stream.then(|| after(call.arrived, call.policy().keepalive));
    let schedule = Schedule {
        intent: Some(after(call.arrived, INTENT_AFTER)),
        keep_alive,
        gap: None,
        total: call.deadline,
    };
    let mut pace = Pace::new(&call.limits, &call.room.shared.shutdown, schedule);
    match begin(&call, &record, &outlet, &mut pace).await {
        Ok(serving) => Relay { call: &call, record: &record, outlet: &outlet, pace }.run(serving).await,
        Err(nobody) => refuse(&call, &record, &outlet, nobody).await,
    }
}

/// Waits for a supplier to begin; meanwhile the intent is written and the client of a stream kept from giving up.
async fn begin(
    call: &Call,
    record: &Record<'_>,
    outlet: &Outlet,
    pace: &mut Pace<'_>,
) -> Result<Serving, Nobody> {
    let mut beginning = std::pin::pin!(takeover::begin(call, record, outlet));
    loop {
        match pace.wait(beginning.as_mut()).await {
            Waited::Done(begun) => return begun,
            Waited::Due(Due::Intent) => {
                pace.schedule.intent = None;
                record.intend();
            }
            Waited::Due(Due::KeepAlive) => {
                pace.schedule.keep_alive = Some(after(Instant::now(), call.policy().keepalive));
                if !outlet.head_sent() {
                    outlet.head(reply::early_stream_head(&call.dialect()));
                }
                outlet.offer(Bytes::from_static(call.asked.codec.keep_alive()));
            }
            Waited::Due(Due::Gap | Due::Total) => {
                return Err(Nobody::Spent { refusal: Refusal::TookTooLong, failure: Some(Failure::Timeout) });
            }
            Waited::Due(Due::Ending) => {
                return Err(Nobody::Spent { refusal: Refusal::Stopping, failure: None });
            }
        }
    }
}

/// Nobody answers: says so, in the client's protocol, before or in the stream.
async fn refuse(call: &Call, record: &Record<'_>, outlet: &Outlet, nobody: Nobody) {
    let (outcome, response) = match nobody {
        Nobody::Wrong { deployment, attempts, status, headers, body } => {
            let deployment = &call.snapshot.deployment(deployment).name_header;
            let about = About { deployment, attempts, edits: String::new(), dropped: &[] };
            let outcome = Outcome::ClientError { status: status.as_u16() };
            (outcome, Ok(reply::head(call, status, &headers, &about, body)))
        }
        Nobody::Spent { refusal, failure } => (Outcome::Failed { failure }, Err(refusal)),
    };
    if let Some(settled) = record.settle(outcome, AttemptOutcome::Abandoned, None) {
        settled.await;
    }
    match response {
        _ if outlet.head_sent() => {
            let refusal = response.map_or_else(|refusal| refusal, |response| Refusal::wrong(response.body()));
            outlet.send(call.dialect().last_event(&refusal)).await;
        }
        Ok(response) => outlet.whole(response),
        Err(refusal) => outlet.whole(call.dialect().refuse(&refusal)),
    }
}

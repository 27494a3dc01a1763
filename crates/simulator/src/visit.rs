//! One request, from what was read to the last byte of its reply.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use crate::{
    answer::Answer,
    books::{Bill, Exchange, Outcome, Recorded},
    connection::Connection,
    dice::{Dice, Digest},
    fault::{Fault, RetryAfter},
    http::Request,
    models,
    network::Io,
    play::{self, Manner, Play},
    protocol::{self, Aim, Asking, Desk, Dialect, Label, Reason, Refusal},
    script::{Asked, Drawn},
    settings::Settings,
    stage::Scene,
    supplier::{Shared, lock},
};

/// A request with all that is known about it before anything is decided.
struct Visit {
    request: Request,
    settings: Arc<Settings>,
    asking: Asking,
    model: Option<String>,
    stream: bool,
    number: u64,
    /// Decides everything random about the reply.
    seed: Digest,
    drawn: Option<Drawn>,
}

/// Answers one request. True: the connection can serve another.
pub(crate) async fn answer<I: Io>(
    connection: &mut Connection<I>,
    shared: &Arc<Shared>,
    settings: Arc<Settings>,
    request: Request,
) -> bool {
    let start = Instant::now();
    let visit = Visit::new(shared, settings, request);
    let entry = visit.entry(connection.number, shared.age_ms());
    let (keeps, records_reply) = (visit.settings.record, visit.settings.record_replies);
    let mut exchange = Exchange::open(&shared.books, entry, keeps, records_reply);
    if matches!(visit.asking, Asking::Answer(_)) {
        exchange.attempt(visit.model.as_deref());
    }
    let play = visit.reply(shared, &mut exchange);
    let delay = Duration::from_millis(visit.drawn.as_ref().map_or(0, Drawn::delay_ms));
    let played = play::perform(connection, play, visit.manner(), &mut exchange, start + delay).await;
    exchange.outcome = if played.is_ok() { Outcome::Ended } else { Outcome::ClientLeft };
    played.unwrap_or(false)
}

impl Visit {
    fn new(shared: &Shared, settings: Arc<Settings>, request: Request) -> Self {
        let number = shared.next_number();
        let asking = protocol::asking(&request.method, request.path());
        let Aim { model, stream } = match asking {
            Asking::Answer(dialect) | Asking::CountTokens(dialect) => dialect.aim(&request),
            Asking::Models | Asking::Nothing => Aim::default(),
        };
        let is_answer = matches!(asking, Asking::Answer(_));
        let asked = Asked { path: request.path(), is_answer, model: model.as_deref(), stream };
        let drawn = lock(&shared.script).draw(asked);
        let seed = Digest::new(settings.seed).with(&number.to_le_bytes());
        Self { request, settings, asking, model, stream, number, seed, drawn }
    }

    /// The reply to play.
    fn reply(&self, shared: &Shared, exchange: &mut Exchange) -> Play {
        let admitted = shared.admit(self.settings.requests_per_minute);
        let scene = self.scene(shared.now_unix_s(), admitted.unwrap_or(0));
        let fault = self.drawn.as_ref().map(|drawn| &drawn.fault);
        if let Some(failure) = fault.and_then(|fault| scene.failure(fault, self.stream)) {
            return failure;
        }
        if let Err(seconds) = admitted {
            return scene.refuse_for(Reason::RateLimited, Some(RetryAfter::Seconds(seconds)));
        }
        let desk = Desk { settings: &self.settings, cache: &shared.cache, now: Instant::now() };
        let reply = match self.asking {
            Asking::Answer(dialect) => self.answer(dialect, &desk, &scene, fault, exchange),
            Asking::CountTokens(dialect) => {
                dialect.count(&self.request, &desk).map(|body| scene.json(200, body))
            }
            Asking::Models => {
                models::read(&self.request, &self.settings, &scene.label).map(|body| scene.json(200, body))
            }
            Asking::Nothing => {
                let message = format!("Invalid URL ({} {})", self.request.method, self.request.path());
                Err(Refusal::new(Reason::NotFound, message))
            }
        };
        reply.unwrap_or_else(|refusal| scene.refuse(&refusal))
    }

    fn answer(
        &self,
        dialect: &dyn Dialect,
        desk: &Desk<'_>,
        scene: &Scene,
        fault: Option<&Fault>,
        exchange: &mut Exchange,
    ) -> Result<Play, Refusal> {
        let prompt = dialect.read(&self.request, desk)?;
        let style = self.settings.answer.after(&self.request.body);
        let answer = Answer::to(&prompt, self.settings.seed, &style);
        // Nobody is charged for an error, under whatever status.
        let is_charged = prompt.stream || !matches!(fault, Some(Fault::ErrorIn200 { .. }));
        exchange.answers(is_charged.then(|| Bill {
            id: dialect.answer_id(&scene.label),
            model: prompt.model.id.clone(),
            whole: answer.billed(&prompt),
            stops_on_abort: self.settings.stops_billing_on_abort,
        }));
        Ok(scene.answer(&prompt, answer, fault))
    }

    fn scene(&self, now_unix_s: u64, remaining: u64) -> Scene {
        let dialect = match self.asking {
            Asking::Answer(dialect) | Asking::CountTokens(dialect) => dialect,
            Asking::Models | Asking::Nothing => protocol::of_client(&self.request),
        };
        let label = Label {
            seed: self.seed.value(),
            now_unix_s,
            limit: self.settings.requests_per_minute.map_or(10_000, u64::from),
            remaining,
            obfuscation: self.settings.delivery.obfuscation,
        };
        Scene {
            dialect,
            frames: dialect.frames(&self.request),
            settings: Arc::clone(&self.settings),
            label,
            dice: self.dice(b"scene"),
        }
    }

    fn manner(&self) -> Manner {
        Manner {
            delivery: self.settings.delivery.clone(),
            dice: self.dice(b"manner"),
            old: self.request.old,
            keep: self.request.keeps_open(),
            bodiless: self.request.method == "HEAD",
        }
    }

    fn dice(&self, purpose: &[u8]) -> Dice {
        self.seed.clone().with(purpose).dice()
    }

    fn entry(&self, connection: u64, at_ms: u64) -> Recorded {
        Recorded {
            number: self.number,
            connection,
            at_ms,
            method: self.request.method.clone(),
            target: self.request.target.clone(),
            head: self.request.head.clone(),
            headers: self.request.headers.clone(),
            body: self.request.body.clone(),
            model: self.model.clone(),
            stream: self.stream,
            fault: self.drawn.as_ref().map(|drawn| drawn.fault.name().to_owned()),
            answer_id: None,
            status: None,
            outcome: Outcome::InFlight,
            contents: 0,
            written_bytes: 0,
            reply: bytes::Bytes::new(),
        }
    }
}

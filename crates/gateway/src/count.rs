//! How many tokens a prompt has: asked of whoever would serve it, else estimated.
//!
//! Nothing is generated, so nothing is entered in the ledger, and nobody is held for unhealthy over it.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::header;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use http_body::Body;
use routing::{DeploymentIndex, Dice};
use smallvec::SmallVec;
use tokio::time::timeout;
use upstream::{Outgoing, Pieces};
use wire::{AmendTo, Edit};

use crate::asked::{self, Asked};
use crate::door::Conversation;
use crate::headers::ESTIMATE;
use crate::held::{Held, Read};
use crate::outlet::ReplyBody;
use crate::pass::ClientHeaders;
use crate::refusal::Refusal;
use crate::reply::text;
use crate::room::Room;
use crate::snapshot::{Model, Snapshot};
use crate::{admit, choose, intake, state};

/// An estimate at once is worth more than the exact number late.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// A count is a few bytes.
const MOST_BYTES: usize = 64 * 1024;

/// Answers with the count.
pub(crate) async fn answer<B>(
    room: &Rc<Room>,
    conversation: &Conversation,
    parts: &Parts,
    body: B,
) -> Result<Response<ReplyBody>, Refusal>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::error::Error + 'static,
{
    let shared = &room.shared;
    let snapshot = shared.snapshot.load_full();
    let admitted = admit::admit(&snapshot, &shared.keys.load(), &parts.headers, &parts.uri)?;
    let intake = intake::take(&parts.headers, body, snapshot.limits.max_request_body, &shared.memory).await?;
    let product = &snapshot.products[admitted.product];
    let intake = state::whole(shared, &snapshot, product, conversation.protocol, intake).await?;
    let asked = asked::read(conversation, &parts.headers, &intake.body, shared.salt)?;
    let route = choose::route(&snapshot, product, &asked)?;
    let dice = &mut Dice::new(room.seed());
    let plan = choose::plan(shared, &snapshot, product, route, &asked, &intake.body, dice);
    let first = plan.candidates.iter().find(|candidate| candidate.is_eligible());
    let first = first
        .ok_or_else(|| choose::no_candidate(&snapshot, &snapshot.routes[route].name, &asked.model, &plan))?;
    let counting = Counting { room, snapshot: &snapshot, asked: &asked, deployment: first.deployment };
    let headers = ClientHeaders::of(&parts.headers);
    if let Ok(Some(counted)) = timeout(LONGEST_WAIT, counting.ask(&headers, &intake.body)).await {
        return Ok(text(StatusCode::OK, "application/json", counted));
    }
    let prefix = snapshot.routing_of(first.deployment).prefix_tokens;
    let estimate = asked.codec.token_count(asked.estimated_input_tokens + prefix);
    let estimate = estimate.expect("a dialect with this endpoint has words for its answer");
    let mut response = text(StatusCode::OK, "application/json", estimate);
    response.headers_mut().insert(ESTIMATE.clone(), HeaderValue::from_static("true"));
    Ok(response)
}

/// Asking one deployment.
struct Counting<'a> {
    room: &'a Room,
    snapshot: &'a Snapshot,
    asked: &'a Asked,
    deployment: DeploymentIndex,
}

impl Counting<'_> {
    /// The supplier's own answer; `None` where it speaks another protocol or has none.
    async fn ask(&self, client: &ClientHeaders, body: &Bytes) -> Option<Bytes> {
        let known = self.snapshot.routing_of(self.deployment);
        let model = self.snapshot.deployment(self.deployment).model.as_ref()?;
        // Where the model stands in the path, a request to count has no place for instructions.
        if self.prefix_bytes() > 0 && self.asked.codec.model_in_path() {
            return None;
        }
        let path =
            self.asked.codec.count_path(&model.id).filter(|_| {
                known.protocol_for(self.asked.protocol, self.asked.needs) == self.asked.protocol
            })?;
        let provider = self.snapshot.provider_of(self.deployment);
        let outgoing = || {
            let mut headers = HeaderMap::with_capacity(8);
            client.copy_to(&mut headers, false, &provider.betas);
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            provider.target.apply(&mut headers);
            let body = self.body(model, body);
            let mut outgoing =
                Outgoing { method: Method::POST, uri: provider.target.uri(&path), headers, body };
            provider.target.sign(&mut outgoing, || self.room.shared.clock.unix_s());
            outgoing
        };
        let sending = self.room.pool.send(&provider.target, outgoing, LONGEST_WAIT, |_| {});
        let response = sending.await.ok().filter(|response| response.status().is_success())?;
        let mut held = Held::new(MOST_BYTES, self.room.shared.memory.clone());
        let whole = held.read(&mut response.into_body()).await == Read::End;
        whole.then(|| held.into_bytes())
    }

    /// What the deployment's configuration adds to the prompt.
    fn prefix_bytes(&self) -> u64 {
        let prefix = self.snapshot.deployment(self.deployment).amendments.system_prefix.as_ref();
        prefix.map_or(0, |prefix| prefix.len() as u64)
    }

    fn body(&self, model: &Model, body: &Bytes) -> Pieces {
        let mut edits: SmallVec<[Edit; 2]> = SmallVec::new();
        edits.extend(self.asked.model_range.clone().map(|range| Edit::replace(range, model.json.clone())));
        edits.extend(self.asked.seal_edits.iter().flatten().cloned());
        let deployment = self.snapshot.deployment(self.deployment);
        let to =
            AmendTo { model: &model.id, quirks: deployment.quirks, max_tokens: None, keeps_threads: true };
        // Parameters are nothing of the prompt, and refused here.
        let prompt = deployment.amendments.of_the_prompt();
        if !prompt.is_empty() && !self.asked.is_empty {
            edits.extend(self.asked.codec.amend(body, &prompt, &to).edits);
        }
        Pieces::new(wire::splice(body, &mut edits))
    }
}

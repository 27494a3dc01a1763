//! One admitted request: everything about it that is known before the first attempt and does not change.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use catalogue::Needs;
use ledger::RequestId;
use routing::{DeploymentIndex, Plan, Policy};
use smallvec::SmallVec;
use tokio::time::Instant;
use upstream::Pieces;
use wire::{Codec, Edit};

use crate::alarm::Limits;
use crate::asked::{Asked, codec};
use crate::budget::Hold;
use crate::makers::Account;
use crate::media::Fetched;
use crate::memory::Reservation;
use crate::pass::ClientHeaders;
use crate::reply::Dialect;
use crate::room::Room;
use crate::snapshot::{Model, Product, ProductIndex, Route, RouteIndex, Snapshot};
use crate::speech::{Neutral, Speech};
use crate::state::Thread;

/// See [`Call::proofs`].
pub(crate) type Proofs = RefCell<Option<((Account, bool), Rc<[Edit]>)>>;

/// See the module.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) room: Rc<Room>,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) id: RequestId,
    pub(crate) id_text: String,
    pub(crate) arrived: Instant,
    pub(crate) arrived_us: i64,
    pub(crate) limits: Limits,
    /// When the client has waited long enough.
    pub(crate) deadline: Instant,
    pub(crate) product: ProductIndex,
    pub(crate) key_id: Option<Arc<str>>,
    pub(crate) route: RouteIndex,
    pub(crate) plan: Plan,
    /// What its product's budget holds for it.
    pub(crate) hold: Hold,
    pub(crate) dice_seed: u64,
    pub(crate) asked: Asked,
    /// The former turns in it, and whether it is to be kept.
    pub(crate) thread: Thread,
    /// Who made the signatures and the encrypted reasoning in it, as far as that is known.
    pub(crate) proof_makers: SmallVec<[Account; 2]>,
    /// Whether the client wants a stream as one JSON list.
    pub(crate) wants_list: bool,
    pub(crate) client_headers: ClientHeaders,
    /// Whether signatures are left out, since somebody has refused them.
    pub(crate) leaves_proofs_out: Cell<bool>,
    /// The splices for what others signed, as they were found last: for which account, and whether all of it goes.
    pub(crate) proofs: Proofs,
    /// What it asks for in no dialect, while somebody has to be told in another.
    pub(crate) neutral: Neutral,
    /// The same with the media that it points at, once somebody wants bytes.
    pub(crate) fetched: Fetched,
    /// The client's body and its share of memory, until nobody can be asked again.
    pub(crate) body: RefCell<Bytes>,
    pub(crate) reservation: RefCell<Option<Reservation>>,
}

impl Call {
    pub(crate) fn dialect(&self) -> Dialect<'_> {
        Dialect { codec: self.asked.codec, request_id: &self.id_text }
    }

    pub(crate) fn product(&self) -> &Product {
        &self.snapshot.products[self.product]
    }

    pub(crate) fn route(&self) -> &Route {
        &self.snapshot.routes[self.route]
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.route().policy
    }

    /// Whether an attempt that began at `started` is cut short only because the client is in a hurry: no limit of ours is
    /// over yet.
    pub(crate) fn is_hurried(&self, started: Instant) -> bool {
        let policy = self.policy();
        let in_hurry = self.asked.deadline.is_some_and(|asked| asked < policy.total_timeout);
        let first_token = policy.max_time_to_first_token.unwrap_or(policy.total_timeout);
        let ours = [policy.total_timeout / 2, policy.header_timeout, policy.token_gap_timeout, first_token];
        in_hurry && ours.into_iter().all(|limit| started.elapsed() < limit)
    }

    /// Now, as `routing` counts.
    pub(crate) fn now(&self) -> routing::Instant {
        self.room.shared.clock.world(Instant::now())
    }

    /// What the request needs as this deployment gets it: its configuration may ask for reasoning.
    pub(crate) fn needs_of(&self, deployment: DeploymentIndex) -> Needs {
        let effort = self.snapshot.deployment(deployment).amendments.parameters.reasoning_effort.as_deref();
        let thinks = effort.is_some_and(|effort| effort != "none");
        if thinks { self.asked.needs | Needs::REASONING } else { self.asked.needs }
    }

    /// How a deployment's supplier speaks.
    pub(crate) fn codec_of(&self, deployment: DeploymentIndex) -> &'static dyn Codec {
        let protocol =
            self.snapshot.routing_of(deployment).protocol_for(self.asked.protocol, self.asked.needs);
        if protocol == self.asked.protocol { self.asked.codec } else { codec(protocol) }
    }

    /// Whether that is another protocol than the client's.
    pub(crate) fn is_translated(&self, deployment: DeploymentIndex) -> bool {
        self.snapshot.routing_of(deployment).protocol_for(self.asked.protocol, self.asked.needs)
            != self.asked.protocol
    }

    /// The splice that puts a deployment's own name for its model into the body; `None` where it stands there, or in
    /// the path.
    pub(crate) fn model_edit(&self, deployment: DeploymentIndex) -> Option<Edit> {
        if self.asked.codec.model_in_path() {
            return None;
        }
        let name = self.model_json(deployment);
        match self.asked.model_range.clone() {
            Some(range) if self.body.borrow()[range.clone()] == *name => None,
            Some(range) => Some(Edit::replace(range, name)),
            None => {
                let comma: &[u8] = if self.asked.is_empty { b"" } else { b"," };
                let field = [b"\"model\":", &*name, comma].concat();
                Some(Edit::insert(self.asked.object_open, Bytes::from(field)))
            }
        }
    }

    /// What the deployment's provider calls the model.
    fn model_json(&self, deployment: DeploymentIndex) -> Bytes {
        let known = &self.snapshot.deployment(deployment).model;
        known
            .as_ref()
            .map_or_else(|| Model::new(self.model_name(deployment)).json, |model| model.json.clone())
    }

    /// The same as it is, without JSON's quotes.
    pub(crate) fn model_name(&self, deployment: DeploymentIndex) -> &str {
        if let Some(model) = &self.snapshot.deployment(deployment).model {
            return &model.id;
        }
        let asked = &*self.asked.model;
        asked.split_once('/').map_or(asked, |(_, id)| id)
    }

    /// Whether the client, not the configuration, says which of the provider's models it is.
    pub(crate) fn names_the_model(&self, deployment: DeploymentIndex) -> bool {
        self.snapshot.deployment(deployment).model.is_none()
    }

    /// The body for a deployment: translated, or the client's with its edits: the deployment's name for the model, a
    /// request for usage in streams, and what its configuration changes.
    pub(crate) fn body_for(&self, deployment: DeploymentIndex, speech: &Speech) -> Pieces {
        if let Some(body) = speech.body() {
            return Pieces::new(vec![body.clone()]);
        }
        let mut edits: SmallVec<[Edit; 2]> = SmallVec::new();
        edits.extend(self.model_edit(deployment));
        if self.strips_usage(deployment) {
            edits.extend(self.asked.usage_edit.clone());
        }
        edits.extend(self.proof_edits(deployment).iter().flat_map(|found| found.iter().cloned()));
        edits.extend(self.seals_edit(deployment));
        edits.extend(speech.edits().iter().cloned());
        Pieces::new(wire::splice(&self.body.borrow(), &mut edits))
    }

    /// The splice that asks a model that reasons unasked for its reasoning in a form that can be given back: it is kept
    /// here, and without it the next turn would begin anew, in the middle of calling tools above all.
    fn seals_edit(&self, deployment: DeploymentIndex) -> Option<Edit> {
        let known = self.snapshot.routing_of(deployment).capabilities;
        let reasons = (known.yes | self.needs_of(deployment)).contains(Needs::REASONING);
        self.thread.seals().filter(|_| reasons).cloned()
    }

    /// A supplier called a translated request wrong, and the fault may be ours: somebody should look.
    pub(crate) fn translation_refused(&self, deployment: DeploymentIndex) {
        let name = &self.snapshot.deployment(deployment).name;
        let (from, to) = (self.asked.protocol, self.codec_of(deployment).protocol());
        tracing::warn!(deployment = %name, %from, %to, request.id = %self.id_text, "a translated request was refused");
        self.room.shared.metrics.alarm(&self.snapshot.provider_of(deployment).name, "translation_refused");
    }

    /// A supplier's sound answer has no words in the client's protocol: it is paid for and nobody has it.
    pub(crate) fn answer_unsayable(&self, deployment: DeploymentIndex, dropped: &[Arc<str>]) {
        let name = &self.snapshot.deployment(deployment).name;
        let (from, to) = (self.codec_of(deployment).protocol(), self.asked.protocol);
        tracing::warn!(deployment = %name, %from, %to, request.id = %self.id_text, ?dropped, "an answer cannot be said");
        self.room.shared.metrics.alarm(&self.snapshot.provider_of(deployment).name, "translation");
    }

    /// The splices that take out what other suppliers signed: what is known to be another's, or all of it once somebody
    /// has refused it. Looked for once for each account, and once more when it was refused; `None` where nothing is signed.
    fn proof_edits(&self, deployment: DeploymentIndex) -> Option<Rc<[Edit]>> {
        let seals = self.asked.seal_edits.as_ref()?;
        let account = self.room.shared.makers.account(&self.snapshot.provider_of(deployment).name);
        let asked = (account, self.leaves_proofs_out.get());
        if let Some((found_for, edits)) = &*self.proofs.borrow()
            && *found_for == asked
        {
            return Some(Rc::clone(edits));
        }
        let edits: Rc<[Edit]> = self.find_proofs(deployment, seals).into();
        self.proofs.replace(Some((asked, Rc::clone(&edits))));
        Some(edits)
    }

    fn find_proofs(&self, deployment: DeploymentIndex, seals: &[Edit]) -> Vec<Edit> {
        let body = self.body.borrow();
        if self.leaves_proofs_out.get() {
            return wire::without_proofs(&body);
        }
        let name = &self.snapshot.provider_of(deployment).name;
        let makers = &self.room.shared.makers;
        let asked = makers.account(name);
        let turns = self.thread.foreign_turns(name);
        let are_foreign = self.proof_makers.iter().any(|maker| *maker != asked);
        if turns.is_empty() && !are_foreign {
            return seals.to_vec();
        }
        wire::without_foreign_proofs(&body, |at, proof| {
            turns.iter().any(|turn| turn.contains(&at))
                || (are_foreign && makers.of_proof(proof).is_some_and(|maker| maker != asked))
        })
    }

    /// Whether the client's reasoning goes in part only to `deployment`, which speaks its own protocol.
    pub(crate) fn leaves_reasoning_out(&self, deployment: DeploymentIndex) -> bool {
        self.leaves_proofs_out.get() || self.proof_edits(deployment).is_some_and(|edits| !edits.is_empty())
    }

    /// Nobody but `deployment`, which answers, will be asked: lets go of the body and its memory, but for what is to be
    /// kept of it. A translated answer in Responses says instructions and tools again, which are held until its end.
    pub(crate) fn forget_body(&self, deployment: DeploymentIndex) {
        self.body.take();
        self.neutral.take();
        self.fetched.take();
        let is_said_again = self.is_translated(deployment) && self.asked.codec.has_state();
        if !self.thread.keeps() && !is_said_again {
            self.reservation.take();
        }
    }

    /// Whether the usage chunk of `deployment`'s stream is there because we asked for it, and so is taken out.
    pub(crate) fn strips_usage(&self, deployment: DeploymentIndex) -> bool {
        self.asked.usage_edit.is_some()
            && !self.is_translated(deployment)
            && self.snapshot.provider_of(deployment).stream_usage
    }

    /// Whether a conversation that the client wants kept is kept by `deployment`'s provider.
    pub(crate) fn keeps_threads(&self, deployment: DeploymentIndex) -> bool {
        self.client_headers.keeps_threads(&self.snapshot.provider_of(deployment).betas)
    }

    /// What was changed in the request for `deployment`, for `x-releve-edits`.
    pub(crate) fn edits(&self, deployment: DeploymentIndex) -> String {
        let made = [
            (self.is_translated(deployment), "translated"),
            (self.is_translated(deployment) && matches!(*self.fetched.borrow(), Some(Ok(_))), "media"),
            (!self.is_translated(deployment) && self.model_edit(deployment).is_some(), "model"),
            (self.strips_usage(deployment), "usage"),
            (!self.is_translated(deployment) && self.leaves_reasoning_out(deployment), "reasoning"),
            (self.thread.is_told_anew(), "state"),
            (!self.is_translated(deployment) && !self.keeps_threads(deployment), "thread"),
        ];
        let made = made.into_iter().filter(|(made, _)| *made).map(|(_, name)| name);
        let amended = self.snapshot.deployment(deployment).amendments.names();
        let names: SmallVec<[&str; 5]> = made.chain(amended).collect();
        names.join(", ")
    }
}

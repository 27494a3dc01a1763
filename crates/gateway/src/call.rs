//! One admitted request: everything about it that is known before the first attempt and does not change.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use ledger::RequestId;
use routing::{DeploymentIndex, Plan, Policy};
use smallvec::SmallVec;
use tokio::time::Instant;
use upstream::Pieces;
use wire::Edit;

use crate::alarm::Limits;
use crate::asked::Asked;
use crate::memory::Reservation;
use crate::pass::ClientHeaders;
use crate::reply::Dialect;
use crate::room::Room;
use crate::snapshot::{Product, ProductIndex, Route, RouteIndex, Snapshot};

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
    pub(crate) dice_seed: u64,
    pub(crate) asked: Asked,
    pub(crate) client_headers: ClientHeaders,
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

    /// Now, as `routing` counts.
    pub(crate) fn now(&self) -> routing::Instant {
        self.room.shared.clock.world(Instant::now())
    }

    /// The splice that puts a deployment's own name for its model into the body; `None` where it stands there.
    pub(crate) fn model_edit(&self, deployment: DeploymentIndex) -> Option<Edit> {
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
        if let Some(name) = &self.snapshot.deployment(deployment).model_json {
            return name.clone();
        }
        let asked = &*self.asked.model;
        let id = asked.split_once('/').map_or(asked, |(_, id)| id);
        serde_json::to_vec(id).expect("text is JSON").into()
    }

    /// Whether the client, not the configuration, says which of the provider's models it is.
    pub(crate) fn names_the_model(&self, deployment: DeploymentIndex) -> bool {
        self.snapshot.deployment(deployment).model_json.is_none()
    }

    /// The client's body, edited for a deployment: its name for the model, and a request for usage in streams.
    pub(crate) fn body_for(&self, deployment: DeploymentIndex) -> Pieces {
        let mut edits: SmallVec<[Edit; 2]> = SmallVec::new();
        edits.extend(self.model_edit(deployment));
        if self.strips_usage(deployment) {
            edits.extend(self.asked.usage_edit.clone());
        }
        Pieces::new(wire::splice(&self.body.borrow(), &mut edits))
    }

    /// Nobody will be asked again: lets go of the body and its memory.
    pub(crate) fn forget_body(&self) {
        self.body.take();
        self.reservation.take();
    }

    /// Whether the usage chunk of `deployment`'s stream is there because we asked for it, and so is taken out.
    pub(crate) fn strips_usage(&self, deployment: DeploymentIndex) -> bool {
        self.asked.usage_edit.is_some() && self.snapshot.provider_of(deployment).stream_usage
    }

    /// What was changed in the request for `deployment`, for `x-releve-edits`.
    pub(crate) fn edits(&self, deployment: DeploymentIndex) -> &'static str {
        match (self.model_edit(deployment).is_some(), self.strips_usage(deployment)) {
            (false, false) => "",
            (true, false) => "model",
            (false, true) => "usage",
            (true, true) => "model, usage",
        }
    }
}

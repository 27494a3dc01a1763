//! What is remembered of an answer while it passes: who made what only its maker can use.

use std::sync::Arc;

use bytes::Bytes;
use routing::DeploymentIndex;
use wire::framing::Frame;
use wire::state::Answer;

use crate::call::Call;
use crate::makers::{Account, Makers};
use crate::snapshot::Store;

/// Who says it, where the client gets it as it is.
#[derive(Debug, Clone)]
pub(crate) struct Heard(Option<(Arc<Makers>, Account)>);

impl Heard {
    /// What is heard of `deployment`.
    pub(crate) fn of(call: &Call, deployment: DeploymentIndex) -> Self {
        let makers = Some(&call.room.shared.makers).filter(|_| !call.is_translated(deployment));
        let name = &call.snapshot.provider_of(deployment).name;
        Self(makers.map(|makers| (Arc::clone(makers), makers.account(name))))
    }

    /// Remembers whose the proofs in it are.
    pub(crate) fn frame(&self, frame: &Frame) {
        if let Self(Some((makers, account))) = self {
            makers.said(*account, frame);
        }
    }

    /// The same of a whole answer.
    pub(crate) fn body(&self, body: &Bytes) {
        if let Self(Some((makers, account))) = self {
            makers.answered(*account, body);
        }
    }

    /// Remembers who keeps a response, where nobody does here.
    pub(crate) fn response(&self, call: &Call, response: &Bytes) {
        let is_theirs = call.asked.codec.has_state() && call.product().store == Store::Suppliers;
        if let Self(Some((makers, account))) = self
            && is_theirs
            && let Some(answer) = Answer::read(response)
        {
            makers.responded(*account, &call.product().name, &answer.id);
        }
    }
}

//! State that is kept for a product in its suppliers' stead: a request that builds on former turns is told in full, to
//! whoever serves it, and a turn that is to be kept is kept before its last byte goes out.
//!
//! Nothing of it runs for a product that does not keep its state here.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use catalogue::Protocol;
use routing::DeploymentIndex;
use smallvec::SmallVec;
use store::{KeptTurn, NewTurn, NoTurn, StateError};
use wire::Edit;
use wire::conversation::Loss;
use wire::state::{Answer, Ask, Told, Turn, answered};

use crate::asked::{Asked, codec};
use crate::call::Call;
use crate::intake::Intake;
use crate::makers::Account;
use crate::record::Record;
use crate::refusal::Refusal;
use crate::room::Shared;
use crate::snapshot::{Product, Snapshot, Store};

/// The most items that one request may refer to: each is looked up.
const MOST_REFERENCES: usize = 1_000;

/// What a request has to do with kept state; nothing by default.
#[derive(Debug, Default)]
pub(crate) struct Thread {
    /// The turn that it makes, where that is kept.
    next: Option<Next>,
    /// The kept response that it goes on from.
    previous: Option<Arc<str>>,
    /// How many turns were put before it.
    turns: usize,
    /// These and the items that it refers to, with their place in its body and the account that served each.
    former: Vec<(Range<usize>, Arc<str>)>,
    /// Whether its body is another than the client's.
    is_told_anew: bool,
    /// Asks for reasoning in a form that can be given back, where the deployment's model reasons.
    seals: Option<Edit>,
    losses: Vec<Loss>,
}

/// A turn that is being made, to be kept.
#[derive(Debug)]
struct Next {
    input: Bytes,
    /// The items in it that the client only referred to, with the account that served each.
    references: Vec<(Range<usize>, Arc<str>)>,
}

/// Puts former turns into a request that builds on them, and sees to it that no supplier keeps it.
///
/// # Errors
/// What it builds on is not there, or it asks for what the product may not.
pub(crate) async fn enter(
    shared: &Shared,
    snapshot: &Snapshot,
    product: &Product,
    protocol: Protocol,
    mut intake: Intake,
) -> Result<(Intake, Thread), Refusal> {
    let ask = match product.store {
        _ if !codec(protocol).has_state() => return Ok((intake, Thread::default())),
        Store::Suppliers => return Ok((intake, Thread::default())),
        Store::Client | Store::Always | Store::Never => Ask::read(&intake.body)?,
    };
    refuse_conversation(&ask)?;
    let builds_on = ask.previous.is_some() || !ask.references.is_empty();
    if product.store == Store::Never {
        return if builds_on { Err(never(&ask)) } else { unkept(shared, &ask, intake).await };
    }
    let keeps = product.store == Store::Always || ask.store != Some(false);
    if !keeps && !builds_on {
        return Ok((intake, Thread::default()));
    }
    let found = Found::of(shared, snapshot, product, &ask, &mut intake).await?;
    let (items, makers): (Vec<_>, Vec<_>) = found.items(&ask)?.into_iter().unzip();
    let told = ask.told(&intake.body, &found.former(), &items);
    let Told { body, seals, input, turns, references, kept_references, lacks_reasoning } = told;
    let references = references.into_iter().zip(makers.iter().copied().cloned());
    let kept_references = kept_references.into_iter().zip(makers.iter().copied().cloned());
    intake.body = body;
    if builds_on {
        shared.metrics.state_used(&product.name);
    }
    let owners = found.former.iter().map(|turn| Arc::clone(&turn.owner));
    let why = "its maker did not seal it, so that it cannot be given back";
    let thread = Thread {
        next: keeps.then(|| Next { input, references: kept_references.collect() }),
        previous: ask.previous.map(Arc::from),
        turns: turns.len(),
        former: turns.into_iter().zip(owners).chain(references).collect(),
        is_told_anew: true,
        seals,
        losses: lacks_reasoning.then(|| Loss::new("reasoning", why)).into_iter().collect(),
    };
    Ok((intake, thread))
}

/// The same request with all that it builds on, to be counted.
///
/// # Errors
/// As [`enter`].
pub(crate) async fn whole(
    shared: &Shared,
    snapshot: &Snapshot,
    product: &Product,
    protocol: Protocol,
    mut intake: Intake,
) -> Result<Intake, Refusal> {
    if !codec(protocol).has_state() || product.store == Store::Suppliers {
        return Ok(intake);
    }
    let ask = Ask::read(&intake.body)?;
    refuse_conversation(&ask)?;
    if ask.previous.is_none() && ask.references.is_empty() {
        return Ok(intake);
    }
    if product.store == Store::Never {
        return Err(never(&ask));
    }
    let found = Found::of(shared, snapshot, product, &ask, &mut intake).await?;
    let items: Vec<_> = found.items(&ask)?.into_iter().map(|(item, _)| item).collect();
    intake.body = ask.counted(&intake.body, &found.former(), &items);
    Ok(intake)
}

fn refuse_conversation(ask: &Ask) -> Result<(), Refusal> {
    let what = "conversations are not kept here: go on with previous_response_id, or send all of it in input";
    if ask.has_conversation { Err(Refusal::NotKept { param: "conversation", what }) } else { Ok(()) }
}

/// Who keeps the response that a request builds on, where that is left to suppliers and is known.
pub(crate) fn keeper(shared: &Shared, product: &Product, asked: &Asked, body: &[u8]) -> Option<Account> {
    let is_theirs = asked.codec.has_state() && product.store == Store::Suppliers;
    let previous = is_theirs.then(|| Ask::previous_of(body)).flatten()?;
    shared.makers.of_response(&product.name, &previous)
}

/// The product keeps nothing, so there is nothing to build on.
fn never(ask: &Ask) -> Refusal {
    let what = "this product keeps no responses (store = false): send the whole conversation in input";
    Refusal::NotKept { param: if ask.previous.is_some() { "previous_response_id" } else { "input" }, what }
}

/// Nobody is to keep it.
async fn unkept(shared: &Shared, ask: &Ask, mut intake: Intake) -> Result<(Intake, Thread), Refusal> {
    if ask.store == Some(false) {
        return Ok((intake, Thread::default()));
    }
    intake.needs_more(&shared.memory, intake.body.len()).await?;
    intake.body = ask.unkept(&intake.body);
    let wished = ask.store == Some(true);
    let losses = wished.then(|| Loss::new("store", "this product keeps no responses")).into_iter().collect();
    Ok((intake, Thread { is_told_anew: true, losses, ..Thread::default() }))
}

/// An item of a kept turn, and the account that served it.
type Item<'a> = (&'a [u8], &'a Arc<str>);

/// What a request builds on.
#[derive(Debug, Default)]
struct Found {
    former: Vec<KeptTurn>,
    /// The turns in which the items are that it refers to.
    referred: Vec<KeptTurn>,
}

impl Found {
    /// Finds it, with memory reserved for that, for the body, and for what both are put together in.
    async fn of(
        shared: &Shared,
        snapshot: &Snapshot,
        product: &Product,
        ask: &Ask,
        intake: &mut Intake,
    ) -> Result<Self, Refusal> {
        if ask.references.len() > MOST_REFERENCES {
            let what =
                "input refers to more than 1,000 items: go on with previous_response_id, or send them whole";
            return Err(Refusal::NotKept { param: "input", what });
        }
        let Some(state) = &shared.state else { return Err(Refusal::StateFailed) };
        let limit = snapshot.limits.max_request_body;
        let items: Vec<_> = ask.references.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
        if items.len() < ask.references.len() {
            // As OpenAI does: a short request would grow by what it repeats.
            return Err(Refusal::NotKept {
                param: "input",
                what: "input refers to the same item more than once",
            });
        }
        let weight = state.weight(&product.name, ask.previous.as_deref(), &items).await.map_err(no_item)?;
        if weight > limit {
            return Err(Refusal::Outgrown { limit });
        }
        // What is kept, and what it is put together in with what comes, of which the request's own is kept, too.
        intake.needs_more(&shared.memory, 2 * weight + 2 * intake.body.len()).await?;
        let mut found = Self::default();
        if let Some(id) = &ask.previous {
            let former = state.conversation(&product.name, id, limit).await;
            found.former = former.map_err(|error| no_previous(id, error))?;
        }
        if !items.is_empty() {
            found.referred = state.turns_with(&product.name, &items, limit).await.map_err(no_item)?;
        }
        Ok(found)
    }

    fn former(&self) -> Vec<Turn<'_>> {
        self.former.iter().map(as_turn).collect()
    }

    /// The items that `ask` refers to, in its order, and the account that served each.
    fn items(&self, ask: &Ask) -> Result<Vec<Item<'_>>, Refusal> {
        let mut known = HashMap::new();
        for turn in &self.referred {
            known.extend(answered(as_turn(turn)).map(|(id, item)| (id, (item, &turn.owner))));
        }
        let item = |id: &String| known.get(id).copied().ok_or_else(|| Refusal::NoItem(id.clone()));
        ask.references.iter().map(item).collect()
    }
}

/// A kept turn, as `wire` reads it.
pub(crate) fn as_turn(turn: &KeptTurn) -> Turn<'_> {
    Turn { id: &turn.id, input: &turn.input, response: &turn.response }
}

fn no_item(error: NoTurn) -> Refusal {
    match error {
        NoTurn::Missing { id } => Refusal::NoItem(id),
        other => unread(other),
    }
}

fn no_previous(asked: &str, error: NoTurn) -> Refusal {
    match error {
        NoTurn::Missing { id } if id != asked => {
            Refusal::NoPrevious { asked: asked.to_owned(), missing: Some(id) }
        }
        NoTurn::Missing { .. } => Refusal::NoPrevious { asked: asked.to_owned(), missing: None },
        other => unread(other),
    }
}

/// What it means that kept state cannot be had, where it is not simply missing.
pub(crate) fn unread(error: NoTurn) -> Refusal {
    match error {
        NoTurn::Missing { id } => Refusal::NoResponse(id),
        NoTurn::TooLong { limit } => Refusal::Outgrown { limit },
        NoTurn::Failed(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "kept responses cannot be read");
            Refusal::StateFailed
        }
    }
}

impl Thread {
    /// Whether the route takes a request so large; where it has grown by former turns, in words that say so.
    pub(crate) fn fits(&self, intake: &Intake, limit: usize) -> Result<(), Refusal> {
        intake
            .fits(limit)
            .map_err(|error| if self.turns == 0 { error.into() } else { Refusal::Outgrown { limit } })
    }

    /// Whether the turn is to be kept.
    pub(crate) const fn keeps(&self) -> bool {
        self.next.is_some()
    }

    /// The kept response that it goes on from.
    pub(crate) const fn previous(&self) -> Option<&Arc<str>> {
        self.previous.as_ref()
    }

    /// How many turns were put before it.
    pub(crate) fn former_turns(&self) -> u32 {
        u32::try_from(self.turns).unwrap_or(u32::MAX)
    }

    /// Whether the request that is sent says it in another way than the client's.
    pub(crate) const fn is_told_anew(&self) -> bool {
        self.is_told_anew
    }

    /// The splice that asks for reasoning in a form that can be given back, where the request says nothing of reasoning.
    pub(crate) const fn seals(&self) -> Option<&Edit> {
        self.seals.as_ref()
    }

    /// What is not as the client wished.
    pub(crate) fn losses(&self) -> &[Loss] {
        &self.losses
    }

    /// Where in the body turns stand that another account than `owner` served.
    pub(crate) fn foreign_turns(&self, owner: &str) -> SmallVec<[Range<usize>; 4]> {
        let foreign = self.former.iter().filter(|(_, served)| **served != *owner);
        foreign.map(|(place, _)| place.clone()).collect()
    }
}

impl Call {
    /// Keeps the answer of `deployment`, if it is to be kept. What is lost where that does not succeed.
    pub(crate) async fn keep(
        &self,
        record: &Record<'_>,
        deployment: DeploymentIndex,
        response: Option<Bytes>,
    ) -> Option<Loss> {
        let next = self.thread.next.as_ref()?;
        match self.try_keep(next, deployment, response).await {
            Ok(bytes) => {
                record.kept();
                self.room.shared.metrics.state_kept(&self.product().name, bytes);
                None
            }
            Err(why) => {
                tracing::warn!(request.id = %self.id_text, "a response is not kept: {why}");
                Some(Loss::new("store", why))
            }
        }
    }

    /// What is kept of its input: without what `deployment` was not told since it is another's, so that the turn is that
    /// one's alone.
    fn kept_input(&self, next: &Next, deployment: DeploymentIndex) -> Vec<u8> {
        // As it stands in a body: what tools are called with is walked past there.
        let (open, close) = (b"{\"input\":", b"}");
        let body = Bytes::from([open, &*next.input, close].concat());
        let name = &self.snapshot.provider_of(deployment).name;
        let makers = &self.room.shared.makers;
        let asked = makers.account(name);
        let mut edits = if self.leaves_proofs_out.get() {
            wire::without_proofs(&body)
        } else {
            let is_anothers = |at: usize| {
                let mut others = next.references.iter().filter(|(_, maker)| **maker != **name);
                others.any(|(place, _)| place.contains(&(at - open.len())))
            };
            wire::without_foreign_proofs(&body, |at, proof| {
                is_anothers(at) || makers.of_proof(proof).is_some_and(|maker| maker != asked)
            })
        };
        let kept = wire::splice(&body, &mut edits).concat();
        kept[open.len()..kept.len() - close.len()].to_vec()
    }

    async fn try_keep(
        &self,
        next: &Next,
        deployment: DeploymentIndex,
        response: Option<Bytes>,
    ) -> Result<usize, &'static str> {
        let response = response.ok_or("it was too large to be looked at")?;
        let answer = Answer::read(&response).ok_or("it has no id")?;
        let state = self.room.shared.state.as_ref().ok_or("kept responses are not open")?;
        let bytes = next.input.len() + response.len();
        let turn = NewTurn {
            product: Arc::clone(&self.product().name),
            id: answer.id,
            previous: self.thread.previous().map(ToString::to_string),
            owner: Arc::clone(&self.snapshot.provider_of(deployment).name),
            keep_for: self.product().store_for,
            items: answer.items,
            input: self.kept_input(next, deployment),
            response: response.to_vec(),
        };
        state.keep(turn).await.map_err(|error| match error {
            StateError::Taken { .. } => "its supplier gave its id to another response too",
            _ => "it could not be written",
        })?;
        Ok(bytes)
    }
}

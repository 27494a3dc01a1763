//! What many tests need: deployments, facts, a small world.

use std::sync::Arc;

use catalogue::{Needs, Protocol, Protocols};

use crate::deployment::{Deployment, DeploymentIndex, Facts, ProviderIndex, RouteEntry};
use crate::dice::Dice;
use crate::instant::Instant;
use crate::plan::{Candidate, Plan, plan};
use crate::policy::Policy;
use crate::world::{View, World};

pub(crate) fn facts() -> Facts<'static> {
    Facts {
        protocol: Protocol::OpenaiChat,
        translates: Protocols::NONE,
        needs: Needs::NONE,
        estimated_input_tokens: 100,
        max_tokens: None,
        regions: &[],
        stream: true,
    }
}

pub(crate) fn deployment(name: &str, provider: u16) -> Deployment {
    Deployment::unknown(name, ProviderIndex(provider), Protocol::OpenaiChat)
}

/// A route with its world.
#[derive(Debug)]
pub(crate) struct Fixture {
    pub(crate) deployments: Vec<Deployment>,
    pub(crate) entries: Vec<RouteEntry>,
    pub(crate) policy: Policy,
    pub(crate) world: World,
    pub(crate) dice: Dice,
}

impl Fixture {
    /// `count` deployments, each at a provider of its own.
    pub(crate) fn new(count: u16) -> Self {
        Self::of((0..count).map(|index| deployment(&format!("p{index}/m"), index)).collect(), count)
    }

    pub(crate) fn of(deployments: Vec<Deployment>, providers: u16) -> Self {
        let names: Vec<Arc<str>> = (0..providers).map(|index| format!("p{index}").into()).collect();
        let world = World::new(&deployments, &names);
        let entries = (0..u32::try_from(deployments.len()).unwrap())
            .map(|index| RouteEntry { deployment: DeploymentIndex(index), weight: 1 })
            .collect();
        Self { deployments, entries, policy: Policy::default(), world, dice: Dice::new(1) }
    }

    pub(crate) fn view(&self) -> View<'_> {
        View { deployments: &self.deployments, world: &self.world }
    }

    pub(crate) fn plan(&mut self, now: u64) -> Plan {
        let view = View { deployments: &self.deployments, world: &self.world };
        plan(&facts(), &self.policy, &self.entries, &view, Instant(now), &mut self.dice)
    }

    /// The plan's order, as indices.
    pub(crate) fn order(&mut self, now: u64) -> Vec<u32> {
        self.plan(now).candidates.iter().map(|candidate| candidate.deployment.0).collect()
    }

    /// That deployment as it stands in a plan of now.
    pub(crate) fn candidate(&mut self, index: u32, now: u64) -> Candidate {
        let plan = self.plan(now);
        *plan.candidates.iter().find(|candidate| candidate.deployment.0 == index).unwrap()
    }
}

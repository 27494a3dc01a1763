//! Everything that is learnt: one cell per deployment and per provider. Nothing else in the router remembers.

use std::collections::HashMap;
use std::sync::Arc;

use crate::cell::Cell;
use crate::deployment::{Deployment, DeploymentIndex, ProviderIndex};
use crate::health::Health;
use crate::instant::Instant;
use crate::posture::Posture;

/// The cells, indexed as the configuration's deployments and providers are. Shared by all threads.
#[derive(Debug, Default)]
pub struct World {
    deployments: Vec<Arc<Cell>>,
    providers: Vec<Arc<Cell>>,
    /// The provider of each deployment.
    provider_of: Vec<ProviderIndex>,
}

/// What planning and claiming read: the configured deployments and what is known of them, by the same indices.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// As configured.
    pub deployments: &'a [Deployment],
    /// Made for exactly these deployments.
    pub world: &'a World,
}

impl World {
    /// A world in which nothing is known yet.
    ///
    /// # Panics
    /// If a deployment names a provider that is not there.
    pub fn new(deployments: &[Deployment], providers: &[Arc<str>]) -> Self {
        Self::grown_from(&Self::default(), deployments, providers)
    }

    /// The world for a changed configuration: whoever kept its name keeps its cell, and what is in flight goes on being
    /// counted there.
    ///
    /// # Panics
    /// If a deployment names a provider that is not there.
    #[must_use]
    pub fn grown_from(before: &Self, deployments: &[Deployment], providers: &[Arc<str>]) -> Self {
        let provider_of: Vec<_> = deployments.iter().map(|deployment| deployment.provider).collect();
        assert!(provider_of.iter().all(|provider| provider.at() < providers.len()), "a provider is missing");
        Self {
            deployments: kept(&before.deployments, deployments.iter().map(|deployment| &deployment.name)),
            providers: kept(&before.providers, providers.iter()),
            provider_of,
        }
    }

    /// How a deployment stands, its provider's troubles included.
    pub fn health(&self, deployment: DeploymentIndex, now: Instant) -> Health {
        Health::of(self.deployment(deployment), Some(self.provider_of(deployment)), now)
    }

    /// How a provider stands.
    pub fn provider_health(&self, provider: ProviderIndex, now: Instant) -> Health {
        Health::of(&self.providers[provider.at()], None, now)
    }

    /// Forgets what stood against a provider and its deployments: for a provider whose credential or address was
    /// changed, so that it is asked at once.
    pub fn pardon(&self, provider: ProviderIndex) {
        self.providers[provider.at()].pardon();
        for (deployment, of) in self.deployments.iter().zip(&self.provider_of) {
            if *of == provider {
                deployment.pardon();
            }
        }
    }

    /// What people have decided about a deployment; `Normal` until [`World::set_posture`].
    pub fn posture(&self, deployment: DeploymentIndex) -> Posture {
        self.deployment(deployment).posture()
    }

    /// Puts a decision in force, for all plans from now on.
    pub fn set_posture(&self, deployment: DeploymentIndex, posture: Posture) {
        self.deployment(deployment).set_posture(posture);
    }

    pub(crate) fn deployment(&self, deployment: DeploymentIndex) -> &Arc<Cell> {
        &self.deployments[deployment.at()]
    }

    pub(crate) fn provider_of(&self, deployment: DeploymentIndex) -> &Arc<Cell> {
        &self.providers[self.provider_of[deployment.at()].at()]
    }
}

fn kept<'a>(before: &[Arc<Cell>], names: impl Iterator<Item = &'a Arc<str>>) -> Vec<Arc<Cell>> {
    let before: HashMap<&str, &Arc<Cell>> = before.iter().map(|cell| (&**cell.name(), cell)).collect();
    names
        .map(|name| {
            let kept = before.get(&**name).copied();
            kept.map_or_else(|| Arc::new(Cell::new(Arc::clone(name))), Arc::clone)
        })
        .collect()
}

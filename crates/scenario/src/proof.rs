//! Whether a deployment is known to be good enough for a product. Everywhere the same three classes: proven, unproven,
//! none.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::estate::{Day, Estate, Product};
use crate::set::Set;
use crate::traffic::{Sums, Traffic};

/// From how many of a product's requests on, answered whole, a deployment counts as proven for it.
pub const PROVING_REQUESTS: u64 = 20;

/// What speaks for a deployment as a product's supplier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "class")]
pub enum Proof {
    /// It has answered this product's requests.
    Served {
        /// How many.
        answered: u64,
        /// When the last, in microseconds since 1970.
        last_us: i64,
    },
    /// Somebody has approved it, and that still holds.
    Approved {
        /// Since when.
        on: Day,
    },
    /// Nothing yet: it is listed, and has answered fewer than [`PROVING_REQUESTS`].
    Unproven {
        /// How many it has answered.
        answered: u64,
    },
}

impl Proof {
    /// Whether it counts as proven.
    pub const fn is_proven(&self) -> bool {
        matches!(self, Self::Served { .. } | Self::Approved { .. })
    }
}

/// What each deployment of the estate has shown for a product.
pub fn proofs(product: &Product, traffic: &Traffic, estate: &Estate) -> Vec<Proof> {
    let served = served(&product.name, traffic);
    let proof = |index: usize| {
        let sums = served.get(&*estate.members[index].routing.name);
        let answered = sums.map_or(0, |sums| sums.answered);
        if answered >= PROVING_REQUESTS {
            return Proof::Served { answered, last_us: sums.map_or(0, |sums| sums.last_us) };
        }
        match product.approved.iter().find(|(approved, _)| *approved == index) {
            Some((_, on)) => Proof::Approved { on: Day::clone(on) },
            None => Proof::Unproven { answered },
        }
    };
    (0..estate.members.len()).map(proof).collect()
}

/// The deployments that are proven.
pub fn proven(proofs: &[Proof]) -> Set {
    proofs.iter().enumerate().filter(|(_, proof)| proof.is_proven()).map(|(index, _)| index).collect()
}

/// What each server did for a product.
pub fn served<'t>(product: &str, traffic: &'t Traffic) -> BTreeMap<&'t str, Sums> {
    let mut by_server: BTreeMap<&str, Sums> = BTreeMap::new();
    for ((shape, server), sums) in &traffic.served {
        if *traffic.shapes[*shape].0.product == *product {
            by_server.entry(&traffic.servers[*server]).or_default().join(sums);
        }
    }
    by_server
}

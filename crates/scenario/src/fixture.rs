//! Small worlds for tests.

use std::sync::Arc;

use catalogue::{Protocol, Weights};
use routing::{Deployment, DeploymentIndex, Policy, ProviderIndex, RouteEntry};

use crate::estate::{Account, Estate, Member, Product, Route};
use crate::tenure::Tenure;

pub(crate) fn account(name: &str) -> Account {
    Account { name: name.into(), ..Account::default() }
}

pub(crate) fn member(name: &str, account: u16, maker: &str, host: &str, weights: Weights) -> Member {
    let routing = Deployment {
        maker: maker.into(),
        host: host.into(),
        ..Deployment::unknown(name, ProviderIndex(account), Protocol::OpenaiChat)
    };
    Member {
        routing,
        weights,
        ends: None,
        prices: None,
        said_requests_per_minute: None,
        tokens_per_minute: None,
        answer: None,
        tenure: Tenure::default(),
    }
}

/// One route `r` with all of them, one product `p`.
pub(crate) fn estate(members: Vec<Member>, accounts: Vec<Account>) -> Estate {
    let entries = (0..members.len())
        .map(|index| RouteEntry { deployment: DeploymentIndex(u32::try_from(index).unwrap()), weight: 1 })
        .collect();
    let route = Route { name: "r".into(), entries, policy: Policy::default() };
    let product = Product { name: "p".into(), regions: Arc::default(), ..Product::default() };
    Estate { members, accounts, routes: vec![route], products: vec![product] }
}

//! How much of a demand some accounts can carry together.
//!
//! Demands reach the accounts of their candidates; each account carries what it can. The most that can be carried at
//! once is a maximum flow. Written out here because it is twenty lines over numbers that are small: groups of shapes on one
//! side, accounts on the other.

use crate::set::Set;

/// One group of requests: how much it asks, and which accounts may carry it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Demand {
    pub(crate) amount: u64,
    pub(crate) accounts: Set,
}

/// The most of `demands` that can be carried at once. An account without a limit carries anything.
pub(crate) fn carried(demands: &[Demand], limits: &[Option<u64>]) -> u64 {
    let unlimited = |demand: &&Demand| demand.accounts.iter().any(|account| limits[account].is_none());
    let free: u64 = demands.iter().filter(unlimited).map(|demand| demand.amount).sum();
    let bound: Vec<&Demand> = demands.iter().filter(|demand| !unlimited(demand)).collect();
    let mut network = Network::new(&bound, limits);
    let mut carried = free;
    while let Some(more) = network.augment() {
        carried += more;
    }
    carried
}

/// What is left of each demand and account, and what flows from one to the other.
struct Network<'a> {
    demands: &'a [&'a Demand],
    wanting: Vec<u64>,
    spare: Vec<u64>,
    flow: Vec<Vec<u64>>,
}

impl<'a> Network<'a> {
    fn new(demands: &'a [&'a Demand], limits: &[Option<u64>]) -> Self {
        Self {
            wanting: demands.iter().map(|demand| demand.amount).collect(),
            spare: limits.iter().map(|limit| limit.unwrap_or(0)).collect(),
            flow: vec![vec![0; limits.len()]; demands.len()],
            demands,
        }
    }

    /// Sends more along the shortest path from a demand that wants to an account with room; how much, if there is one.
    fn augment(&mut self) -> Option<u64> {
        let (demands, accounts) = (self.demands.len(), self.spare.len());
        // How each was reached: a demand from an account whose place it can free, an account from a demand.
        let mut demand_from: Vec<Option<usize>> = vec![None; demands];
        let mut account_from: Vec<Option<usize>> = vec![None; accounts];
        let mut reached: Vec<bool> = self.wanting.iter().map(|wanting| *wanting > 0).collect();
        let mut queue: Vec<usize> = (0..demands).filter(|demand| reached[*demand]).collect();
        let mut next = 0;
        while next < queue.len() {
            let demand = queue[next];
            next += 1;
            for account in self.demands[demand].accounts.iter() {
                if account_from[account].is_some() {
                    continue;
                }
                account_from[account] = Some(demand);
                if self.spare[account] > 0 {
                    return Some(self.send(account, &account_from, &demand_from));
                }
                for other in 0..demands {
                    if !reached[other] && self.flow[other][account] > 0 {
                        reached[other] = true;
                        demand_from[other] = Some(account);
                        queue.push(other);
                    }
                }
            }
        }
        None
    }

    fn send(&mut self, end: usize, account_from: &[Option<usize>], demand_from: &[Option<usize>]) -> u64 {
        let mut most = self.spare[end];
        let mut steps = Vec::new();
        let mut account = end;
        loop {
            let demand = account_from[account].expect("it was reached");
            let before = demand_from[demand];
            steps.push((demand, account, before));
            let Some(freed) = before else {
                most = most.min(self.wanting[demand]);
                break;
            };
            most = most.min(self.flow[demand][freed]);
            account = freed;
        }
        self.spare[end] -= most;
        for (demand, account, before) in steps {
            self.flow[demand][account] += most;
            match before {
                Some(freed) => self.flow[demand][freed] -= most,
                None => self.wanting[demand] -= most,
            }
        }
        most
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// By the theorem of the least cut: over every choice of demands that are given up, those given up and what the
    /// accounts of the others can carry.
    fn by_every_cut(demands: &[Demand], limits: &[Option<u64>]) -> u64 {
        let cut = |kept: u32| {
            let mut sum: u128 = 0;
            let mut accounts = Set::default();
            for (index, demand) in demands.iter().enumerate() {
                if kept >> index & 1 == 1 {
                    accounts = accounts.union(&demand.accounts);
                } else {
                    sum += u128::from(demand.amount);
                }
            }
            sum + accounts.iter().map(|account| limits[account].map_or(1 << 70, u128::from)).sum::<u128>()
        };
        u64::try_from((0..1_u32 << demands.len()).map(cut).min().unwrap()).unwrap()
    }

    proptest! {
        #[test]
        fn the_most_that_flows_is_the_least_cut(
            demands in proptest::collection::vec((0_u64..50, 0_u8..32), 0..7),
            limits in proptest::collection::vec(proptest::option::weighted(0.8, 0_u64..60), 5),
        ) {
            let demands: Vec<Demand> = demands
                .into_iter()
                .map(|(amount, mask)| Demand {
                    amount,
                    accounts: (0..5).filter(|account| mask >> account & 1 == 1).collect(),
                })
                .collect();
            prop_assert_eq!(carried(&demands, &limits), by_every_cut(&demands, &limits));
        }
    }
}

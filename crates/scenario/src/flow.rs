//! How much of a demand some deployments can carry together.
//!
//! Demands reach the deployments of their candidates, and those the accounts that they belong to; each deployment and
//! each account carries what it can. The most that can be carried at once is a maximum flow. Written out here because it
//! is short over numbers that are small: groups of shapes on one side, accounts on the other.

use std::collections::VecDeque;

use crate::set::Set;

/// One group of requests: how much it asks, and which deployments may carry it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Demand {
    pub(crate) amount: u64,
    pub(crate) members: Set,
}

/// What can be carried, of one measure. What has no limit carries anything.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room<'a> {
    /// Which account each deployment belongs to.
    pub(crate) account_of: &'a [usize],
    pub(crate) accounts: &'a [Option<u64>],
    pub(crate) members: &'a [Option<u64>],
}

impl Room<'_> {
    fn is_free(&self, member: usize) -> bool {
        self.members[member].is_none() && self.accounts[self.account_of[member]].is_none()
    }
}

/// The most of `demands` that can be carried at once.
pub(crate) fn carried(demands: &[Demand], room: Room<'_>) -> u64 {
    let is_free = |demand: &&Demand| demand.members.iter().any(|member| room.is_free(member));
    let free: u64 = demands.iter().filter(is_free).map(|demand| demand.amount).sum();
    let mut network = Network::default();
    let account_nodes: Vec<usize> = room.accounts.iter().map(|limit| network.drain(*limit)).collect();
    let mut member_nodes: Vec<Option<usize>> = vec![None; room.members.len()];
    for demand in demands.iter().filter(|demand| !is_free(demand)) {
        let node = network.spring(demand.amount);
        let mut at_accounts = Set::default();
        for member in demand.members.iter() {
            let account = room.account_of[member];
            match room.members[member] {
                Some(limit) => {
                    let own = *member_nodes[member].get_or_insert_with(|| {
                        let own = network.node();
                        network.link(own, account_nodes[account], limit);
                        own
                    });
                    network.link(node, own, u64::MAX);
                }
                None if at_accounts.contains(account) => {}
                None => {
                    at_accounts.insert(account);
                    network.link(node, account_nodes[account], u64::MAX);
                }
            }
        }
    }
    free + network.most()
}

const SOURCE: usize = 0;
const SINK: usize = 1;

/// Links of a limited width between nodes; each with its way back at the next odd index.
#[derive(Debug)]
struct Network {
    /// Where each link leads, and how much more it can take.
    links: Vec<(usize, u64)>,
    /// The links that leave each node.
    from: Vec<Vec<usize>>,
}

impl Default for Network {
    fn default() -> Self {
        Self { links: Vec::new(), from: vec![Vec::new(); 2] }
    }
}

impl Network {
    fn node(&mut self) -> usize {
        self.from.push(Vec::new());
        self.from.len() - 1
    }

    fn link(&mut self, from: usize, to: usize, width: u64) {
        self.from[from].push(self.links.len());
        self.links.push((to, width));
        self.from[to].push(self.links.len());
        self.links.push((from, 0));
    }

    /// A node that wants so much to flow.
    fn spring(&mut self, amount: u64) -> usize {
        let node = self.node();
        self.link(SOURCE, node, amount);
        node
    }

    /// A node that takes so much.
    fn drain(&mut self, limit: Option<u64>) -> usize {
        let node = self.node();
        self.link(node, SINK, limit.unwrap_or(u64::MAX));
        node
    }

    /// All that can flow: along the shortest way with room, again and again (Edmonds and Karp, JACM 19, 1972).
    fn most(&mut self) -> u64 {
        let mut sum = 0;
        while let Some(way) = self.way() {
            let width = way.iter().map(|link| self.links[*link].1).min().unwrap_or(0);
            for link in way {
                self.links[link].1 -= width;
                let back = &mut self.links[link ^ 1].1;
                *back = back.saturating_add(width);
            }
            sum += width;
        }
        sum
    }

    /// The links of the shortest way with room.
    fn way(&self) -> Option<Vec<usize>> {
        let mut reached_by: Vec<Option<usize>> = vec![None; self.from.len()];
        let mut queue = VecDeque::from([SOURCE]);
        while let Some(node) = queue.pop_front() {
            for link in &self.from[node] {
                let (to, room) = self.links[*link];
                if room == 0 || to == SOURCE || reached_by[to].is_some() {
                    continue;
                }
                reached_by[to] = Some(*link);
                if to == SINK {
                    let before = |link: &usize| reached_by[self.links[link ^ 1].0];
                    return Some(std::iter::successors(Some(*link), before).collect());
                }
                queue.push_back(to);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ACCOUNT_OF: [usize; 5] = [0, 0, 1, 1, 2];

    /// By the theorem of the least cut: over every choice of demands that are given up, those given up and what the
    /// others' deployments can carry, each account's no more than it.
    fn by_every_cut(demands: &[Demand], room: Room<'_>) -> u64 {
        let no_end = 1_u128 << 70;
        let cut = |kept: u32| {
            let mut sum: u128 = 0;
            let mut members = Set::default();
            for (index, demand) in demands.iter().enumerate() {
                if kept >> index & 1 == 1 {
                    members = members.union(&demand.members);
                } else {
                    sum += u128::from(demand.amount);
                }
            }
            let limit = |limit: Option<u64>| limit.map_or(no_end, u128::from);
            let at = |account: usize| -> u128 {
                let own = members.iter().filter(|member| room.account_of[*member] == account);
                own.map(|member| limit(room.members[member])).sum::<u128>().min(limit(room.accounts[account]))
            };
            sum + (0..room.accounts.len()).map(at).sum::<u128>()
        };
        u64::try_from((0..1_u32 << demands.len()).map(cut).min().unwrap()).unwrap()
    }

    proptest! {
        #[test]
        fn the_most_that_flows_is_the_least_cut(
            demands in proptest::collection::vec((0_u64..50, 0_u8..32), 0..7),
            accounts in proptest::collection::vec(proptest::option::weighted(0.8, 0_u64..60), 3),
            members in proptest::collection::vec(proptest::option::weighted(0.5, 0_u64..40), 5),
        ) {
            let demands: Vec<Demand> = demands
                .into_iter()
                .map(|(amount, mask)| Demand {
                    amount,
                    members: (0..5).filter(|member| mask >> member & 1 == 1).collect(),
                })
                .collect();
            let room = Room { account_of: &ACCOUNT_OF, accounts: &accounts, members: &members };
            prop_assert_eq!(carried(&demands, room), by_every_cut(&demands, room));
        }
    }
}

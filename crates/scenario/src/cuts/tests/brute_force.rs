//! Smallest cuts against their definition, on generated worlds. What is lost by a domain's name, what each deployment and each
//! account carries, and what that leaves room for is all worked out here a second time, by other means.

use std::collections::BTreeMap;
use std::time::Duration;

use catalogue::Weights;
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;

use super::super::*;
use super::{apart, shape};
use crate::fixture::{account, estate, member};
use crate::shape::Size;
use crate::traffic::Sums;

const REGIONS: [&str; 3] = ["eu", "eu/france", "us"];

#[derive(Debug, Clone)]
struct Deployment {
    maker: u8,
    host: u8,
    account: u16,
    region: Option<usize>,
    tokens: Option<u64>,
    said_requests: Option<u64>,
    /// Slots, and the seconds for which an answer takes one.
    slots: Option<(u32, u64)>,
}

#[derive(Debug, Clone)]
struct Contract {
    tokens: Option<u64>,
    requests: Option<u64>,
    owner: Option<u8>,
    country: Option<u8>,
}

#[derive(Debug, Clone)]
struct Asked {
    /// Of the product, or of another.
    own: bool,
    /// A bit of each deployment that may serve it.
    may: u8,
    requests: u64,
    /// In the busiest minute by tokens, and in the other by requests.
    peaks: [u64; 2],
}

#[derive(Debug, Clone)]
struct World {
    deployments: Vec<Deployment>,
    contracts: Vec<Contract>,
    shapes: Vec<Asked>,
}

fn worlds() -> impl Strategy<Value = World> {
    let slots = (1_u32..4, prop_oneof![Just(6_u64), Just(10), Just(20), Just(30)]);
    let who = (0_u8..3, 0_u8..3, 0_u16..3, weighted(0.6, 0_usize..3));
    let limits = (weighted(0.3, 0_u64..40), weighted(0.3, 0_u64..20), weighted(0.3, slots));
    let deployment = (who, limits).prop_map(|(who, limits)| {
        let ((maker, host, account, region), (tokens, said_requests, slots)) = (who, limits);
        Deployment { maker, host, account, region, tokens, said_requests, slots }
    });
    let company = (weighted(0.6, 0_u8..2), weighted(0.6, 0_u8..2));
    let contract = (weighted(0.5, 0_u64..60), weighted(0.5, 0_u64..30), company);
    let contract = contract.prop_map(|(tokens, requests, (owner, country))| Contract {
        tokens,
        requests,
        owner,
        country,
    });
    let asked = (any::<bool>(), any::<u8>(), 1_u64..5, 0_u64..40, 0_u64..20).prop_map(
        |(own, may, requests, tokens, at_once)| Asked { own, may, requests, peaks: [tokens, at_once] },
    );
    (vec(deployment, 1..7), vec(contract, 3), vec(asked, 1..6))
        .prop_map(|(deployments, contracts, shapes)| World { deployments, contracts, shapes })
}

impl World {
    fn estate(&self) -> Estate {
        let named = |kind: &str, number: Option<u8>| number.map(|number| format!("{kind}{number}").into());
        let accounts = self.contracts.iter().enumerate().map(|(index, contract)| {
            let mut account = account(&format!("account{index}"));
            (account.tokens_per_minute, account.requests_per_minute) = (contract.tokens, contract.requests);
            (account.owner, account.country) =
                (named("owner", contract.owner), named("country", contract.country));
            account
        });
        let members = self.deployments.iter().enumerate().map(|(index, of)| {
            let (maker, host) = (format!("maker{}", of.maker), format!("host{}", of.host));
            let mut member = member(&format!("d/{index}"), of.account, &maker, &host, Weights::MakerOnly);
            member.routing.region = of.region.map(|region| REGIONS[region].parse().unwrap());
            member.tokens_per_minute = of.tokens;
            member.said_requests_per_minute = of.said_requests;
            member.routing.max_in_flight = of.slots.map(|(slots, _)| slots);
            member.answer = of.slots.map(|(_, seconds)| Duration::from_secs(seconds));
            member
        });
        estate(members.collect(), accounts.collect())
    }

    fn traffic(&self) -> (Traffic, Vec<Option<Set>>) {
        let mut traffic = Traffic::default();
        let mut candidates = Vec::new();
        for (index, asked) in self.shapes.iter().enumerate() {
            let sums = Sums { requests: asked.requests, ..Sums::default() };
            let product = if asked.own { "p" } else { "other" };
            traffic.shapes.push((shape(product, index as u64), Size::default(), sums));
            candidates.push(Some(self.may(index).into_iter().collect()));
        }
        // What is asked in each minute of the other measure decides nothing.
        let peak = |minute, load: &dyn Fn(&Asked) -> Load| Peak {
            minute,
            loads: self.shapes.iter().map(load).enumerate().collect(),
        };
        let by_tokens = peak(1, &|asked| Load { requests: 1_000, tokens: asked.peaks[0], nanos: 0 });
        let by_requests = peak(2, &|asked| Load { requests: asked.peaks[1], tokens: 1_000, nanos: 0 });
        traffic.peaks = BTreeMap::from([("p".into(), [by_tokens, by_requests])]);
        (traffic, candidates)
    }

    fn may(&self, shape: usize) -> Vec<usize> {
        (0..self.deployments.len()).filter(|index| self.shapes[shape].may >> index & 1 == 1).collect()
    }

    /// Each loss that takes anybody who may serve anything, by what it takes: under all its names.
    fn losses(&self) -> BTreeMap<Vec<usize>, Vec<String>> {
        let mut named: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, of) in self.deployments.iter().enumerate() {
            let contract = &self.contracts[usize::from(of.account)];
            let mut names = vec![
                format!("maker:maker{}", of.maker),
                format!("host:host{}", of.host),
                format!("provider:account{}", of.account),
            ];
            names.extend(contract.owner.map(|owner| format!("owner:owner{owner}")));
            names.extend(contract.country.map(|country| format!("country:country{country}")));
            // Who lies in France lies in Europe; that is a loss where anybody says no more than that.
            let is_said = |region: usize| self.deployments.iter().any(|other| other.region == Some(region));
            names.extend(of.region.map(|region| format!("region:{}", REGIONS[region])));
            names.extend((of.region == Some(1) && is_said(0)).then(|| "region:eu".to_owned()));
            for name in names {
                named.entry(name).or_default().push(index);
            }
        }
        let used = |member: &usize| (0..self.shapes.len()).any(|shape| self.may(shape).contains(member));
        let mut losses: BTreeMap<Vec<usize>, Vec<String>> = BTreeMap::new();
        for (name, mut takes) in named {
            takes.retain(used);
            if !takes.is_empty() {
                losses.entry(takes).or_default().push(name);
            }
        }
        losses
    }

    /// Whether the product is hurt: a request whose every candidate is lost, or less room in a busiest minute than there is
    /// too little of already.
    fn hurts(&self, lost: &[usize]) -> bool {
        let (stops, short) = self.lacks(lost);
        let (_, already) = self.lacks(&[]);
        stops || short.iter().zip(already).any(|(short, already)| *short > already)
    }

    /// Whether any request has nobody, and how many tokens and requests find no room.
    fn lacks(&self, lost: &[usize]) -> (bool, [u128; 2]) {
        let left = |shape: usize| -> Vec<usize> {
            self.may(shape).into_iter().filter(|member| !lost.contains(member)).collect()
        };
        let own = |shape: &usize| self.shapes[*shape].own;
        let shapes: Vec<usize> =
            (0..self.shapes.len()).filter(|shape| !self.may(*shape).is_empty()).collect();
        let stops = shapes.iter().filter(|shape| own(shape)).any(|shape| left(*shape).is_empty());
        let alive: Vec<usize> = shapes.into_iter().filter(|shape| !left(*shape).is_empty()).collect();
        let others: Vec<usize> = alive.iter().copied().filter(|shape| !own(shape)).collect();
        let short = [0, 1].map(|measure| {
            let own = alive.iter().filter(|shape| own(shape));
            let wanted: u64 = own.map(|shape| self.shapes[*shape].peaks[measure]).sum();
            let carried = |shapes: &[usize]| self.carries(measure, shapes, &left);
            u128::from(wanted) - (carried(&alive) - carried(&others))
        });
        (stops, short)
    }

    /// What finds room, of these shapes together: the least cut over all subsets of them.
    fn carries(&self, measure: usize, shapes: &[usize], left: &dyn Fn(usize) -> Vec<usize>) -> u128 {
        let cost = |kept: u32| {
            let (within, outside): (Vec<usize>, Vec<usize>) =
                (0..shapes.len()).partition(|bit| kept >> bit & 1 == 1);
            let refused: u64 = outside.iter().map(|bit| self.shapes[shapes[*bit]].peaks[measure]).sum();
            let mut used: Vec<usize> = within.iter().flat_map(|bit| left(shapes[*bit])).collect();
            used.sort_unstable();
            used.dedup();
            let room = |account: usize| -> u128 {
                let there = used.iter().map(|member| &self.deployments[*member]);
                let there = there.filter(|of| usize::from(of.account) == account);
                let contract = &self.contracts[account];
                let whole = [contract.tokens, contract.requests][measure];
                there.map(|of| limit(of.carries(measure))).sum::<u128>().min(limit(whole))
            };
            u128::from(refused) + (0..self.contracts.len()).map(room).sum::<u128>()
        };
        (0..1_u32 << shapes.len()).map(cost).min().unwrap()
    }

    /// Every set of up to three losses that hurts, and no smaller one in it does; each loss by what it takes.
    fn smallest_cuts(&self) -> Vec<Vec<Vec<usize>>> {
        let losses: Vec<Vec<usize>> = self.losses().into_keys().collect();
        let sets = (0..1_u32 << losses.len()).filter(|set| set.count_ones() as usize <= LARGEST);
        let of = |set: u32| losses.iter().enumerate().filter(move |(index, _)| set >> index & 1 == 1);
        let takes = |set: u32| of(set).flat_map(|(_, takes)| takes.iter().copied()).collect::<Vec<usize>>();
        let hurting: Vec<u32> = sets.filter(|set| self.hurts(&takes(*set))).collect();
        let is_smallest = |set: &&u32| !hurting.iter().any(|other| other != *set && other & **set == *other);
        let smallest = hurting.iter().filter(is_smallest);
        let mut cuts: Vec<Vec<Vec<usize>>> =
            smallest.map(|set| of(*set).map(|(_, takes)| takes.clone()).collect()).collect();
        cuts.sort();
        cuts
    }
}

impl Deployment {
    /// Tokens, or requests, that it carries a minute by itself.
    fn carries(&self, measure: usize) -> Option<u64> {
        let by_slots = self.slots.map(|(slots, seconds)| u64::from(slots) * (60 / seconds));
        if measure == 0 { self.tokens } else { [self.said_requests, by_slots].into_iter().flatten().min() }
    }
}

fn limit(limit: Option<u64>) -> u128 {
    limit.map_or(1 << 80, u128::from)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Also with capacity in tokens, requests and slots, other products in the same minutes, and losses that share deployments:
    /// makers, hosts, regions, accounts, owners and countries.
    #[test]
    fn the_smallest_cuts_are_those_of_brute_force(world in worlds()) {
        let expected = world.losses();
        prop_assume!(expected.len() <= 14);
        let estate = world.estate();
        let (traffic, candidates) = world.traffic();
        let needs = Needs::of("p", &traffic, &candidates, &estate);
        let losses = needs.losses(&estate.losses("2026-11-28"));
        let takes = |loss: &Loss| loss.takes.iter().collect::<Vec<usize>>();
        let named = losses.iter().map(|loss| {
            let mut names: Vec<String> = loss.domains.iter().map(ToString::to_string).collect();
            names.sort();
            (takes(loss), names)
        });
        prop_assert_eq!(named.collect::<BTreeMap<_, _>>(), expected);
        let cuts = needs.cuts(&losses);
        let mut found: Vec<Vec<Vec<usize>>> = cuts
            .iter()
            .flat_map(|cut| apart(cut, &losses))
            .map(|cut| {
                let mut taken: Vec<Vec<usize>> = cut.iter().map(|index| takes(&losses[*index])).collect();
                taken.sort();
                taken
            })
            .collect();
        found.sort();
        prop_assert_eq!(found, world.smallest_cuts());
    }
}

use std::collections::BTreeMap;

use catalogue::{Needs as Abilities, Protocol, Weights};
use proptest::prelude::*;

use super::*;
use crate::domain::DomainKind;
use crate::fixture::{account, estate, member};
use crate::outlook::{Outlook, Verdict};
use crate::shape::{Size, SizeClass};
use crate::traffic::Sums;

/// Requests of `product` on route `r` that need what the number says, so that each is a shape of its own.
fn shape(product: &str, number: u64) -> Shape {
    Shape {
        product: product.into(),
        route: "r".into(),
        protocol: Protocol::OpenaiChat,
        stream: false,
        needs: Abilities::NONE,
        regions: Arc::default(),
        size: SizeClass { window: u16::try_from(number).unwrap(), output: 0 },
        unsayable: Set::default(),
    }
}

/// A generated world: which deployments each shape may use, whose each is, what each account carries.
#[derive(Debug, Clone)]
struct World {
    /// Of each deployment: maker, host, account, and what it carries by itself.
    members: Vec<(u8, u8, u16, Option<u64>)>,
    limits: Vec<Option<u64>>,
    /// Of each shape: whether it is the product's own, its candidates, requests, tokens at the peak.
    shapes: Vec<(bool, u8, u64, u64)>,
}

fn worlds() -> impl Strategy<Value = World> {
    (
        proptest::collection::vec(
            (0_u8..3, 0_u8..3, 0_u16..3, proptest::option::weighted(0.3, 0_u64..40)),
            1..7,
        ),
        proptest::collection::vec(proptest::option::of(0_u64..60), 3),
        proptest::collection::vec((any::<bool>(), any::<u8>(), 1_u64..5, 0_u64..40), 1..6),
    )
        .prop_map(|(members, limits, shapes)| World { members, limits, shapes })
}

impl World {
    fn estate(&self) -> Estate {
        let accounts = self.limits.iter().enumerate().map(|(index, limit)| {
            let mut account = account(&format!("account{index}"));
            account.tokens_per_minute = *limit;
            account
        });
        let members = self.members.iter().enumerate().map(|(index, (maker, host, account, limit))| {
            let (maker, host) = (format!("maker{maker}"), format!("host{host}"));
            let mut member = member(&format!("d/{index}"), *account, &maker, &host, Weights::MakerOnly);
            member.tokens_per_minute = *limit;
            member
        });
        estate(members.collect(), accounts.collect())
    }

    fn traffic(&self) -> (Traffic, Vec<Option<Set>>) {
        let mut traffic = Traffic::default();
        let mut candidates = Vec::new();
        let mut loads = Vec::new();
        for (index, (own, mask, requests, tokens)) in self.shapes.iter().enumerate() {
            let product = if *own { "p" } else { "other" };
            let sums = Sums { requests: *requests, ..Sums::default() };
            traffic.shapes.push((shape(product, index as u64), Size::default(), sums));
            candidates.push(Some((0..self.members.len()).filter(|member| mask >> member & 1 == 1).collect()));
            loads.push((index, Load { requests: 1, tokens: *tokens, nanos: 0 }));
        }
        let peak = Peak { minute: 1, loads };
        traffic.peaks = BTreeMap::from([("p".into(), [peak.clone(), peak])]);
        (traffic, candidates)
    }

    /// By definition, and by other means: counts requests whose every candidate is lost, and looks for the least cut of
    /// the demands over all subsets.
    fn hurts(&self, candidates: &[Option<Set>], lost: &Set) -> bool {
        let (stops, short) = self.lacks(candidates, lost);
        stops || short > self.lacks(candidates, &Set::default()).1
    }

    /// Whether any request has nobody, and how many tokens of the peak find no room.
    fn lacks(&self, candidates: &[Option<Set>], lost: &Set) -> (bool, u128) {
        let left = |index: usize| -> Vec<usize> {
            let all = candidates[index].as_ref().unwrap();
            all.iter().filter(|member| !lost.contains(*member)).collect()
        };
        let own = |index: &usize| self.shapes[*index].0;
        let served = |index: &usize| !candidates[*index].as_ref().unwrap().is_empty();
        let shapes: Vec<usize> = (0..self.shapes.len()).filter(served).collect();
        let stops = shapes.iter().filter(|index| own(index)).any(|index| left(*index).is_empty());
        let alive: Vec<usize> = shapes.into_iter().filter(|index| !left(*index).is_empty()).collect();
        let others: Vec<usize> = alive.iter().copied().filter(|index| !own(index)).collect();
        let wanted: u64 = alive.iter().filter(|index| own(index)).map(|index| self.shapes[*index].3).sum();
        (stops, u128::from(wanted) - (self.carries(&alive, &left) - self.carries(&others, &left)))
    }

    fn carries(&self, shapes: &[usize], left: &dyn Fn(usize) -> Vec<usize>) -> u128 {
        let cost = |kept: u32| {
            let mut used: Vec<usize> = Vec::new();
            let mut sum = 0_u128;
            for (bit, index) in shapes.iter().enumerate() {
                if kept >> bit & 1 == 1 {
                    used.extend(left(*index));
                } else {
                    sum += u128::from(self.shapes[*index].3);
                }
            }
            used.sort_unstable();
            used.dedup();
            let limit = |limit: Option<u64>| limit.map_or(1 << 80, u128::from);
            let at = |account: usize| -> u128 {
                let own = used.iter().map(|member| self.members[*member]);
                let own = own.filter(|(_, _, at, _)| usize::from(*at) == account);
                own.map(|(_, _, _, own)| limit(own)).sum::<u128>().min(limit(self.limits[account]))
            };
            sum + (0..3).map(at).sum::<u128>()
        };
        (0..1_u32 << shapes.len()).map(cost).min().unwrap()
    }
}

/// Every set of up to three losses that hurts, and no smaller one in it does.
fn by_brute_force(world: &World, losses: &[Loss], candidates: &[Option<Set>]) -> Vec<Vec<usize>> {
    let subsets: Vec<u32> =
        (0..1_u32 << losses.len()).filter(|set| set.count_ones() as usize <= LARGEST).collect();
    let takes = |set: u32| {
        let chosen = losses.iter().enumerate().filter(|(index, _)| set >> index & 1 == 1);
        chosen.fold(Set::default(), |lost, (_, loss)| lost.union(&loss.takes))
    };
    let hurting: Vec<u32> = subsets.into_iter().filter(|set| world.hurts(candidates, &takes(*set))).collect();
    let smallest =
        hurting.iter().filter(|set| !hurting.iter().any(|other| other != *set && other & **set == *other));
    let mut cuts: Vec<Vec<usize>> =
        smallest.map(|set| (0..losses.len()).filter(|index| set >> index & 1 == 1).collect()).collect();
    cuts.sort();
    cuts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Also with capacity, other products in the same minute, and losses that share deployments.
    #[test]
    fn the_smallest_cuts_are_those_of_brute_force(world in worlds()) {
        let estate = world.estate();
        let (traffic, candidates) = world.traffic();
        let needs = Needs::of("p", &traffic, &candidates, &estate);
        let losses = needs.losses(&estate.losses("2026-11-28"));
        prop_assume!(losses.len() <= 12);
        let mut found: Vec<Vec<usize>> = needs.cuts(&losses).iter().flat_map(|cut| apart(cut, &losses)).collect();
        found.sort();
        prop_assert_eq!(found, by_brute_force(&world, &losses, &candidates));
    }
}

/// The cuts that are told as one, each by its losses.
fn apart(cut: &Cut, losses: &[Loss]) -> Vec<Vec<usize>> {
    let index = |domain: &Domain| losses.iter().position(|loss| loss.domains.contains(domain)).unwrap();
    let mut cuts: Vec<Vec<usize>> = vec![Vec::new()];
    for domains in &cut.losses {
        let mut choices: Vec<usize> = domains.iter().map(index).collect();
        choices.dedup();
        let with = |cut: &Vec<usize>| choices.iter().map(|choice| [&cut[..], &[*choice]].concat()).collect();
        cuts = cuts.iter().flat_map::<Vec<Vec<usize>>, _>(with).collect();
    }
    for cut in &mut cuts {
        cut.sort_unstable();
    }
    cuts
}

/// Three suppliers, two of them with one owner.
fn three() -> (Estate, Traffic, Vec<Option<Set>>) {
    let accounts = ["one", "two", "three"].map(|name| {
        let mut account = account(name);
        account.owner = Some(if name == "three" { "B".into() } else { "A".into() });
        account
    });
    let members = (0..3_u16).map(|index| {
        member(
            &format!("d/{index}"),
            index,
            &format!("maker{index}"),
            &format!("host{index}"),
            Weights::MakerOnly,
        )
    });
    let estate = estate(members.collect(), accounts.into());
    let mut traffic = Traffic::default();
    for (number, requests) in [(0, 90), (1, 10)] {
        traffic.shapes.push((shape("p", number), Size::default(), Sums { requests, ..Sums::default() }));
    }
    let candidates = vec![Some([0, 1, 2].into_iter().collect()), Some([0, 1].into_iter().collect())];
    (estate, traffic, candidates)
}

#[test]
fn an_owner_of_two_accounts_is_a_smaller_cut_than_the_accounts() {
    let (estate, traffic, candidates) = three();
    let needs = Needs::of("p", &traffic, &candidates, &estate);
    let losses = needs.losses(&estate.losses("2026-11-28"));
    let cuts = needs.cuts(&losses);
    assert_eq!(cuts[0].losses, [[Domain::new(DomainKind::Owner, "A")]]);
    assert!((cuts[0].effect.stopped - 0.1).abs() < 1e-9, "{:?}", cuts[0]);
    let sizes: Vec<usize> = cuts.iter().map(|cut| cut.losses.len()).collect();
    assert_eq!(sizes, [1, 2], "the owner; or both accounts, whose domains are joined by what they take away");
    assert!(cuts[1].losses.iter().all(|names| names.len() == 3), "maker, host and account: {:?}", cuts[1]);
}

/// What else a loss takes, which only another product uses, is no other loss for this one.
#[test]
fn losses_that_take_the_same_from_the_product_are_one() {
    let member = |index: u16, host: &str| {
        member(&format!("d/{index}"), index, &format!("maker{index}"), host, Weights::MakerOnly)
    };
    let members = vec![member(0, "own"), member(1, "cloud"), member(2, "cloud")];
    let estate = estate(members, ["one", "two", "three"].map(account).into());
    let mut traffic = Traffic::default();
    for (number, product) in [(0, "p"), (1, "other")] {
        traffic.shapes.push((
            shape(product, number),
            Size::default(),
            Sums { requests: 10, ..Sums::default() },
        ));
    }
    let load = Load { requests: 1, tokens: 1, nanos: 0 };
    let peak = Peak { minute: 1, loads: vec![(0, load), (1, load)] };
    traffic.peaks = BTreeMap::from([("p".into(), [peak.clone(), peak])]);
    let candidates = vec![Some([0, 1].into_iter().collect()), Some([2].into_iter().collect())];
    let needs = Needs::of("p", &traffic, &candidates, &estate);
    let cuts = needs.cuts(&needs.losses(&estate.losses("2026-11-28")));
    assert_eq!(cuts.len(), 1, "{cuts:?}");
    let named = |kind, name: &str| cuts[0].losses.iter().any(|loss| loss.contains(&Domain::new(kind, name)));
    assert!(named(DomainKind::Host, "own") && named(DomainKind::Host, "cloud"), "{cuts:?}");
    assert!(named(DomainKind::Maker, "maker1"), "the cloud's own maker is as good a name: {cuts:?}");
}

/// A fallback with ten slots, in which an answer takes six seconds, carries a hundred requests a minute.
#[test]
fn slots_carry_as_many_requests_as_they_are_free_for() {
    let mut fallback = member("b/y", 1, "n", "i", Weights::MakerOnly);
    fallback.routing.max_in_flight = Some(10);
    assert_eq!(fallback.requests_per_minute(), None, "nobody has seen how long an answer takes");
    fallback.answer = Some(std::time::Duration::from_secs(6));
    assert_eq!(fallback.requests_per_minute(), Some(100));
    fallback.said_requests_per_minute = Some(60);
    assert_eq!(fallback.requests_per_minute(), Some(60), "whichever is less");
    fallback.said_requests_per_minute = None;
    let members = vec![member("a/x", 0, "m", "h", Weights::MakerOnly), fallback];
    let mut estate = estate(members, vec![account("a"), account("b")]);
    let mut traffic = Traffic::default();
    traffic.shapes.push((shape("p", 0), Size::default(), Sums { requests: 120, ..Sums::default() }));
    let peak = Peak { minute: 1, loads: vec![(0, Load { requests: 120, tokens: 1, nanos: 0 })] };
    traffic.peaks = BTreeMap::from([("p".into(), [peak.clone(), peak])]);
    let candidates = vec![Some([0, 1].into_iter().collect())];
    let short = |estate: &Estate| {
        let needs = Needs::of("p", &traffic, &candidates, estate);
        needs.without(&[0].into_iter().collect()).short_requests
    };
    assert_eq!(short(&estate), 20);
    estate.members[1].routing.max_in_flight = Some(12);
    assert_eq!(short(&estate), 0);
}

#[test]
fn what_nobody_could_serve_anyway_is_no_cut() {
    let (estate, traffic, mut candidates) = three();
    candidates[0] = Some(Set::default());
    candidates[1] = None;
    let needs = Needs::of("p", &traffic, &candidates, &estate);
    assert_eq!((needs.without_any, needs.without_route, needs.requests()), (90, 10, 0));
    assert_eq!(needs.cuts(&needs.losses(&estate.losses("2026-11-28"))), []);
}

/// A loss is to blame for what it adds alone: what is short while nothing is lost is no cut, and no part of one.
#[test]
fn what_is_short_already_is_no_losss_doing() {
    let narrow = |name: &str| {
        let mut account = account(name);
        account.tokens_per_minute = Some(100);
        account
    };
    let member = |index: u16| {
        let (maker, host) = (format!("maker{index}"), format!("host{index}"));
        member(&format!("d/{index}"), index, &maker, &host, Weights::MakerOnly)
    };
    let estate = estate((0..3).map(member).collect(), ["one", "two", "three"].map(narrow).into());
    let mut traffic = Traffic::default();
    traffic.shapes.push((shape("p", 0), Size::default(), Sums { requests: 9, ..Sums::default() }));
    let peak = Peak { minute: 1, loads: vec![(0, Load { requests: 9, tokens: 250, nanos: 0 })] };
    traffic.peaks = BTreeMap::from([("p".into(), [peak.clone(), peak])]);
    let needs = Needs::of("p", &traffic, &[Some([0, 1].into_iter().collect())], &estate);
    assert_eq!(needs.already(), Effect { short_tokens: 50, ..Effect::default() });
    let lost = |member| -> Set { std::iter::once(member).collect() };
    assert!(needs.added_by(&lost(2)).is_none(), "it uses nothing of that");
    assert_eq!(needs.added_by(&lost(0)).short_tokens, 100, "of the 150 that are short then, 50 were before");
    let cuts = needs.cuts(&needs.losses(&estate.losses("2026-11-28")));
    let effects: Vec<(usize, u64)> =
        cuts.iter().map(|cut| (cut.losses.len(), cut.effect.short_tokens)).collect();
    assert_eq!(effects, [(1, 100), (1, 100)], "each of its two, and no set that holds one: {cuts:?}");

    let outlook = |member| Outlook::after(&needs, &needs, &Set::default(), &lost(member));
    let [own, foreign] = [0, 2].map(outlook);
    assert_eq!((own.short_tokens, own.short_already_tokens), (100, 50));
    assert_eq!((foreign.short_tokens, foreign.short_already_tokens), (0, 50));
    assert_eq!([own.verdict(true), foreign.verdict(false)], [Verdict::Partly, Verdict::Untouched]);
}

/// The bound that is promised is ten seconds for 30 domains; an hour's worth of slower machines is between.
#[test]
fn cuts_of_thirty_domains_are_found_at_once() {
    let accounts = (0..30).map(|index| {
        let mut account = account(&format!("account{index}"));
        account.tokens_per_minute = Some(100);
        account
    });
    let members = (0..30_u16).map(|index| {
        let name = format!("d/{index}");
        member(&name, index, "m", "h", Weights::Open)
    });
    let estate = estate(members.collect(), accounts.collect());
    let mut traffic = Traffic::default();
    let mut candidates = Vec::new();
    let mut loads = Vec::new();
    for index in 0..40_usize {
        let sums = Sums { requests: 1, ..Sums::default() };
        traffic.shapes.push((shape("p", index as u64), Size::default(), sums));
        candidates.push(Some((0..30).filter(|member| (member + index) % 3 != 0).collect()));
        loads.push((index, Load { requests: 1, tokens: 50, nanos: 0 }));
    }
    let peak = Peak { minute: 1, loads };
    traffic.peaks = BTreeMap::from([("p".into(), [peak.clone(), peak])]);
    let needs = Needs::of("p", &traffic, &candidates, &estate);
    let losses: Vec<Loss> =
        needs.losses(&estate.losses("2026-11-28")).into_iter().filter(|loss| loss.takes.len() == 1).collect();
    assert_eq!(losses.len(), 30);
    let work = std::hint::black_box(needs.cuts(&losses));
    assert!(work.is_empty(), "2,700 tokens a minute are left of 3,000, and 2,000 are needed");
}

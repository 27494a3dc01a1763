use proptest::prelude::*;

use super::*;
use crate::dice::Dice;

/// A breaker and its clock.
struct Bench {
    word: u64,
    now: u64,
}

impl Bench {
    fn new() -> Self {
        Self { word: 0, now: 1_000_000 }
    }

    fn admit(&mut self) -> Result<Ticket, Shut> {
        let (next, ticket) = admit(self.word, Instant(self.now))?;
        self.word = next;
        Ok(ticket)
    }

    fn report(&mut self, ticket: Ticket, event: Event) {
        self.word = step(self.word, ticket, event, Instant(self.now));
    }

    /// One attempt from begin to end; `false` if it was refused.
    fn attempt(&mut self, event: Event) -> bool {
        let admitted = self.admit();
        if let Ok(ticket) = admitted {
            self.report(ticket, event);
        }
        admitted.is_ok()
    }

    fn opened() -> Self {
        let mut bench = Self::new();
        for _ in 0..5 {
            bench.attempt(FAILED);
        }
        assert!(bench.wait() > 0);
        bench
    }

    /// How long until an attempt is let through; 0 where it would be now.
    fn wait(&self) -> u64 {
        match look(self.word, Instant(self.now)) {
            Look::Ready | Look::Due(_) => 0,
            Look::Shut(shut) => shut.wait_ms,
        }
    }

    fn wait_out(&mut self) {
        self.now += self.wait();
    }
}

const FAILED: Event = Event::Bad(Why::Failing);

#[test]
fn five_failures_in_a_row_open_it() {
    let mut bench = Bench::new();
    for _ in 0..4 {
        assert!(bench.attempt(FAILED));
    }
    for _ in 0..12 {
        assert!(bench.attempt(Event::Good), "four do not");
    }
    for _ in 0..4 {
        assert!(bench.attempt(FAILED));
    }
    assert_eq!(bench.wait(), 0, "good ones between start the count anew");
    bench.attempt(FAILED);
    assert!((1_000..1_200).contains(&bench.wait()));
    assert!(bench.admit().is_err());
}

#[test]
fn three_per_cent_of_errors_never_open_it() {
    for seed in 0..5 {
        let mut dice = Dice::new(seed);
        let mut bench = Bench::new();
        for request in 0..100_000 {
            let event = if dice.unit_f64() < 0.03 { FAILED } else { Event::Good };
            assert!(bench.attempt(event), "seed {seed}: opened at request {request}");
        }
    }
}

#[test]
fn sixty_per_cent_of_errors_open_it_within_about_forty() {
    let mut counts: Vec<u32> = (0..1_000)
        .map(|seed| {
            let mut dice = Dice::new(seed);
            let mut bench = Bench::new();
            let failing = |dice: &mut Dice| if dice.unit_f64() < 0.6 { FAILED } else { Event::Good };
            (0..10_000).find(|_| !bench.attempt(failing(&mut dice))).unwrap()
        })
        .collect();
    counts.sort_unstable();
    assert!(counts[900] <= 40, "nine in ten within 40, not {}", counts[900]);
    assert!(counts[999] <= 120, "all within 120, not {}", counts[999]);
}

#[test]
fn waits_double_to_a_minute_and_stay() {
    let mut bench = Bench::opened();
    for expected in [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000] {
        let wait = bench.wait();
        assert!((expected..=expected * 6 / 5).contains(&wait), "{wait} is not {expected} and up to a fifth");
        bench.wait_out();
        assert!(bench.attempt(FAILED), "the probe");
    }
}

#[test]
fn waits_differ_between_suppliers_that_fail_together() {
    let mut waits: Vec<u64> = (0..20)
        .map(|offset| {
            let mut bench = Bench { now: 1_000_000 + offset, ..Bench::new() };
            while bench.attempt(FAILED) {}
            bench.wait()
        })
        .collect();
    waits.sort_unstable();
    waits.dedup();
    assert!(waits.len() > 12, "{waits:?}");
}

#[test]
fn one_good_probe_closes_it_and_ten_good_answers_make_it_forget() {
    let mut bench = Bench::opened();
    bench.wait_out();
    assert!(bench.attempt(Event::Good));
    assert_eq!(look(bench.word, Instant(bench.now)), Look::Ready);
    let mut flapping = Bench { ..bench };
    flapping.attempt(Event::Good);
    while flapping.attempt(FAILED) {}
    assert!(flapping.wait() >= 2_000, "fallen again soon: the longer wait");
    for _ in 0..12 {
        bench.attempt(Event::Good);
    }
    while bench.attempt(FAILED) {}
    assert!(bench.wait() < 2_000, "after good service: the short one");
}

#[test]
fn a_slow_success_begun_before_it_opened_does_not_close_it() {
    let mut bench = Bench::new();
    let slow = bench.admit().unwrap();
    while bench.attempt(FAILED) {}
    let open = bench.word;
    bench.report(slow, Event::Good);
    assert_eq!(bench.word, open);
    // Neither in the same nor in a later opening, nor while it is probed.
    bench.wait_out();
    bench.admit().unwrap();
    let probing = bench.word;
    bench.report(slow, Event::Good);
    assert_eq!(bench.word, probing);
}

#[test]
fn late_failures_of_a_burst_do_not_prolong_it_nor_open_it_again() {
    let mut bench = Bench::new();
    let burst: Vec<Ticket> = (0..50).map(|_| bench.admit().unwrap()).collect();
    for ticket in &burst[..5] {
        bench.report(*ticket, FAILED);
    }
    let open = bench.word;
    bench.now += 500;
    for ticket in &burst[5..25] {
        bench.report(*ticket, FAILED);
    }
    assert_eq!(bench.word, open, "not prolonged");
    bench.wait_out();
    assert!(bench.attempt(Event::Good));
    let closed = bench.word;
    for ticket in &burst[25..] {
        bench.report(*ticket, FAILED);
    }
    assert_eq!(bench.word, closed, "not opened again");
}

#[test]
fn a_last_resort_that_serves_closes_it_and_one_that_fails_changes_nothing() {
    let mut bench = Bench::opened();
    let open = bench.word;
    let (bad, good) = (last_resort(bench.word), last_resort(bench.word));
    bench.report(bad, FAILED);
    assert_eq!(bench.word, open);
    bench.report(good, Event::Good);
    assert!(is_closed(bench.word));
}

#[test]
fn one_probe_at_a_time_and_a_lost_one_wedges_nothing() {
    let mut bench = Bench::opened();
    bench.wait_out();
    let lost = bench.admit().unwrap();
    assert!(lost.is_probe());
    for _ in 0..100 {
        let shut = bench.admit().unwrap_err();
        assert!(shut.probing && shut.wait_ms <= LEASE_MS);
    }
    bench.now += LEASE_MS;
    let second = bench.admit().unwrap();
    assert!(second.is_probe() && bench.admit().is_err());
    // The first comes back after all: its failure is not the holder's, its success is a success.
    let probing = bench.word;
    bench.report(lost, FAILED);
    bench.report(lost, Event::Nothing);
    assert_eq!(bench.word, probing);
    bench.report(lost, Event::Good);
    assert!(is_closed(bench.word));
}

#[test]
fn a_probe_that_learnt_nothing_hands_on_at_once() {
    let mut bench = Bench::opened();
    bench.wait_out();
    let left = bench.admit().unwrap();
    bench.now += 300;
    bench.report(left, Event::Nothing);
    assert!(bench.admit().unwrap().is_probe());
    assert!(bench.admit().is_err());
}

#[test]
fn an_old_outage_lets_all_in_on_trial() {
    let mut bench = Bench::opened();
    bench.now += 10_000; // long after the second that it had to wait
    let all: Vec<Ticket> = (0..50).map(|_| bench.admit().unwrap()).collect();
    assert!(all.iter().all(|ticket| !ticket.is_probe()));
    bench.report(all[0], FAILED);
    assert!(bench.wait() >= 2_000, "one failure is enough, and the wait goes on growing");
}

#[test]
fn what_a_person_must_mend_benches_at_once() {
    for (why, at_least) in [(Why::Credential, 1_000), (Why::Quota, 1_000), (Why::ModelMissing, 60_000)] {
        let mut bench = Bench::new();
        bench.attempt(Event::Bad(why));
        assert!(bench.wait() >= at_least, "{why:?}");
        assert_eq!(bench.admit().unwrap_err().why, why);
    }
}

#[test]
fn being_reached_proves_the_way_there_but_no_credential() {
    let mut away = Bench::new();
    while away.attempt(Event::Bad(Why::Unreachable)) {}
    away.wait_out();
    away.attempt(Event::Reached);
    assert!(is_closed(away.word));

    let mut refused = Bench::new();
    refused.attempt(Event::Bad(Why::Credential));
    refused.wait_out();
    refused.attempt(Event::Reached);
    assert!(!is_closed(refused.word));
    assert!(refused.admit().unwrap().is_probe(), "somebody else may find out at once");
}

#[test]
fn good_news_in_mid_answer_makes_its_later_failure_count() {
    let mut bench = Bench::opened();
    bench.wait_out();
    let probe = bench.admit().unwrap();
    bench.report(probe, Event::Good);
    let renewed = renewed(bench.word, probe);
    let before = bench.word;
    bench.report(probe, FAILED);
    assert_eq!(bench.word, before, "the old ticket is spent");
    bench.report(renewed, FAILED);
    assert_ne!(bench.word, before);
}

fn events() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => Just(Event::Good),
        1 => Just(Event::Reached),
        6 => Just(FAILED),
        1 => Just(Event::Bad(Why::Credential)),
        1 => Just(Event::Bad(Why::ModelMissing)),
        2 => Just(Event::Nothing),
    ]
}

#[derive(Debug, Clone)]
enum Move {
    Begin,
    LastResort,
    Report(prop::sample::Index, Event),
    Wait(u64),
}

fn moves() -> impl Strategy<Value = Move> {
    prop_oneof![
        4 => Just(Move::Begin),
        1 => Just(Move::LastResort),
        5 => (any::<prop::sample::Index>(), events()).prop_map(|(which, event)| Move::Report(which, event)),
        2 => (0_u64..90_000).prop_map(Move::Wait),
        1 => (0_u64..1_500).prop_map(Move::Wait),
    ]
}

proptest! {
    #[test]
    fn any_bits_and_any_clock(word: u64, tickets: u64, now: u64, event in events()) {
        let unpacked = unpack(word);
        prop_assert_eq!(unpack(unpacked.pack()), unpacked);
        let ticket = Ticket { generation: unpack(tickets).generation, probe: Some(unpack(tickets).probe) };
        let mine = Ticket { generation: unpacked.generation, probe: Some(unpacked.probe) };
        for ticket in [ticket, mine, last_resort(word)] {
            let next = step(word, ticket, event, Instant(now));
            renewed(next, ticket);
            prop_assert!((0.0..=1.0).contains(&failure_rate(next)));
        }
    }

    #[test]
    fn no_word_wedges(word: u64, now in 0_u64..1 << 41) {
        let Err(shut) = admit(word, Instant(now)) else { return Ok(()) };
        prop_assert!(shut.wait_ms > 0 && shut.wait_ms <= LONGEST_WAIT_MS);
        prop_assert!(admit(word, Instant(now + shut.wait_ms)).is_ok());
    }

    #[test]
    fn one_probe_winner_and_only_its_own_generation_moves_it(moves in prop::collection::vec(moves(), 1..200)) {
        let mut bench = Bench::new();
        let mut flying: Vec<(Ticket, u64)> = Vec::new();
        for next in moves {
            match next {
                Move::Wait(millis) => bench.now += millis,
                Move::LastResort => flying.push((last_resort(bench.word), bench.now)),
                Move::Begin => {
                    let Ok(ticket) = bench.admit() else { continue };
                    let rival = flying.iter().find(|(other, begun)| {
                        ticket.is_probe()
                            && other.is_probe()
                            && other.generation == ticket.generation
                            && bench.now < begun + LEASE_MS
                    });
                    prop_assert!(rival.is_none(), "two probes: {rival:?} and {ticket:?}");
                    flying.push((ticket, bench.now));
                }
                Move::Report(which, event) => {
                    if flying.is_empty() {
                        continue;
                    }
                    let (ticket, _) = flying.swap_remove(which.index(flying.len()));
                    let (before, wait) = (bench.word, bench.wait());
                    bench.report(ticket, event);
                    let changed = bench.word != before;
                    prop_assert!(!changed || ticket.generation == unpack(before).generation);
                    // A deadline moves only by closing, or by the probe's own report.
                    let moved = wait > 0 && bench.wait() != wait;
                    prop_assert!(!moved || is_closed(bench.word) || ticket.is_probe());
                }
            }
        }
    }
}

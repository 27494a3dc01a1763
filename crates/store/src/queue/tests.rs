use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use ledger::{Entry, Intent, RequestId};

use super::*;

fn settlement() -> Record {
    let id = RequestId::new(1, [1, 1]);
    Record::Settlement(Box::new(Entry::new(id, 1, Arc::default(), Arc::default())))
}

fn intent() -> Record {
    let (facts, decision) = (Arc::default(), Arc::default());
    let id = RequestId::new(1, [1, 1]);
    let intent = Intent { id, arrived_us: 1, facts, decision, deployment: None, prices: None };
    Record::Intent(Box::new(intent.interrupted()))
}

/// A writer's thread that sends how many records it got, and when.
fn writer(queue: &Arc<Queue>) -> mpsc::Receiver<(usize, Instant)> {
    let (send, receive) = mpsc::channel();
    let queue = Arc::clone(queue);
    thread::spawn(move || {
        let mut records = Vec::new();
        loop {
            queue.wait(None);
            let taken = queue.take(&mut records);
            send.send((records.drain(..).count(), Instant::now())).unwrap();
            if taken.closing {
                return;
            }
        }
    });
    receive
}

// The two sleeps of a linger below are no waiting for an event: the rule is about a writer that has rested so long.
#[test]
fn what_nobody_waits_for_is_taken_within_the_linger() {
    let queue = Arc::<Queue>::default();
    let writer = writer(&queue);
    thread::sleep(LINGER);
    for record in [intent(), settlement()] {
        let start = Instant::now();
        queue.hand(record);
        queue.nudge();
        let (count, at) = writer.recv().unwrap();
        assert_eq!(count, 1);
        assert!(at - start >= LINGER / 2, "{:?}", at - start);
        thread::sleep(LINGER);
    }
    queue.close();
    assert_eq!(writer.recv().unwrap().0, 0);
}

#[test]
fn a_hurry_takes_all_at_once() {
    let queue = Arc::<Queue>::default();
    let writer = writer(&queue);
    thread::sleep(LINGER);
    let mut taken = 0;
    assert_eq!((0..5).map(|_| queue.hand(settlement()).unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    let start = Instant::now();
    queue.hurry();
    while taken < 5 {
        let (count, at) = writer.recv().unwrap();
        taken += count;
        assert!(at - start < Duration::from_secs(2));
    }
    queue.close();
}

#[test]
fn settlements_that_came_meanwhile_do_not_wait() {
    let queue = Queue::default();
    queue.hand(intent());
    queue.hand(settlement());
    let mut records = Vec::new();
    let start = Instant::now();
    queue.wait(Some(start + Duration::from_mins(1)));
    let taken = queue.take(&mut records);
    assert_eq!((records.len(), taken.through, taken.closing), (2, 2, false));
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[test]
fn after_the_end_nothing_is_taken() {
    let queue = Queue::default();
    queue.hand(settlement());
    queue.close();
    assert_eq!(queue.hand(settlement()), None);
    let mut records = Vec::new();
    queue.wait(None);
    assert!(queue.take(&mut records).closing);
    assert_eq!(records.len(), 1);
}

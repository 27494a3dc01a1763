use std::sync::atomic::AtomicUsize;
use std::task::{Wake, Waker};

use ledger::{Entry, RequestId};

use super::*;

fn hand(progress: &Arc<Progress>) -> Waiting {
    let entry = Entry::new(RequestId::new(1, [1, 1]), 1, Arc::default(), Arc::default());
    let number = progress.hand(Record::Settlement(Box::new(entry))).unwrap();
    Waiting { progress: Arc::clone(progress), number }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

#[derive(Default)]
struct Counter(AtomicUsize);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn all_who_wait_hear_of_one_commit() {
    let progress = Arc::new(Progress::new(100));
    runtime().block_on(async {
        let tasks: Vec<_> = (0..50).map(|_| tokio::spawn(hand(&progress))).collect();
        tokio::task::yield_now().await;
        let writer = Arc::clone(&progress);
        std::thread::spawn(move || writer.commit(50)).join().unwrap();
        for task in tasks {
            assert_eq!(task.await.unwrap(), Kept::Committed);
        }
    });
}

#[test]
fn nobody_hears_of_a_commit_that_is_not_theirs() {
    let progress = Arc::new(Progress::new(100));
    runtime().block_on(async {
        let (first, second) = (tokio::spawn(hand(&progress)), tokio::spawn(hand(&progress)));
        tokio::task::yield_now().await;
        progress.commit(1);
        assert_eq!(first.await.unwrap(), Kept::Committed);
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert!(!second.is_finished());
        assert!(progress.fail() || second.await.unwrap() == Kept::Buffered);
    });
}

#[test]
fn without_a_runtime_each_is_woken_by_the_writer() {
    let progress = Arc::new(Progress::new(100));
    let counter = Arc::<Counter>::default();
    let waker = Waker::from(Arc::clone(&counter));
    let mut context = Context::from_waker(&waker);
    let mut waiting: Vec<_> = (0..3).map(|_| hand(&progress)).collect();
    for waiting in &mut waiting {
        assert!(Pin::new(waiting).poll(&mut context).is_pending());
    }
    progress.commit(2);
    assert_eq!(counter.0.load(Ordering::SeqCst), 2);
    assert_eq!(Pin::new(&mut waiting[1]).poll(&mut context), Poll::Ready(Kept::Committed));
    assert!(Pin::new(&mut waiting[2]).poll(&mut context).is_pending());
    progress.close();
    assert_eq!(Pin::new(&mut waiting[2]).poll(&mut context), Poll::Ready(Kept::Buffered));
}

#[test]
fn a_runtime_that_ended_leaves_nobody_waiting_in_the_next_one() {
    let progress = Arc::new(Progress::new(100));
    let mut left = hand(&progress);
    runtime().block_on(async {
        assert!(tokio::time::timeout(Duration::from_millis(5), &mut left).await.is_err());
    });
    runtime().block_on(async {
        let task = tokio::spawn(left);
        tokio::task::yield_now().await;
        progress.commit(1);
        assert_eq!(task.await.unwrap(), Kept::Committed);
    });
}

#[test]
fn health_tells_full_failing_and_hanging() {
    let progress = Arc::new(Progress::new(2));
    assert_eq!(progress.health(), Health::Good);
    assert!(!progress.fail());
    assert!(progress.fail(), "it failed before");
    assert_eq!(progress.health(), Health::Failing);
    let _waiting = [hand(&progress), hand(&progress)];
    assert_eq!(progress.health(), Health::Full);
    progress.commit(2);
    assert_eq!(progress.health(), Health::Full, "committed, but not posted");
    progress.sub_waiting(2);
    assert_eq!(progress.health(), Health::Good);
    assert!(!progress.posting_fails(true));
    assert_eq!(progress.health(), Health::Failing);
    progress.posting_fails(false);
    let hung = Progress { born: Instant::now().checked_sub(HUNG * 2).unwrap(), ..Progress::new(2) };
    hung.committing_since.store(1, Ordering::Relaxed);
    assert_eq!(hung.health(), Health::Failing);
}

#[test]
fn only_quick_and_working_commits_are_made_in_passing() {
    let progress = Progress::new(2);
    progress.took(SLOW);
    assert!(progress.is_quick());
    progress.fail();
    assert!(!progress.is_quick());
    progress.commit(1);
    assert!(progress.is_quick());
    progress.took(SLOW * 2);
    assert!(!progress.is_quick());
    let later = Progress { born: Instant::now().checked_sub(SLOW_FOR * 2).unwrap(), ..Progress::new(2) };
    later.slow_at.store(1, Ordering::Relaxed);
    assert!(later.is_quick(), "it was slow long ago");
}

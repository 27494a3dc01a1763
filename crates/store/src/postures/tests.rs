use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::*;

fn act<'a>(target: &'a str, posture: &'a str, expires: Option<Duration>) -> NewAct<'a> {
    NewAct { target, posture, per_hour: 0.1, reason: "a test", author: "us", expires }
}

#[test]
fn the_last_word_holds_until_it_expires_and_nothing_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let mut postures = Postures::open(&path).unwrap();
    postures.decide(&act("maker:openai", "leave", None)).unwrap();
    let drain = postures.decide(&act("maker:openai", "drain", Some(Duration::from_hours(1)))).unwrap();
    postures.decide(&act("host:azure", "watch", None)).unwrap();
    drop(postures);

    let all = Postures::open(&path).unwrap().all().unwrap();
    assert_eq!(all.len(), 3, "on record across restarts");
    let holding = |now_us: i64| -> Vec<(String, String)> {
        let acts = in_force(&all, now_us);
        acts.into_iter().map(|act| (act.target.to_string(), act.posture.to_string())).collect()
    };
    let pair = |target: &str, posture: &str| (target.to_owned(), posture.to_owned());
    assert_eq!(holding(drain.set_us), [pair("maker:openai", "drain"), pair("host:azure", "watch")]);
    let later = drain.expires_us.unwrap();
    assert_eq!(
        holding(later),
        [pair("maker:openai", "leave"), pair("host:azure", "watch")],
        "what was decided without an end holds again"
    );

    let mut postures = Postures::open(&path).unwrap();
    let normal = postures.decide(&act("host:azure", "normal", None)).unwrap();
    assert_eq!(in_force(&postures.all().unwrap(), normal.set_us).len(), 1);
    postures.decide(&act("host:azure", "leave", Some(Duration::ZERO))).unwrap();
    let all = postures.all().unwrap();
    assert_eq!(in_force(&all, later).len(), 1, "what was ended by `normal` stays ended");
    assert!(postures.connection.execute("DELETE FROM posture", []).is_err());
    assert!(postures.connection.execute("UPDATE posture SET reason = ''", []).is_err());
}

#[test]
fn a_watch_follows_within_moments() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let mut postures = Postures::open(&path).unwrap();
    let seen = Arc::<Mutex<Vec<i64>>>::default();
    let into = Arc::clone(&seen);
    let watch = PostureWatch::start(&path, move |acts| {
        into.lock().unwrap().extend(acts.last().map(|act| act.id));
    })
    .unwrap();
    let new = postures.decide(&act("maker:openai", "drain", None)).unwrap();
    let begun = Instant::now();
    while !seen.lock().unwrap().contains(&new.id) {
        assert!(begun.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(5));
    }
    let acknowledged = || {
        let followed = "SELECT acknowledged FROM posture_followed";
        postures.connection.query_row(followed, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    while acknowledged() < new.id {
        assert!(begun.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(watch);
}

/// As a ledger of an older release has them: decisions, and no chain.
fn unchained(path: &std::path::Path) -> Postures {
    let postures = Postures::open(path).unwrap();
    postures.connection.execute_batch("DROP TABLE posture_chain").unwrap();
    let old = "INSERT INTO posture (target, posture, per_hour, reason, author, set_us) \
               VALUES ('host:azure', 'watch', 0.1, 'old', 'us', 1)";
    postures.connection.execute(old, []).unwrap();
    postures
}

#[test]
fn decisions_are_chained_also_those_of_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    drop(unchained(&path));
    let found = crate::verify(&path).unwrap();
    assert!(found.is_whole(), "an older ledger is no broken one: {:?}", found.problems);
    assert_eq!((found.decisions, found.unchained_decisions), (1, 1));
    let mut postures = Postures::open(&path).unwrap();
    for target in ["maker:openai", "maker:acme"] {
        postures.decide(&act(target, "drain", Some(Duration::from_hours(1)))).unwrap();
    }
    let found = crate::verify(&path).unwrap();
    assert!(found.is_whole(), "{:?}", found.problems);
    assert_eq!((found.decisions, found.unchained_decisions), (3, 0));
    let all = postures.all().unwrap();
    assert_eq!(up_to(&all, 3), Some(found.decisions_chain), "the kept chain is that of the decisions");
    assert_ne!(up_to(&all, 2), up_to(&all, 3));
    assert_eq!(up_to(&all, 4), None);
    assert!(postures.connection.execute("DELETE FROM posture_chain", []).is_err());
    assert!(postures.connection.execute("UPDATE posture_chain SET id = 9", []).is_err());
}

#[test]
fn a_decision_that_was_altered_removed_or_put_in_is_told() {
    for (what, told) in [
        ("UPDATE posture SET reason = 'another' WHERE id = 2", "decision 2 does not fit the chain"),
        ("UPDATE posture SET expires_us = 0 WHERE id = 3", "decision 3 does not fit the chain"),
        ("DELETE FROM posture WHERE id = 2", "decision 2 was removed"),
        ("DELETE FROM posture WHERE id = 3", "decision 3 was removed"),
        ("DELETE FROM posture_chain WHERE id = 2", "decision 2 was put in"),
        ("UPDATE posture_chain SET chain = zeroblob(32) WHERE id = 1", "decision 1 does not fit the chain"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let mut postures = Postures::open(&path).unwrap();
        for target in ["maker:openai", "maker:acme", "host:azure"] {
            postures.decide(&act(target, "leave", None)).unwrap();
        }
        for trigger in [
            "posture_never_changes",
            "posture_never_shrinks",
            "posture_chain_never_changes",
            "posture_chain_never_shrinks",
        ] {
            postures.connection.execute(&format!("DROP TRIGGER {trigger}"), []).unwrap();
        }
        assert_eq!(postures.connection.execute(what, []).unwrap(), 1, "{what}");
        let found = crate::verify(&path).unwrap();
        let problems: Vec<String> = found.problems.iter().map(ToString::to_string).collect();
        assert!(problems.iter().any(|problem| problem.contains(told)), "{what}: {problems:?}");
    }
}

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

use std::sync::{Arc, Mutex};

use super::*;

struct Fixture {
    _folder: tempfile::TempDir,
    path: PathBuf,
    keys: Keys,
}

fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("releve.db");
    let keys = Keys::open(&path).unwrap();
    Fixture { _folder: folder, path, keys }
}

#[test]
fn a_key_is_issued_listed_and_revoked() {
    let Fixture { mut keys, .. } = fixture();
    assert_eq!(keys.in_force().unwrap(), KeysInForce::default());
    let new = keys.create("office", "laptop").unwrap();
    let in_force = keys.in_force().unwrap();
    assert_eq!((in_force.epoch, in_force.any_issued), (1, true));
    assert_eq!(in_force.keys[0].hash, KeyHash::of(new.secret.reveal().as_bytes()));
    assert_eq!((&*in_force.keys[0].product, &in_force.keys[0].id), ("office", &new.info.id));
    let (revoked, epoch) = keys.revoke(&new.info.id).unwrap();
    assert!(revoked.revoked_us.is_some() && epoch == 2);
    let in_force = keys.in_force().unwrap();
    assert_eq!((in_force.epoch, in_force.keys.len(), in_force.any_issued), (2, 0, true));
    assert_eq!(keys.list().unwrap(), [revoked]);
}

#[test]
fn only_one_key_in_force_can_be_meant() {
    let Fixture { mut keys, .. } = fixture();
    let [first, second] = ["a", "b"].map(|product| keys.create(product, "same").unwrap().info.id);
    let refused = keys.revoke("same").unwrap_err().to_string();
    assert!(refused.starts_with("several keys in force are called \"same\": "), "{refused}");
    assert!(
        refused.contains(&*first) && refused.contains(&*second),
        "whoever revokes at night needs the ids: {refused}"
    );
    assert_eq!(keys.revoke("other").unwrap_err().to_string(), "there is no key \"other\" in force");
    keys.revoke(&first).unwrap();
    assert_eq!(keys.revoke("same").unwrap().0.id, second);
    assert!(matches!(keys.revoke(&second), Err(StoreError::NoSuchKey { .. })), "revoked already");
}

#[test]
fn g24_the_file_does_not_hold_the_secret() {
    let Fixture { mut keys, path, _folder } = fixture();
    let secret = keys.create("office", "laptop").unwrap().secret;
    keys.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let file = std::fs::read(path).unwrap();
    let holds = |text: &[u8]| file.windows(text.len()).any(|window| window == text);
    assert!(holds(b"laptop") && holds(secret.hash().as_bytes()));
    assert!(!holds(&secret.reveal().as_bytes()[4..]));
}

#[test]
fn a_running_server_follows_and_says_so() {
    let Fixture { mut keys, path, _folder } = fixture();
    keys.create("office", "before").unwrap();
    let lock = Lock::take(&path).unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let put = Arc::clone(&seen);
    let watch = KeyWatch::start(&path, move |keys| put.lock().unwrap().push(keys)).unwrap();
    assert_eq!(seen.lock().unwrap()[0].keys.len(), 1, "at once");

    let new = keys.create("office", "laptop").unwrap();
    let patience = Duration::from_secs(10);
    assert_eq!(keys.wait_in_force(new.epoch, patience).unwrap(), InForce::Now);
    assert_eq!(seen.lock().unwrap().last().unwrap().keys.len(), 2);
    let (_, epoch) = keys.revoke("before").unwrap();
    let start = Instant::now();
    assert_eq!(keys.wait_in_force(epoch, patience).unwrap(), InForce::Now);
    assert!(start.elapsed() < Duration::from_secs(5));
    let in_force = seen.lock().unwrap().last().unwrap().clone();
    assert_eq!((in_force.epoch, in_force.keys.len()), (epoch, 1));

    drop(watch);
    let (_, epoch) = keys.revoke("laptop").unwrap();
    assert_eq!(keys.wait_in_force(epoch, Duration::from_millis(80)).unwrap(), InForce::NotYet);
    drop(lock);
    assert_eq!(keys.wait_in_force(epoch, patience).unwrap(), InForce::NoServer);
}

use super::*;

#[test]
fn made_once_and_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("releve.db");
    let first = salt(&open_or_make(&path, Durability::PowerSafe).unwrap()).unwrap();
    assert_eq!(salt(&open_or_make(&path, Durability::CrashSafe).unwrap()).unwrap(), first);
    open(&path, Durability::CrashSafe).unwrap();
    open_to_read(&path).unwrap();
    let mode: String = open(&path, Durability::CrashSafe)
        .unwrap()
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .unwrap();
    assert_eq!(mode, "wal");
}

#[test]
fn many_may_make_it_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("releve.db");
    let make = || salt(&open_or_make(&path, Durability::CrashSafe).unwrap()).unwrap();
    let salts: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6).map(|_| scope.spawn(make)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(salts.iter().all(|salt| *salt == salts[0]));
}

#[test]
fn who_was_ended_while_making_it_leaves_nothing_in_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("releve.db");
    Connection::open(&path).unwrap().execute_batch("PRAGMA journal_mode = WAL").unwrap();
    assert!(matches!(open(&path, Durability::CrashSafe), Err(StoreError::Foreign { .. })));
    open_or_make(&path, Durability::CrashSafe).unwrap();
    open(&path, Durability::CrashSafe).unwrap();
}

#[test]
fn a_later_format_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("releve.db");
    open_or_make(&path, Durability::CrashSafe).unwrap().pragma_update(None, "user_version", 2).unwrap();
    for error in [
        open_or_make(&path, Durability::CrashSafe).unwrap_err(),
        open(&path, Durability::CrashSafe).unwrap_err(),
        open_to_read(&path).unwrap_err(),
    ] {
        assert_eq!(error.to_string(), "the ledger has format 2; this release knows formats up to 1");
    }
}

#[test]
fn the_view_for_people_works() {
    let folder = tempfile::tempdir().unwrap();
    let connection = open_or_make(&folder.path().join("releve.db"), Durability::CrashSafe).unwrap();
    let count: i64 = connection.query_row("SELECT COUNT(*) FROM entries", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 0);
}

#[test]
fn only_its_owner_reads_a_ledger() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("releve.db");
    let ledger = crate::Sqlite::open(&crate::Options::new(&path)).unwrap();
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 5, "database, its two, the daybook's two, the lock: {files:?}");
    for file in files {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}: {mode:o}", file.display());
    }
    ledger.close().unwrap();
    // Who has opened it to others meant it.
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    open_or_make(&path, Durability::CrashSafe).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
}

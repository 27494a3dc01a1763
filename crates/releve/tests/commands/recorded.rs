//! What a demo left behind, for tests that read a ledger. A demo takes its seconds whatever the machine is: one is played, and
//! each test has a copy.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::run;

/// The files' names and what is in them.
type Files = Vec<(OsString, Vec<u8>)>;

/// Its ledger and its configuration, in a folder of their own.
pub(crate) fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path());
    folder
}

/// Puts them into a folder.
pub(crate) fn put(folder: &Path) {
    static LEFT: OnceLock<Files> = OnceLock::new();
    for (name, contents) in LEFT.get_or_init(played) {
        fs::write(folder.join(name), contents).unwrap();
    }
}

fn played() -> Files {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["demo", "--json", "--seed", "1", "--seconds", "6", "--rate", "30"]).json();
    let files = fs::read_dir(folder.path()).unwrap().map(|file| {
        let file = file.unwrap();
        (file.file_name(), fs::read(file.path()).unwrap())
    });
    files.collect()
}

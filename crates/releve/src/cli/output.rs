//! Files that a command was told to write: put in their place when they are whole, and never in the place of what a gateway lives on.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use super::CliError;

/// What a database of `SQLite` begins with: a ledger, kept responses.
const DATABASE: &[u8] = b"SQLite format 3\0";
/// What commands write; anything else beside a database is taken to be the database's.
const OURS: [&str; 8] = ["csv", "htm", "html", "json", "jsonl", "md", "txt", "zip"];

/// Writes `path` with what `make` puts out.
pub(super) fn write<T>(
    path: &Path,
    make: impl FnOnce(&mut BufWriter<File>) -> Result<T, CliError>,
) -> Result<T, CliError> {
    if let Some(what) = belongs_to(path) {
        let refused = CliError::usage(format!("{} is there and {what}: it is left as it is", path.display()));
        return Err(refused.mend("name another file"));
    }
    let cannot = |error| CliError::failed(format!("cannot write {}: {error}", path.display()));
    // A pipe or a terminal is written to, not replaced.
    let is_file = fs::metadata(path).map_or(true, |there| there.is_file());
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let part = if is_file { with_suffix(&target, ".part") } else { target.clone() };
    let mut file = BufWriter::new(File::create(&part).map_err(cannot)?);
    let made = make(&mut file).and_then(|made| {
        file.flush().map_err(cannot)?;
        if is_file {
            file.get_ref().sync_all().map_err(cannot)?;
            fs::rename(&part, &target).map_err(cannot)?;
        }
        Ok(made)
    });
    if made.is_err() && is_file {
        // It is not whole, and of no use.
        let _ = fs::remove_file(&part);
    }
    made
}

/// What a file at `path` is that must not be lost; `None` where there is none or it may be replaced.
fn belongs_to(path: &Path) -> Option<&'static str> {
    if !path.is_file() {
        return None;
    }
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    if extension == "toml" {
        return Some("a configuration");
    }
    if is_database(path) {
        return Some("a database");
    }
    let name = path.file_name()?.to_str()?;
    let of_name = name.strip_suffix("-wal").or_else(|| name.strip_suffix("-shm"));
    let of = of_name.map_or_else(|| path.with_extension(""), |name| path.with_file_name(name));
    let is_theirs = is_database(&of) || is_database(&of.with_extension(""));
    (!OURS.contains(&extension) && is_theirs).then_some("belongs to a database")
}

fn is_database(path: &Path) -> bool {
    let mut start = [0; DATABASE.len()];
    File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == DATABASE
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: &Path, text: &str) -> Result<(), CliError> {
        write(path, |file| Ok(file.write_all(text.as_bytes())?))
    }

    #[test]
    fn what_a_gateway_lives_on_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["releve.db", "releve.db.state"] {
            fs::write(at(name), [DATABASE, b"and pages"].concat()).unwrap();
        }
        let others = [
            "releve.toml",
            "releve.db-wal",
            "releve.db.day1",
            "releve.db.signing.key",
            "releve.db.state.key",
        ];
        for name in others {
            fs::write(at(name), "kept").unwrap();
        }
        for name in others.into_iter().chain(["releve.db", "releve.db.state"]) {
            let before = fs::read(at(name)).unwrap();
            assert_eq!(text(&at(name), "new").unwrap_err().exit(), super::super::Exit::Wrong, "{name}");
            assert_eq!(fs::read(at(name)).unwrap(), before, "{name}");
        }
    }

    #[test]
    fn a_file_is_replaced_when_the_new_one_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("page.html");
        text(&path, "one").unwrap();
        text(&path, "two").unwrap();
        let failed = write(&path, |file| {
            file.write_all(b"half")?;
            Err::<(), _>(CliError::failed("the database failed"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_device_is_written_to() {
        text(Path::new("/dev/null"), "gone").unwrap();
        assert!(!Path::new("/dev/null").is_file());
    }
}

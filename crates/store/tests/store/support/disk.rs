//! What a disk holds, as the log of the shim tells: after a kill everything that was written, after a power cut
//! everything that was synced and any part of the rest.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::dice::Dice;

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

/// One thing that happened.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    Write { file: PathBuf, offset: usize, data: Vec<u8> },
    Truncate { file: PathBuf, size: usize },
    Sync { path: PathBuf },
    Create { file: PathBuf },
    Unlink { file: PathBuf },
    Said(String),
}

/// Builds the shim, once per test binary.
pub(crate) fn shim() -> &'static Path {
    static SHIM: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    &SHIM
        .get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            let library = folder.path().join("shim.so");
            let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/power_loss/shim.c");
            let built = Command::new("cc")
                .args(["-shared", "-fPIC", "-O1", "-o"])
                .args([&library, Path::new(source)])
                .arg("-ldl")
                .status();
            assert!(built.expect("this test needs a C compiler named cc").success());
            (folder, library)
        })
        .1
}

/// Reads a log. Its last record may be cut off.
pub(crate) fn read_log(path: &Path) -> Vec<Event> {
    let log = std::fs::read(path).unwrap();
    let mut rest = log.as_slice();
    let mut events = Vec::new();
    while let Some((event, after)) = read_event(rest) {
        events.push(event);
        rest = after;
    }
    events
}

fn read_event(log: &[u8]) -> Option<(Event, &[u8])> {
    let (head, rest) = log.split_at_checked(15)?;
    let (name, rest) = rest.split_at_checked(u16::from_le_bytes([head[1], head[2]]).into())?;
    let (data, rest) = rest.split_at_checked(u32::from_le_bytes(head[11..15].try_into().ok()?) as usize)?;
    let place = usize::try_from(u64::from_le_bytes(head[3..11].try_into().ok()?)).ok()?;
    let file = PathBuf::from(String::from_utf8(name.to_vec()).ok()?);
    let event = match head[0] {
        b'W' => Event::Write { file, offset: place, data: data.to_vec() },
        b'T' => Event::Truncate { file, size: place },
        b'S' => Event::Sync { path: file },
        b'C' => Event::Create { file },
        b'U' => Event::Unlink { file },
        b'A' => Event::Said(String::from_utf8_lossy(data).into_owned()),
        op => panic!("unknown op {op}"),
    };
    Some((event, rest))
}

/// The files of one folder.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    files: BTreeMap<PathBuf, File>,
}

#[derive(Debug, Default)]
struct File {
    /// What is certainly there.
    synced: Vec<u8>,
    /// What may be there, in order.
    unsynced: Vec<Change>,
    /// What a running system sees.
    seen: Vec<u8>,
    /// Whether the folder certainly names it, or certainly does not any more.
    named: Named,
    /// Whether the running system sees it.
    there: bool,
}

#[derive(Debug, Default, PartialEq)]
enum Named {
    #[default]
    Never,
    Perhaps,
    Surely,
    PerhapsNoMore,
}

#[derive(Debug, Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Size(usize),
}

impl Disk {
    /// What lies in a folder, all of it synced.
    pub(crate) fn of(folder: &Path) -> Self {
        let mut files = BTreeMap::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let content = std::fs::read(&path).unwrap();
            let (synced, seen) = (content.clone(), content);
            let file = File { synced, seen, unsynced: Vec::new(), named: Named::Surely, there: true };
            files.insert(path, file);
        }
        files.retain(|path, _| !path.to_string_lossy().ends_with("-shm"));
        Self { files }
    }

    pub(crate) fn apply(&mut self, event: &Event) {
        match event {
            Event::Create { file } => {
                // A file of that name that may come back after a cut is forgotten: it held nothing that counts.
                *self.file(file) = File { named: Named::Perhaps, there: true, ..File::default() };
            }
            Event::Unlink { file } => {
                let file = self.file(file);
                file.there = false;
                file.named = if file.named == Named::Surely { Named::PerhapsNoMore } else { Named::Never };
            }
            Event::Write { file, offset, data } => self.change(file, Change::Write(*offset, data.clone())),
            Event::Truncate { file, size } => self.change(file, Change::Size(*size)),
            Event::Sync { path } => self.sync(path),
            Event::Said(_) => {}
        }
    }

    fn file(&mut self, path: &Path) -> &mut File {
        self.files.entry(path.to_owned()).or_default()
    }

    fn change(&mut self, path: &Path, change: Change) {
        let file = self.file(path);
        change.apply(&mut file.seen);
        file.unsynced.push(change);
    }

    fn sync(&mut self, path: &Path) {
        if let Some(file) = self.files.get_mut(path) {
            let synced = &mut file.synced;
            file.unsynced.drain(..).for_each(|change| change.apply(synced));
            return;
        }
        for (_, file) in self.files.iter_mut().filter(|(name, _)| name.parent() == Some(path)) {
            match file.named {
                Named::Perhaps => file.named = Named::Surely,
                Named::PerhapsNoMore => file.named = Named::Never,
                Named::Never | Named::Surely => {}
            }
        }
    }

    /// The files as the next process sees them when this one was killed.
    pub(crate) fn after_kill(&self) -> impl Iterator<Item = (&Path, &[u8])> {
        self.files
            .iter()
            .filter(|(_, file)| file.there)
            .map(|(name, file)| (name.as_path(), file.seen.as_slice()))
    }

    /// The files as some power cut may leave them: each sector that was not synced is there with a chance of
    /// `percent`, whatever became of those written before it.
    pub(crate) fn after_power_cut(&self, dice: &mut Dice, percent: u64) -> Vec<(PathBuf, Vec<u8>)> {
        let mut left = Vec::new();
        for (name, file) in &self.files {
            let is_there = match file.named {
                Named::Never => false,
                Named::Surely => true,
                Named::Perhaps | Named::PerhapsNoMore => dice.below(100) < percent,
            };
            if is_there {
                let mut content = file.synced.clone();
                for change in &file.unsynced {
                    change.apply_in_part(&mut content, || dice.below(100) < percent);
                }
                left.push((name.clone(), content));
            }
        }
        left
    }
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        self.apply_in_part(content, || true);
    }

    fn apply_in_part(&self, content: &mut Vec<u8>, mut survives: impl FnMut() -> bool) {
        match self {
            Self::Size(size) => {
                if survives() {
                    content.resize(*size, 0);
                }
            }
            Self::Write(offset, data) => {
                let mut at = 0;
                while at < data.len() {
                    let place = offset + at;
                    let length = (SECTOR - place % SECTOR).min(data.len() - at);
                    if survives() {
                        content.resize(content.len().max(place + length), 0);
                        content[place..place + length].copy_from_slice(&data[at..at + length]);
                    }
                    at += length;
                }
            }
        }
    }
}

/// Puts files into a folder, and nothing else.
pub(crate) fn put<'a>(files: impl IntoIterator<Item = (&'a Path, &'a [u8])>, folder: &Path) {
    for old in std::fs::read_dir(folder).unwrap() {
        std::fs::remove_file(old.unwrap().path()).unwrap();
    }
    for (name, content) in files {
        std::fs::write(folder.join(name.file_name().unwrap()), content).unwrap();
    }
}

//! The one form that a pack's ZIP has: entries stored as they are, in the order of their names, dated 1980-01-01, and
//! nothing else in the file.
//!
//! ZIP readers take much that must not be in evidence: two entries of one name (which of them is read?), bytes before,
//! between and behind the entries, headers that contradict each other, names that lead out of the folder, contents that
//! unpack to a thousand times their size. So the same files have exactly one archive here. Reading takes one entry after
//! the other, works out how its header must look, and compares; at the end the same with the directory. As nothing is
//! compressed, nothing can be larger than the file is. Every ZIP program reads the result.
//!
//! Sizes and places are 32 bits wide, as everywhere in ZIP without its extensions; [`MOST_BYTES`] keeps below that.
//! Source: APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16.

use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// The files of a pack by name.
pub type Entries<'a> = BTreeMap<&'a str, &'a [u8]>;

/// The most bytes that a pack has: it is held in memory whole.
pub const MOST_BYTES: usize = 256 << 20;
/// The most files that a pack has.
pub const MOST_FILES: usize = 1_000;
/// The longest name of a file, in bytes.
const LONGEST_NAME: usize = 100;

const ENTRY: [u8; 4] = *b"PK\x03\x04";
const IN_DIRECTORY: [u8; 4] = *b"PK\x01\x02";
const END: [u8; 4] = *b"PK\x05\x06";
/// Of an entry's header, without the name.
const ENTRY_LENGTH: usize = 30;
/// Version 1.0 is needed to read stored files.
const NEEDED: u16 = 10;
/// Made by version 2.0 on Unix, so that the permissions count.
const MADE_BY: u16 = 0x03_14;
/// A plain file that all may read.
const PERMISSIONS: u32 = 0o100_644 << 16;
/// 1980-01-01, the first day that ZIP knows.
const FIRST_DAY: u16 = 0x00_21;
const STORED: u16 = 0;

/// Why bytes are no archive of a pack, or files cannot become one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// It does not begin as one.
    #[error("it is no ZIP archive")]
    NotZip,
    /// More than [`MOST_BYTES`].
    #[error("it has more than {} MiB", MOST_BYTES >> 20)]
    TooLarge,
    /// More than [`MOST_FILES`].
    #[error("it has more than {MOST_FILES} files")]
    TooMany,
    /// A name that leads elsewhere, or that some system reads otherwise.
    #[error("no file in a pack can be called \"{}\"", .0.escape_default())]
    Name(String),
    /// Two entries have one name: programs differ in which they read.
    #[error("two of its files are called {0}")]
    Twice(String),
    /// It was packed by another program.
    #[error("{0} is compressed: another program has packed it anew")]
    Compressed(String),
    /// Its bytes do not fit its checksum.
    #[error("{0} is damaged: its checksum does not fit")]
    Damaged(String),
    /// The file ends within an entry.
    #[error("it is cut off at byte {0}")]
    Cut(usize),
    /// Something that the one form does not have.
    #[error("what stands at byte {0} was not written by releve")]
    Form(usize),
}

/// One archive of these files, always the same.
///
/// # Errors
/// A name that cannot be; too many files or bytes.
pub fn write_archive(files: &Entries<'_>) -> Result<Vec<u8>, ArchiveError> {
    if files.len() > MOST_FILES {
        return Err(ArchiveError::TooMany);
    }
    let length = files.iter().map(|(name, data)| data.len() + 2 * name.len() + 128).sum::<usize>();
    if length > MOST_BYTES {
        return Err(ArchiveError::TooLarge);
    }
    let mut bytes = Vec::with_capacity(length);
    let mut directory = Directory::default();
    for (name, data) in files {
        if !is_name(name) {
            return Err(ArchiveError::Name((*name).to_owned()));
        }
        let facts = Facts { checksum: crc32fast::hash(data), length: data.len(), at: bytes.len() };
        bytes.extend_from_slice(&facts.header(name));
        bytes.extend_from_slice(data);
        directory.add(name, &facts);
    }
    let end = directory.end(bytes.len());
    bytes.extend_from_slice(&end);
    Ok(bytes)
}

/// The files of an archive that anybody may have made.
///
/// # Errors
/// It is not, to the last byte, what [`write_archive`] makes of the files in it.
pub fn read_archive(bytes: &[u8]) -> Result<Entries<'_>, ArchiveError> {
    if bytes.len() > MOST_BYTES {
        return Err(ArchiveError::TooLarge);
    }
    if !bytes.starts_with(&ENTRY) && !bytes.starts_with(&END) {
        return Err(ArchiveError::NotZip);
    }
    let mut files = Entries::new();
    let mut directory = Directory::default();
    let mut at = 0;
    while bytes[at..].starts_with(&ENTRY) {
        if files.len() == MOST_FILES {
            return Err(ArchiveError::TooMany);
        }
        let (name, data, next) = entry(bytes, at, &mut directory)?;
        if files.contains_key(name) {
            return Err(ArchiveError::Twice(name.to_owned()));
        }
        if files.last_key_value().is_some_and(|(last, _)| *last > name) {
            return Err(ArchiveError::Form(at));
        }
        files.insert(name, data);
        at = next;
    }
    let end = directory.end(at);
    match first_difference(&bytes[at..], &end) {
        None => Ok(files),
        Some(offset) if at + offset == bytes.len() => Err(ArchiveError::Cut(bytes.len())),
        Some(offset) => Err(ArchiveError::Form(at + offset)),
    }
}

/// The entry that begins at `at`: its name, its contents, and where the next begins.
fn entry<'b>(
    bytes: &'b [u8],
    at: usize,
    directory: &mut Directory,
) -> Result<(&'b str, &'b [u8], usize), ArchiveError> {
    let cut = || ArchiveError::Cut(bytes.len());
    let header = bytes.get(at..at + ENTRY_LENGTH).ok_or_else(cut)?;
    let short = |offset: usize| u16::from_le_bytes([header[offset], header[offset + 1]]);
    let long = |offset: usize| u32::from(short(offset)) | u32::from(short(offset + 2)) << 16;
    let start = at + ENTRY_LENGTH + usize::from(short(26));
    let name = bytes.get(at + ENTRY_LENGTH..start).ok_or_else(cut)?;
    let name = std::str::from_utf8(name)
        .ok()
        .filter(|name| is_name(name))
        .ok_or_else(|| ArchiveError::Name(String::from_utf8_lossy(name).into_owned()))?;
    if short(8) != STORED {
        return Err(ArchiveError::Compressed(name.to_owned()));
    }
    let length = usize::try_from(long(18)).map_err(|_| ArchiveError::TooLarge)?;
    let next = start.checked_add(length).ok_or_else(cut)?;
    let data = bytes.get(start..next).ok_or_else(cut)?;
    let facts = Facts { checksum: long(14), length, at };
    if let Some(offset) = first_difference(&bytes[at..start], &facts.header(name)) {
        return Err(ArchiveError::Form(at + offset));
    }
    if crc32fast::hash(data) != facts.checksum {
        return Err(ArchiveError::Damaged(name.to_owned()));
    }
    directory.add(name, &facts);
    Ok((name, data, next))
}

/// Where two texts first differ, the shorter one's end included.
fn first_difference(one: &[u8], other: &[u8]) -> Option<usize> {
    let same = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    (same < one.len().max(other.len())).then_some(same)
}

/// Whether a file can be called so: lower-case words, digits, `-`, `_` and `.`, in at most one folder. Every file system
/// has such names, takes no two for one, and none leads out of where it is unpacked.
pub fn is_name(name: &str) -> bool {
    let lawful = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    let begins = |part: &str| part.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
    let part = |part: &str| begins(part) && part.bytes().all(lawful) && !part.ends_with('.');
    name.len() <= LONGEST_NAME && name.split('/').count() <= 2 && name.split('/').all(part)
}

/// What headers say of an entry.
struct Facts {
    checksum: u32,
    length: usize,
    at: usize,
}

impl Facts {
    /// What stands before the contents.
    fn header(&self, name: &str) -> Vec<u8> {
        let mut header = Vec::with_capacity(ENTRY_LENGTH + name.len());
        header.extend_from_slice(&ENTRY);
        self.put_common(name, &mut header);
        header.extend_from_slice(name.as_bytes());
        header
    }

    /// From the version that is needed to the length of the extra field: the same in both places.
    fn put_common(&self, name: &str, header: &mut Vec<u8>) {
        for number in [NEEDED, 0, STORED, 0, FIRST_DAY] {
            header.extend_from_slice(&number.to_le_bytes());
        }
        for number in [self.checksum, narrow(self.length), narrow(self.length)] {
            header.extend_from_slice(&number.to_le_bytes());
        }
        let name = u16::try_from(name.len()).expect("a name is short");
        for number in [name, 0] {
            header.extend_from_slice(&number.to_le_bytes());
        }
    }
}

/// Sizes and places lie below [`MOST_BYTES`].
fn narrow(number: usize) -> u32 {
    u32::try_from(number).expect("an archive is smaller than 4 GiB")
}

/// What stands behind the entries.
#[derive(Default)]
struct Directory {
    bytes: Vec<u8>,
    count: u16,
}

impl Directory {
    fn add(&mut self, name: &str, facts: &Facts) {
        self.bytes.extend_from_slice(&IN_DIRECTORY);
        self.bytes.extend_from_slice(&MADE_BY.to_le_bytes());
        facts.put_common(name, &mut self.bytes);
        // No comment, the first disk, nothing known of the contents.
        self.bytes.extend_from_slice(&[0; 6]);
        self.bytes.extend_from_slice(&PERMISSIONS.to_le_bytes());
        self.bytes.extend_from_slice(&narrow(facts.at).to_le_bytes());
        self.bytes.extend_from_slice(name.as_bytes());
        self.count += 1;
    }

    /// All of it, where it begins at `at`.
    fn end(mut self, at: usize) -> Vec<u8> {
        let length = narrow(self.bytes.len());
        self.bytes.extend_from_slice(&END);
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.extend_from_slice(&self.count.to_le_bytes());
        self.bytes.extend_from_slice(&self.count.to_le_bytes());
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(&narrow(at).to_le_bytes());
        self.bytes.extend_from_slice(&[0; 2]);
        self.bytes
    }
}

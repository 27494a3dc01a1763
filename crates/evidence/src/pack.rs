//! Making a pack, and opening one that anybody may have made.

use serde::Deserialize;

use crate::archive::{ArchiveError, Entries, read_archive, write_archive};
use crate::key::{PublicKey, SigningKey};
use crate::manifest::{FORMAT, FileRecord, Manifest, Statement};

#[cfg(test)]
mod tests;

/// The name of the signed text.
pub const MANIFEST: &str = "manifest.json";
/// The name of its signature: 64 bytes, as `openssl pkeyutl -verify -rawin` takes them.
pub const SIGNATURE: &str = "manifest.sig";
/// The name of the key that shows whose the signature is, for other programs.
pub const PUBLIC_KEY: &str = "public-key.pem";

/// A pack that is whole: every byte is what was signed with the key that its manifest names.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened<'a> {
    /// What it says of itself.
    pub manifest: Manifest,
    /// Its files, those of the signature included.
    pub files: Entries<'a>,
}

/// Why a pack is not whole.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It does not have a pack's form.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// It has no manifest or no signature.
    #[error("it has no {0}")]
    Missing(&'static str),
    /// It is of another release.
    #[error("it has the format {0:?}, and this release reads {FORMAT}")]
    Format(String),
    /// The manifest is none.
    #[error("its manifest cannot be read: {0}")]
    Manifest(#[from] serde_json::Error),
    /// The manifest was altered, or signed with another key than it says.
    #[error("its manifest is not what was signed with the key {0} that it names")]
    Signature(PublicKey),
    /// Its signer wrote the manifest so that another program may read something else in it: a key twice, or one unknown here.
    #[error("its manifest does not have the form that releve writes")]
    Form,
    /// A file that nobody has signed.
    #[error("{} was put in: the signed manifest does not have it", .0.escape_default())]
    Added(String),
    /// A file that is in the manifest only.
    #[error("{} was taken out: the signed manifest has it", .0.escape_default())]
    Removed(String),
    /// A file with other contents.
    #[error("{} was altered: its contents are not what was signed", .0.escape_default())]
    Altered(String),
    /// The key for other programs is another one.
    #[error("{PUBLIC_KEY} is not the key that the manifest names")]
    OtherKey,
}

/// What is read of a manifest before its form is known.
#[derive(Deserialize)]
struct Head {
    format: String,
}

/// A pack of these files, signed. The same each time.
///
/// # Errors
/// A name that cannot be; too many files or bytes.
///
/// # Panics
/// Where a file is called as one of the pack's own.
pub fn seal(statement: Statement, files: &Entries<'_>, key: &SigningKey) -> Result<Vec<u8>, ArchiveError> {
    let public = key.public();
    let pem = public.pem();
    let mut all = files.clone();
    for own in [MANIFEST, SIGNATURE, PUBLIC_KEY] {
        assert!(!all.contains_key(own), "{own} is the pack's own");
    }
    all.insert(PUBLIC_KEY, pem.as_bytes());
    let records = all.iter().map(|(name, contents)| FileRecord::of(*name, contents)).collect();
    let manifest = Manifest { format: FORMAT.into(), key: public, statement, files: records };
    let text = manifest.text();
    let signature = key.sign(&text);
    all.insert(MANIFEST, &text);
    all.insert(SIGNATURE, &signature);
    write_archive(&all)
}

/// Reads a pack and shows that it is whole. Whose it is shows its key, held against one that came another way.
///
/// # Errors
/// The first thing that is wrong with it. Nothing of it is to be believed then.
pub fn open(bytes: &[u8]) -> Result<Opened<'_>, OpenError> {
    let files = read_archive(bytes)?;
    let part = |name: &'static str| files.get(name).copied().ok_or(OpenError::Missing(name));
    let (text, signature) = (part(MANIFEST)?, part(SIGNATURE)?);
    let Head { format } = serde_json::from_slice(text)?;
    if format != FORMAT {
        return Err(OpenError::Format(format));
    }
    let manifest: Manifest = serde_json::from_slice(text)?;
    if !manifest.key.has_signed(text, signature) {
        return Err(OpenError::Signature(manifest.key));
    }
    if manifest.text() != text || !manifest.is_in_order() {
        return Err(OpenError::Form);
    }
    compare(&manifest, &files)?;
    Ok(Opened { manifest, files })
}

/// Holds what is there against what was signed.
fn compare(manifest: &Manifest, files: &Entries<'_>) -> Result<(), OpenError> {
    for record in &manifest.files {
        match files.get(&*record.name) {
            None => return Err(OpenError::Removed(record.name.clone())),
            Some(contents) if !record.fits(contents) => return Err(OpenError::Altered(record.name.clone())),
            Some(_) => {}
        }
    }
    let is_signed = |name: &&str| {
        [MANIFEST, SIGNATURE].contains(name) || manifest.files.iter().any(|record| record.name == **name)
    };
    if let Some(added) = files.keys().find(|name| !is_signed(name)) {
        return Err(OpenError::Added((*added).to_owned()));
    }
    if files.get(PUBLIC_KEY).is_none_or(|pem| *pem != manifest.key.pem().as_bytes()) {
        return Err(OpenError::OtherKey);
    }
    Ok(())
}

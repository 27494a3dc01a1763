//! What a pack says of itself: on what it rests, and which files it has.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::key::PublicKey;

/// The form of packs that this release writes and reads.
pub const FORMAT: &str = "releve-pack/1";

/// All of it: the text that is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`]; first, so that a later form can be told before it is read.
    pub format: String,
    /// Whose signature it bears.
    pub key: PublicKey,
    /// What it is evidence of.
    #[serde(flatten)]
    pub statement: Statement,
    /// Every file but this one and its signature, in the order of names.
    pub files: Vec<FileRecord>,
}

impl Manifest {
    /// The one text that says this.
    pub(crate) fn text(&self) -> Vec<u8> {
        let mut text = serde_json::to_vec_pretty(self).expect("a manifest is plain text");
        text.push(b'\n');
        text
    }

    /// Whether each file is named once, in the order of names.
    pub(crate) fn is_in_order(&self) -> bool {
        self.files.is_sorted_by(|one, next| one.name < next.name)
    }
}

/// On what the files of a pack rest. Holds no clock but the day that was asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// The command that made it: `report`, `whatif`, `exit-plan`.
    pub kind: String,
    /// Of what, in words.
    pub subject: String,
    /// Whose, as the configuration says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// The day (`YYYY-MM-DD`) that dates were held against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// What made it.
    pub program: Program,
    /// With which configuration.
    pub configuration: Configuration,
    /// With which facts about suppliers.
    pub catalogue: Catalogue,
    /// From which records; `None` where it rests on a trace alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<LedgerPart>,
    /// The file of arrivals that stood in for the ledger's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<FileRecord>,
    /// What was asked for, by the name of the option; the period as the moments that it was taken from and to, so that the
    /// same options ask for the same records at any time.
    pub arguments: BTreeMap<String, String>,
    /// What decided every chance; empty where there was none.
    pub seeds: Vec<u64>,
    /// What was assumed, and how far it reaches.
    pub limits: Vec<Limit>,
}

/// The program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Its release.
    pub version: String,
    /// Of its file.
    pub sha256: Digest,
}

/// The configuration. It is not in the pack: a digest shows whether another one is the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    /// The first twelve digits of `sha256`, as `releve config show` and each entry of the ledger say them.
    pub version: String,
    /// Of the configuration with presets and defaults filled in. Secrets are not in it, only where they are found.
    pub sha256: Digest,
    /// The file, where the pack quotes its text: with stars for all that is never quoted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quoted: Option<FileRecord>,
}

/// The catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalogue {
    /// A digest of all its files.
    pub version: String,
    /// Where the facts come from that the configuration uses.
    pub sources: Vec<Source>,
}

/// Where facts about a supplier were read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Source {
    /// The catalogue's entry.
    pub preset: String,
    /// A document, a package, an address.
    pub from: String,
    /// The day on which it was read, `YYYY-MM-DD`; empty where `from` says it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub read: String,
}

/// The part of a ledger that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerPart {
    /// Its file's, without the folder.
    pub name: String,
    /// Its first record.
    pub first_seq: i64,
    /// Its last record.
    pub last_seq: i64,
    /// The chain after the last: SHA-256 over all records up to there, those before the part included.
    pub chain: Digest,
    /// What people had decided about suppliers by the end of the part; `None` where nothing was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decisions: Option<DecisionsPart>,
}

/// The decisions of a ledger up to some place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionsPart {
    /// The place of the last.
    pub last: i64,
    /// The chain after it: SHA-256 over all decisions up to there.
    pub chain: Digest,
}

/// Something that was assumed, or that the answer does not reach beyond.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// In a word.
    pub about: String,
    /// In a sentence.
    pub says: String,
}

/// A file, without its contents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Its name.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Of its contents.
    pub sha256: Digest,
}

impl FileRecord {
    /// That of a file with these contents.
    pub fn of(name: impl Into<String>, contents: &[u8]) -> Self {
        Self { name: name.into(), bytes: contents.len() as u64, sha256: Digest::of(contents) }
    }

    /// Whether these are its contents.
    pub fn fits(&self, contents: &[u8]) -> bool {
        self.bytes == contents.len() as u64 && self.sha256 == Digest::of(contents)
    }
}

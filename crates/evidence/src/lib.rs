//! Evidence packs: several files in one ZIP that can be shown, offline and later, to be whole, and whose they are.
//!
//! **For**: handing what `releve report`, `whatif` and `exit-plan` say to somebody who has neither the gateway nor a reason to
//! trust whoever hands it over. [`seal`] makes a pack, [`open`] reads one that anybody may have made.
//!
//! **Promises**:
//! - The same statement, files and key make the same bytes: no clock, no compression that a later release does
//!   otherwise, one order, and a signature (Ed25519) without chance in it.
//! - What [`open`] returns is to the last byte what was signed with the key that it names. A pack has exactly one form
//!   ([`read_archive`]): whatever deviates from it is refused, each with a reason of its own.
//! - Reading costs no more memory than the file has bytes, and panics on nothing.
//!
//! **Never**: says who holds a key. That takes a key that came another way ([`PublicKey`]).
//!
//! Nothing here touches a file, a clock or a source of randomness.

mod archive;
mod digest;
mod key;
mod manifest;
mod pack;

pub use archive::{ArchiveError, Entries, MOST_BYTES, MOST_FILES, is_name, read_archive, write_archive};
pub use digest::{Digest, NotHexadecimal};
pub use key::{NoPublicKey, NoSigningKey, PublicKey, SigningKey};
pub use manifest::{
    Catalogue, Configuration, DecisionsPart, FORMAT, FileRecord, LedgerPart, Limit, Manifest, Program,
    Source, Statement,
};
pub use pack::{MANIFEST, OpenError, Opened, PUBLIC_KEY, SIGNATURE, open, seal};

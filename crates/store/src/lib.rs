//! The ledger and the keys on disk: one `SQLite` file, one writer thread. Kept responses: another file, for who wants it.
//!
//! **For**: keeping what the gateway says happened ([`Sqlite`], a [`ledger::Journal`]), reading it back while that goes
//! on ([`Reader`]), proving that it is whole ([`verify`]), issuing virtual keys ([`Keys`], [`KeyWatch`]), and keeping
//! responses for a next turn ([`State`]).
//!
//! **Promises**:
//! - What was acknowledged is there after `kill -9` (`crash-safe`) or a power cut (`power-safe`), once. A request that
//!   was admitted but never settled is settled as interrupted at the next start, once.
//! - Records are only ever added, each chained to all before it by SHA-256.
//! - A disk that fails or fills up stops no request: records wait in memory, readiness says so, and they are written
//!   when it works again. Nothing is dropped silently.
//! - A revoked key is refused everywhere when `keys revoke` returns; a posture is in force when `posture` does.
//!
//! **Never**: asks a disk on the path of a request whose product keeps no responses, keeps a secret, or changes a record.

mod acknowledge;
mod clock;
mod daybook;
mod encode;
mod error;
mod extract;
mod insert;
mod journal;
mod keys;
mod lock;
mod options;
mod posting;
mod postures;
mod queue;
mod read;
mod recovery;
mod row;
mod schema;
mod state;
mod verify;
mod writer;

pub use error::StoreError;
pub use journal::{Sqlite, Unwritten};
pub use keys::{InForce, IssuedKey, KeyHash, KeyInfo, KeyWatch, Keys, KeysInForce, NewKey, Secret};
pub use lock::is_served;
pub use options::{Durability, Options, UnknownDurability};
pub use postures::{Act, NewAct, PostureWatch, Postures, in_force};
pub use read::{Export, Extent, Pace, Period, Reader, Story};
pub use state::{KeptTurn, NewTurn, NoStateKey, NoTurn, State, StateError, StateKey, StateOptions};
pub use verify::{Problem, Report, verify};

//! Version 1.

mod read;
mod write;

pub(crate) use read::read;
pub(crate) use write::{write_correction, write_entry};

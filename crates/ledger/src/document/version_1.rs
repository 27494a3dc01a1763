//! Version 1.

mod read;
mod write;

pub(crate) use read::{read, read_head};
pub(crate) use write::{write_correction, write_entry};

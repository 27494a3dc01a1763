//! Whole answers, read and written.

mod read;
mod written;

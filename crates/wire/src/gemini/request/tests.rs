//! Requests, both ways.

mod decoding;
mod encoding;
mod properties;
mod wrong_types;

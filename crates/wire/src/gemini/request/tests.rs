//! Requests, both ways.

mod decoding;
mod encoding;
mod properties;

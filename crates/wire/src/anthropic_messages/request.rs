//! Requests: a client's read ([`decode`]), and one written for a supplier ([`encode`]).

pub(super) mod decode;
pub(super) mod encode;

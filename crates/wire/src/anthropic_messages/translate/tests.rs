//! What holds for everything that is said in this dialect.

mod accumulate;
mod any;
mod hostile;
mod round_trips;

pub(in crate::anthropic_messages) use self::accumulate::accumulate;
pub(in crate::anthropic_messages) use self::any::{about, target};
pub(in crate::anthropic_messages) use self::hostile::REQUEST;

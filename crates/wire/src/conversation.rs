//! The neutral conversation between protocols: what a request, an answer and a stream say, in no dialect.
//!
//! **For**: translation. A protocol that implements [`Translator`] can be translated to and from every other that does,
//! so *n* protocols take *n* translators. On a hop between two ends of the same protocol none of this is used: bytes
//! stay bytes.
//!
//! **Promises** (of the types; the bodies come with each protocol):
//! - Blocks keep their order; nothing is flattened into "all thinking, all text, all tools".
//! - What only one maker can read (signatures, encrypted reasoning, fields that we do not know) is [`Opaque`]: carried
//!   as the bytes it came in, with the protocol it came from, and given back only to that protocol.
//! - Usage is in disjoint buckets ([`catalogue::Usage`]), taken apart at the edge, once.
//! - What the target cannot say is an error or a named [`Loss`], never silence.
//!
//! **Never**: a superset of all dialects' options. Options that one dialect alone has stay opaque.

mod answer;
mod event;
mod message;
mod request;
mod translator;

pub use answer::{Answer, Choice, FinishReason};
pub use event::{BlockStart, Delta, Event};
pub use message::{
    Block, CacheMark, Content, Media, MediaKind, MediaSource, Opaque, Reasoning, Role, ToolCall, ToolResult,
    Turn,
};
pub use request::{Effort, OutputFormat, Request, Sampling, Tool, ToolChoice};
pub use translator::{Encoded, EventDecoder, EventEncoder, Loss, TranslateError, Translator};

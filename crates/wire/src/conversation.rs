//! The neutral conversation between protocols: what a request, an answer and a stream say, in no dialect.
//!
//! **For**: translation. A protocol that implements [`Translator`] can be translated to and from every other that does,
//! so *n* protocols take *n* translators. On a hop between two ends of the same protocol none of this is used: bytes
//! stay bytes. [`crate::translate`] puts two translators together.
//!
//! **Promises**:
//! - Blocks keep their order; nothing is flattened into "all thinking, all text, all tools".
//! - What only one maker can read (signatures, encrypted reasoning) is [`Opaque`]: carried as it came, with the protocol
//!   and the account it came from, and given back only there.
//! - Usage is in disjoint buckets ([`catalogue::Usage`]), taken apart at the edge, once.
//! - What the target cannot say is an error or a named [`Loss`], never silence.
//!
//! **Never**: a superset of all dialects' options. Options that one dialect alone has are losses elsewhere; those that
//! `OpenAI`'s two dialects share have a place ([`Request::only_openais`]).

mod answer;
pub(crate) mod arguments;
pub(crate) mod document;
mod event;
mod inline;
mod message;
mod opaque;
mod request;
mod search;
#[cfg(test)]
pub(crate) mod testing;
mod translator;

pub use answer::{Answer, Choice, FinishReason};
pub use document::{About, Documents};
pub(crate) use event::is_only_text;
pub use event::{BlockStart, Delta, Event};
pub use message::{
    Block, CacheMark, Citation, CitedIn, CitedPlace, Content, Logprob, Media, MediaKind, MediaSource,
    Reasoning, Role, Text, TokenLogprob, ToolCall, ToolInput, ToolResult, Turn,
};
pub(crate) use opaque::SEAL_IN_BASE64;
pub use opaque::{Opaque, SEAL};
pub use request::{Caching, Effort, Function, Grammar, OutputFormat, Request, Sampling, Tool, ToolChoice};
pub use search::{Page, Place, Search, WebSearch};
pub use translator::{
    Begins, ClientTranslator, Encoded, EventDecoder, EventEncoder, GoneOn, Loss, Range, ReplyContext,
    Schemas, Start, Target, ToolNames, TranslateError, Translator,
};

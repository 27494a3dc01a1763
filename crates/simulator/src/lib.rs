//! Suppliers of model answers that nobody has to pay: on real sockets, or on a simulated network, they speak seven
//! protocols, and fail as scripts tell them to.
//!
//! | protocol | paths | base URL |
//! |---|---|---|
//! | OpenAI Chat Completions | `POST .../chat/completions` | [`Handle::openai_base_url`] |
//! | OpenAI Responses | `POST .../responses` | [`Handle::openai_base_url`] |
//! | Anthropic Messages | `POST .../messages`, `.../messages/count_tokens` | [`Handle::anthropic_base_url`] |
//! | Gemini | `POST .../models/{model}:generateContent`, `:streamGenerateContent` (`?alt=sse` or an array), `:countTokens` | [`Handle::base_url`] |
//! | Bedrock Converse | `POST /model/{id}/converse`, `/converse-stream` | [`Handle::base_url`] |
//! | Cohere Chat | `POST .../v2/chat` | [`Handle::base_url`] |
//! | Ollama | `POST .../api/chat` | [`Handle::base_url`] |
//!
//! `GET .../models` lists the models, in the manner of OpenAI, Anthropic or Gemini.
//!
//! For `releve demo`, for tests, for drills. A supplier is an independent witness of the protocols: it shares no
//! code with the gateway, checks requests as strictly as the real suppliers do, records them byte for byte,
//! and keeps its own meter of what it would bill.
//!
//! Promises: what it does is a function of its seed, its settings, its script and the requests. Time is
//! tokio's, so virtual time works. Never reaches out to anything.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use simulator::{After, CutWith, Fault, Rule, Supplier};
//!
//! let supplier = Supplier::builder().seed(7).models(["gpt-5.2"]).spawn().await?;
//! let cut = Fault::Cut { after: After::Tokens(3), with: CutWith::Rst };
//! supplier.set_script([Rule::next(2, cut)]).await?;
//! println!("{}", supplier.openai_base_url());
//! # Ok(())
//! # }
//! ```

mod answer;
mod anthropic;
mod base64;
mod bedrock;
mod bench;
mod billing;
mod books;
mod cohere;
mod connection;
pub mod control;
mod dates;
mod dice;
mod fault;
mod frames;
mod gemini;
mod held;
mod http;
mod models;
mod network;
mod ollama;
mod openai;
mod play;
mod prompt;
mod protocol;
mod responses;
mod script;
mod seal;
mod server;
mod settings;
mod shape;
mod sse;
mod stage;
mod supplier;
mod visit;

pub use crate::{
    bench::CHUNKS as BENCH_CHUNKS,
    billing::{Billed, Line, Meter},
    books::{Counters, Outcome, Recorded},
    dice::Dice,
    fault::{After, CutWith, Ending, Fault, HiddenError, Raw, RawEnd, RawFraming, ResetAt, RetryAfter},
    network::{Io, Network, Tcp},
    script::{Rule, ScriptError},
    settings::{AnswerStyle, Delivery, LineEnd, Model, Pace, Prefill, ScriptedCall, Settings, StreamUsage},
    supplier::{Builder, Handle, SetScriptError, Supplier},
};

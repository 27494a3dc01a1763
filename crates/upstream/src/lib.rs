//! Dialling suppliers: where they are, how we prove who we are, and connections kept for the next request.
//!
//! One [`Pool`] lives on each runtime thread and is never shared, so taking a connection costs a map look-up and
//! no lock. A [`Target`] is built once when the configuration is read; nothing a client sends can change where
//! it points. What a client points at itself is fetched by a [`Fetcher`] alone, behind a guard. This crate never retries an
//! answered request, follows no supplier's redirect, and decides nothing about routing.

mod credential;
mod dial;
mod fetch;
mod guard;
mod http1;
mod pieces;
mod pool;
mod proxy;
mod target;
mod tls;

pub use credential::{AwsKeys, Credential, UnusableKeys};
pub use dial::{Dial, DialError, Io, SimulatedIo, TcpDial};
pub use fetch::{FetchError, Fetched, Fetcher};
pub use http1::{AnswerBody, ExchangeError};
pub use ipnet::IpNet;
pub use pieces::Pieces;
pub use pool::{Outgoing, Pool, SendError};
pub use proxy::{Proxies, Proxy, ProxyError};
pub use target::{Target, TargetError, TargetOptions};
pub use tls::{TlsError, TlsOptions, client_config};

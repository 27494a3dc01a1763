//! Who exists: makers, hosts, providers, models, prices, capabilities, end dates; and the exact words for money and usage.
//!
//! **For**: everything that must know a fact about a supplier without asking anybody. The facts are data, one TOML
//! file per provider in `catalogue/` at the root of the repository, compiled in and parsed one provider at a time,
//! when it is first asked for.
//!
//! **Promises**:
//! - Money is exact. [`Rate`] is an integer of pico-dollars per unit, [`Money`] an integer of nano-dollars; a
//!   [`Cost`] is rounded once per line, half to even, and its total is the sum of its lines.
//! - What is unknown says unknown. A capability that no source states is neither yes nor no ([`Capabilities`]);
//!   a bucket without a price makes a cost `None`, never 0.
//! - Every price says which source and date it comes from ([`PriceList::version`]) and whether other sources agree
//!   ([`Agreement`]).
//!
//! **Never**: reads a file, the clock or the environment, starts a thread, or behaves differently for one provider.
//! A protocol is only a name here ([`Protocol`]); how it is spoken lives in `wire`.
//!
//! ```
//! use catalogue::{Money, Usage};
//! let openai = catalogue::provider("openai").expect("compiled in");
//! let prices = openai.model("gpt-5.2").and_then(|model| model.price(None)).expect("priced");
//! let cost = prices.cost(&Usage { input_uncached: 1_000, output_text: 100, ..Usage::default() });
//! assert_eq!(cost.total, Some("0.00315".parse::<Money>().unwrap()));
//! ```

mod compiled;
mod decimal;
mod entry;
mod money;
mod needs;
mod parse;
mod place;
mod price;
mod protocol;
mod quirks;
mod usage;
mod weights;

pub use compiled::{models, provider, provider_names, search, version};
pub use decimal::DecimalError;
pub use entry::{Auth, AwsSigning, ModelEntry, ProviderEntry, RegionalPrice, Source};
pub use money::{Money, Rate};
pub use needs::{Capabilities, Needs, UnknownNeed};
pub use parse::ParseError;
pub use place::{InvalidRegion, Region};
pub use price::{Agreement, Cost, Lines, LongContext, PriceList, Rates, Service};
pub use protocol::{Protocol, Protocols, UnknownProtocol};
pub use quirks::{Quirks, UnknownQuirk};
pub use usage::{Bucket, Usage};
pub use weights::{InvalidWeights, Weights};

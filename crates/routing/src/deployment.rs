//! What can be asked: the deployments as configured, and how a request's facts are matched against them.

use std::sync::Arc;

use catalogue::{Capabilities, Needs, Protocol, Protocols, Region};

/// Index of a deployment, in the configuration that a request began with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeploymentIndex(pub u32);

impl DeploymentIndex {
    pub(crate) const fn at(self) -> usize {
        self.0 as usize
    }
}

/// Index of a provider, in the configuration that a request began with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderIndex(pub u16);

impl ProviderIndex {
    pub(crate) const fn at(self) -> usize {
        self.0 as usize
    }
}

/// One model at one provider. What is `None` is unknown, except where said.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// `provider/model`, or the provider and the configured id. Its health survives a reload under this name.
    pub name: Arc<str>,
    /// The account that it is served by.
    pub provider: ProviderIndex,
    /// How it is spoken to.
    pub protocol: Protocol,
    /// How else it can be spoken to, by clients that do.
    pub also: Protocols,
    /// Where it runs. A deployment without one is excluded by any rule about regions.
    pub region: Option<Region>,
    /// Tokens that input and output share.
    pub context_window: Option<u64>,
    /// Tokens that it can write.
    pub max_output: Option<u64>,
    /// What the model does and does not do.
    pub capabilities: Capabilities,
    /// Who made the model.
    pub maker: Arc<str>,
    /// Who runs it.
    pub host: Arc<str>,
    /// Attempts that may be in flight at once; `None` is no limit.
    pub max_in_flight: Option<u32>,
    /// What its configuration puts before every prompt, in tokens, estimated from its bytes.
    pub prefix_tokens: u64,
}

impl Deployment {
    /// One of which no more is known than how to reach it.
    pub fn unknown(name: impl Into<Arc<str>>, provider: ProviderIndex, protocol: Protocol) -> Self {
        let nobody = Arc::<str>::from("unknown");
        Self {
            name: name.into(),
            provider,
            protocol,
            also: Protocols::NONE,
            region: None,
            context_window: None,
            max_output: None,
            capabilities: Capabilities::default(),
            maker: Arc::clone(&nobody),
            host: nobody,
            max_in_flight: None,
            prefix_tokens: 0,
        }
    }

    /// What is spoken with it on behalf of a client that speaks `client`, for a request that needs `needs`: the client's own
    /// where it can be; else its first, but for a search of the web, which `OpenAI`'s models make in Responses alone.
    pub const fn protocol_for(&self, client: Protocol, needs: Needs) -> Protocol {
        const SEARCHES: Protocol = Protocol::OpenaiResponses;
        if self.also.contains(client) || client as u8 == self.protocol as u8 {
            client
        } else if needs.contains(Needs::WEB_SEARCH) && self.also.contains(SEARCHES) {
            SEARCHES
        } else {
            self.protocol
        }
    }
}

/// A deployment as a route lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteEntry {
    /// Which.
    pub deployment: DeploymentIndex,
    /// Its share under `weighted`, relative to the others'; 0 takes it out there. Other policies do not read it.
    pub weight: u32,
}

/// What routing knows of a request.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// What the client speaks.
    pub protocol: Protocol,
    /// What it can be translated into.
    pub translates: Protocols,
    /// What the request asks of a model.
    pub needs: Needs,
    /// The prompt's size in tokens, estimated from its bytes.
    pub estimated_input_tokens: u64,
    /// The most that the client lets the model write, in tokens.
    pub max_tokens: Option<u64>,
    /// Where it may be served: prefixes of regions. Empty is anywhere.
    pub regions: &'a [Region],
    /// Whether the answer is to be streamed.
    pub stream: bool,
}

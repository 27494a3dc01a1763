//! Who takes part: five products, six suppliers like the real world's, and the routes between them.

use catalogue::Protocol;

/// Index into [`SUPPLIERS`].
pub(super) type SupplierIndex = usize;
/// Index into [`PRODUCTS`].
pub(super) type ProductIndex = usize;

/// A provider that is played by the simulator.
#[derive(Debug)]
pub(super) struct Supplier {
    /// Its name in the configuration.
    pub(super) name: &'static str,
    /// Who makes and who runs its models.
    pub(super) who: &'static str,
    /// What its clients append to the simulator's address to make a base URL.
    pub(super) path: &'static str,
    /// What else its section of the configuration says.
    section: &'static str,
    /// Milliseconds to the first token, and tokens a second.
    pub(super) pace: (u64, f64),
    /// Whether its streams tell the usage unasked (and refuse to be asked).
    pub(super) tells_usage: bool,
    /// Whether long prompts are read from a cache at a lower price.
    pub(super) caches: bool,
}

/// The biggest maker's own API.
pub(super) const BIGGEST: SupplierIndex = 0;
/// The same maker's weights in a cloud.
pub(super) const ITS_CLOUD: SupplierIndex = 1;

/// In the order of their keys, 1 to 6.
pub(super) const SUPPLIERS: [Supplier; 6] = [
    Supplier {
        name: "openai",
        who: "OpenAI's own API",
        path: "/v1",
        section: "preset = \"openai\"\ncontract = { owner = \"OpenAI\", country = \"US\", ends = \"2027-06-30\", notice = \"90d\" }\n",
        pace: (180, 90.0),
        tells_usage: false,
        caches: true,
    },
    Supplier {
        name: "azure-sweden",
        who: "OpenAI's weights on Azure",
        path: "/openai/v1",
        section: "preset = \"azure\"\nregion = \"eu/sweden\"\ncontract = { owner = \"Microsoft\", country = \"US\", ends = \"2027-03-31\", notice = \"60d\", rights_until = \"2032-12-31\" }\n",
        pace: (240, 80.0),
        tells_usage: false,
        caches: true,
    },
    Supplier {
        name: "anthropic",
        who: "Anthropic's own API",
        path: "",
        section: "preset = \"anthropic\"\n",
        pace: (220, 75.0),
        tells_usage: false,
        caches: true,
    },
    Supplier {
        name: "azure-claude",
        who: "Anthropic's weights on Azure",
        path: "/anthropic",
        section: "preset = \"azure-ai-foundry\"\nprotocol = \"anthropic-messages\"\nregion = \"eu/sweden\"\ncontract = { owner = \"Microsoft\", country = \"US\" }\n",
        pace: (280, 70.0),
        tells_usage: false,
        caches: true,
    },
    Supplier {
        name: "mistral",
        who: "Mistral's own API",
        path: "/v1",
        section: "preset = \"mistral\"\nregion = \"eu/france\"\ncontract = { owner = \"Mistral AI\", country = \"FR\" }\n",
        pace: (160, 110.0),
        tells_usage: true,
        caches: true,
    },
    Supplier {
        name: "house",
        who: "an open model, own machines",
        path: "/v1",
        section: "preset = \"vllm\"\nregion = \"eu/france\"\nmaker = \"meta\"\ncontract = { owner = \"ourselves\", country = \"FR\" }\n",
        pace: (90, 60.0),
        tells_usage: false,
        caches: false,
    },
];

/// A consumer of models.
#[derive(Debug)]
pub(super) struct Product {
    /// Its name in the configuration.
    pub(super) name: &'static str,
    /// What it writes in `model`.
    pub(super) route: &'static str,
    pub(super) protocol: Protocol,
    /// The part of its requests that are streamed, of 1.
    pub(super) streams: f64,
    /// Its part of all requests, in hundredths.
    pub(super) share: u32,
    /// What else its section of the configuration says.
    section: &'static str,
    pub(super) system: &'static str,
    /// Whether its system prompt goes on with a handbook, long enough for suppliers' caches.
    pub(super) has_handbook: bool,
    pub(super) questions: [&'static str; 4],
}

/// The products.
pub(super) const PRODUCTS: [Product; 5] = [
    Product {
        name: "office-assistant",
        route: "assistant",
        protocol: Protocol::OpenaiChat,
        streams: 1.0,
        share: 30,
        section: "criticality = \"critical\"\nfunction = \"letters, tables, meetings\"\nmax_outage = \"30m\"\nmax_degradation = 0.1\n",
        system: "You help people of a large organisation with letters, tables and meetings.",
        has_handbook: true,
        questions: [
            "Shorten this letter to the works council to half a page.",
            "Make an agenda for Monday's meeting about the move to the new building.",
            "Put these figures into a table, by quarter and country.",
            "Translate this invitation into French, politely.",
        ],
    },
    Product {
        name: "code-tool",
        route: "code",
        protocol: Protocol::AnthropicMessages,
        streams: 1.0,
        share: 20,
        section: "criticality = \"important\"\nfunction = \"programming\"\nmax_outage = \"4h\"\n",
        system: "You are a careful programmer. Answer with code first.",
        has_handbook: false,
        questions: [
            "Why does this loop never end? while (i < n) { sum += a[i]; }",
            "Write a test for a function that rounds half to even.",
            "Explain this compiler error: cannot borrow as mutable more than once.",
            "Turn this callback into an async function.",
        ],
    },
    Product {
        name: "search",
        route: "search",
        protocol: Protocol::OpenaiChat,
        streams: 0.0,
        share: 25,
        section: "criticality = \"important\"\nfunction = \"finding things\"\nmax_outage = \"2h\"\n",
        system: "Answer the search in one sentence, from the passages given.",
        has_handbook: false,
        questions: [
            "when is the canteen open on public holidays",
            "travel expenses form for suppliers",
            "who decides about purchases above 5000 euros",
            "how to reset the badge of a visitor",
        ],
    },
    Product {
        name: "support-bot",
        route: "support",
        protocol: Protocol::AnthropicMessages,
        streams: 0.5,
        share: 15,
        section: "criticality = \"critical\"\nfunction = \"answering customers\"\nmax_outage = \"15m\"\nmax_degradation = 0.1\n",
        system: "You answer customers of an energy company, friendly and briefly.",
        has_handbook: false,
        questions: [
            "My meter shows three times as much as last month. What can I do?",
            "I move on the first of March. Do I have to cancel my contract?",
            "Your bill says 412.70, my bank says 421.70. Which is right?",
            "When does somebody come to look at my boiler?",
        ],
    },
    Product {
        name: "developer-platform",
        route: "platform",
        protocol: Protocol::OpenaiChat,
        streams: 0.5,
        share: 10,
        section: "regions = [\"eu\"]\ncriticality = \"normal\"\nfunction = \"models for other teams\"\nmax_outage = \"1d\"\n",
        system: "You are a model behind an internal API.",
        has_handbook: false,
        questions: [
            "Classify this ticket: network, hardware, account or other.",
            "Extract name, date and amount from this invoice as JSON.",
            "Summarise this incident report in three sentences.",
            "Which of these two texts is the later version?",
        ],
    },
];

/// The routes, as the configuration says them. The models' prices are the catalogue's; the house's own is its own.
const ROUTES: &str = r#"
[routes.assistant]
deployments = ["openai/gpt-5.4", "azure-sweden/gpt-5.4", "mistral/mistral-large-2512", HOUSE]

[routes.code]
deployments = ["anthropic/claude-opus-4-8", "azure-claude/claude-opus-4-8"]

[routes.search]
deployments = [
  { use = "openai/gpt-5.4-mini", weight = 4 },
  { use = "azure-sweden/gpt-5.4-mini", weight = 2 },
  HOUSE,
]
[routes.search.policy]
prefer = "weighted"

[routes.support]
deployments = ["anthropic/claude-sonnet-5", "azure-claude/claude-sonnet-5"]

[routes.platform]
deployments = ["openai/gpt-5.4-mini", "azure-sweden/gpt-5.4-mini", "mistral/mistral-large-2512", HOUSE]
"#;

/// What a report needs beside: what it is held against, and what does not flow through here.
const ESTATE: &str = r#"
[targets]
must_survive = ["maker:openai", "host:azure"]

[report]
own = { host = "own", region = "eu/france", country = "FR", without_it = "call a supplier directly: they speak its API" }

[[declared]]
name = "assistants bought with the office suite"
maker = "openai"
host = "azure"
owner = "Microsoft"
country = "US"
"#;

const HOUSE: &str =
    r#"{ use = "house/llama-3.3-70b", weights = "open", price = { input = "0.20", output = "0.20" } }"#;

/// The first line of every demo's configuration: by it the next demo knows what it may replace.
pub(super) const MARK: &str = "# Written by `releve demo`.";

/// Which addresses the configuration names.
#[derive(Debug, Clone)]
pub(super) struct Addresses {
    pub(super) listen: std::net::SocketAddr,
    pub(super) admin_listen: std::net::SocketAddr,
    /// Of each supplier.
    pub(super) suppliers: Vec<std::net::SocketAddr>,
}

/// The demo's releve.toml.
pub(super) fn configuration(addresses: &Addresses, ledger: &str) -> String {
    use std::fmt::Write as _;

    let mut text = format!(
        "{MARK} Its suppliers were simulated on this machine, and are gone when it ends.\n\n\
         [server]\nlisten = \"{}\"\nadmin_listen = \"{}\"\n\n[ledger]\nurl = \"sqlite:{ledger}\"\n",
        addresses.listen, addresses.admin_listen
    );
    for (supplier, address) in SUPPLIERS.iter().zip(&addresses.suppliers) {
        let Supplier { name, path, section, who, .. } = supplier;
        let _ =
            write!(text, "\n[providers.{name}]  # {who}\n{section}base_url = \"http://{address}{path}\"\n");
    }
    text.push_str(&ROUTES.replace("HOUSE", HOUSE));
    text.push_str(ESTATE);
    for Product { name, route, section, .. } in &PRODUCTS {
        let _ = write!(
            text,
            "\n[products.{name}]\nroutes = [\"{route}\"]\ndefault_route = \"{route}\"\n{section}"
        );
    }
    text
}

/// The supplier of a deployment, by the provider's name before its slash.
pub(super) fn supplier_of(deployment: &str) -> Option<SupplierIndex> {
    let (provider, _) = deployment.split_once('/')?;
    SUPPLIERS.iter().position(|supplier| supplier.name == provider)
}

/// A system prompt of more than a thousand tokens, the same each time: what suppliers keep in their caches.
pub(super) fn handbook() -> String {
    const MATTERS: [&str; 6] = ["letters", "tables", "meetings", "travel", "purchases", "visitors"];
    const RULES: [&str; 4] = [
        "write as one person to another, without a word that could be left out",
        "name whoever decides, and until when",
        "never promise what another department would have to keep",
        "put figures in a table as soon as there are more than three",
    ];
    let rules = MATTERS.iter().flat_map(|matter| RULES.iter().map(move |rule| (matter, rule)));
    let numbered = rules.enumerate().map(|(number, (matter, rule))| {
        format!(
            "{}. About {matter}: {rule}; where in doubt, say what is missing and ask for it.\n",
            number + 1
        )
    });
    let once: String = numbered.collect();
    format!("House rules.\n{once}Examples follow the same rules.\n{once}")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::environment::Environment;
    use crate::config::source::Source;
    use crate::resolve::Context;
    use crate::settings;

    #[test]
    fn the_configuration_is_right_and_every_deployment_has_a_price() {
        let address = |port: u16| std::net::SocketAddr::from(([127, 0, 0, 1], port));
        let addresses = Addresses {
            listen: address(1),
            admin_listen: address(2),
            suppliers: (0..6).map(|number| address(10 + number)).collect(),
        };
        let text = configuration(&addresses, "releve-demo.db");
        let context = Context { environment: &Environment::default(), previous: None };
        let settings = settings::read_text(Source::new("demo", text), Path::new(""), &context).unwrap();
        assert!(settings.warnings.problems().is_empty(), "{:?}", settings.warnings.problems());
        let snapshot = &settings.resolved.snapshot;
        for (index, route) in snapshot.routes.iter().enumerate().filter(|(_, route)| !route.direct) {
            for entry in &route.entries {
                let deployment = snapshot.deployment(entry.deployment);
                assert!(deployment.prices.is_some(), "{} has no price", deployment.name);
                assert!(supplier_of(&deployment.name).is_some());
            }
            let product = PRODUCTS.iter().find(|product| *route.name == *product.route).unwrap();
            let speaks = snapshot.routing[route.entries[0].deployment.0 as usize].protocol;
            assert_eq!(speaks, product.protocol, "route {index}");
        }
    }

    #[test]
    fn shares_add_up() {
        assert_eq!(PRODUCTS.iter().map(|product| product.share).sum::<u32>(), 100);
        assert!(handbook().len() > 4 * 1024, "{}", handbook().len());
    }
}

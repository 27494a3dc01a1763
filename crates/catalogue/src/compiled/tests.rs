//! Every file of the catalogue, checked. Parsing already refuses double names, dangling aliases and wrong figures.

use std::collections::BTreeSet;

use super::{COMPILED, models, provider, provider_names, search, version};
use crate::{Agreement, Auth, Bucket, Needs, Protocol, ProviderEntry, Quirks, Usage, Weights};

const SUPPLIERS: usize = 21;
const MODELS: usize = 417;
const OWN_ENGINES: [&str; 4] = ["llamacpp", "ollama", "sglang", "vllm"];

#[test]
fn every_file_can_be_read() {
    for compiled in &COMPILED {
        ProviderEntry::parse(compiled.name, compiled.text)
            .unwrap_or_else(|error| panic!("{}: {error:?}", compiled.name));
    }
}

#[test]
fn names_are_in_order_and_each_finds_its_own() {
    let names: Vec<_> = provider_names().collect();
    assert!(names.is_sorted(), "{names:?}");
    for name in names {
        assert_eq!(provider(name).map(|entry| entry.name.clone()).as_deref(), Some(name));
    }
    assert_eq!(provider("open").map(|entry| entry.name.clone()), None);
}

#[test]
fn a_provider_is_parsed_once() {
    let (first, second) = (provider("groq").unwrap(), provider("groq").unwrap());
    assert!(std::sync::Arc::ptr_eq(&first, &second));
}

#[test]
fn all_suppliers_and_models_are_there() {
    let suppliers: BTreeSet<_> = models().map(|(provider, _)| &provider.name).collect();
    assert_eq!((suppliers.len(), models().count()), (SUPPLIERS, MODELS));
    assert_eq!(provider_names().filter(|name| OWN_ENGINES.contains(name)).count(), OWN_ENGINES.len());
}

#[test]
fn every_provider_can_be_reached_as_its_sdk_does() {
    for name in provider_names() {
        let entry = provider(name).unwrap();
        if let Some(url) = &entry.base_url {
            assert!(url.starts_with("https://") || entry.host == "own", "{name}: {url}");
            assert!(!url.ends_with('/'), "{name}: the protocol's path follows {url}");
        }
        assert!(entry.auth != Auth::None || entry.host == "own", "{name}");
        assert!(
            entry.base_path.as_ref().is_none_or(|path| path.starts_with('/') && entry.base_url.is_none()),
            "{name}"
        );
        assert!(
            entry.key_env.iter().all(|key| key.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')),
            "{name}"
        );
    }
    let anthropic = provider("anthropic").unwrap();
    assert_eq!(anthropic.auth, Auth::Header("x-api-key".into()));
    assert_eq!(anthropic.headers, [("anthropic-version".into(), "2023-06-01".into())]);
    assert_eq!(anthropic.betas, ["*"]);
    assert!(!provider("azure-ai-foundry").unwrap().betas.is_empty(), "not all, but some");
    assert!(!provider("mistral").unwrap().stream_usage, "it answers stream_options with a 422");
}

#[test]
fn b14_a_claude_that_is_not_listed_yet_thinks_and_is_held_to_no_tool_at_once() {
    let anthropic = provider("anthropic").unwrap();
    assert!(anthropic.quirks.contains(Quirks::NO_FORCED_TOOL_WITH_THINKING));
}

#[test]
fn every_price_says_its_source_and_day_and_every_dispute_is_told() {
    for (provider, model) in models() {
        let place = format!("{}/{}", provider.name, model.id);
        assert!(!model.prices.is_empty() && !model.sources.is_empty(), "{place}");
        for price in &model.prices {
            let (_, day) = price.list.version.rsplit_once(", ").unwrap();
            assert!(crate::weights::is_date(day), "{place}: {}", price.list.version);
            assert!(
                price.list.standard.get(Bucket::InputUncached).is_some(),
                "{place} has no price of input"
            );
            assert!(price.list.agreement != Agreement::Disputed || !model.disputes.is_empty(), "{place}");
            assert_ne!(price.list.agreement, Agreement::Configured, "{place}");
        }
    }
}

#[test]
fn every_chat_model_has_a_price_for_plain_text() {
    let usage = Usage { input_uncached: 10, output_text: 10, ..Usage::default() };
    let chats = models().filter(|(_, model)| model.kind == "chat");
    for (provider, model) in chats {
        assert!(model.price(None).unwrap().cost(&usage).total.is_some(), "{}/{}", provider.name, model.id);
    }
}

#[test]
fn makers_hosts_and_weights_are_told_apart() {
    let facts = |provider_name: &str, id: &str| {
        let entry = provider(provider_name).unwrap();
        let model = entry.model(id).unwrap_or_else(|| panic!("{provider_name}/{id}"));
        (model.maker.clone(), entry.host.clone(), model.weights.clone())
    };
    let expect = |maker: &str, host: &str, weights| (maker.to_owned(), host.to_owned(), weights);
    let claude = "anthropic.claude-haiku-4-5-20251001-v1:0";
    assert_eq!(facts("bedrock", claude), expect("anthropic", "aws", Weights::MakerOnly));
    assert_eq!(facts("azure", "gpt-5.2"), expect("openai", "azure", Weights::MakerOnly));
    assert_eq!(facts("groq", "openai/gpt-oss-120b"), expect("openai", "groq", Weights::Open));
    assert_eq!(facts("cerebras", "llama-3.1-8b"), expect("meta", "cerebras", Weights::Open));
    assert_eq!(facts("azure", "model-router"), expect("unknown", "azure", Weights::Unknown));
}

#[test]
fn the_same_weights_are_found_at_every_host() {
    let hosts = |name: &str| {
        let places = models().filter(|(_, model)| model.known_as.as_deref() == Some(name));
        places.map(|(provider, _)| provider.name.as_str()).collect::<BTreeSet<_>>()
    };
    assert_eq!(hosts("gpt-oss-120b"), BTreeSet::from(["bedrock", "cerebras", "groq", "together"]));
    assert!(hosts("claude-opus-4-8").is_superset(&BTreeSet::from([
        "anthropic",
        "azure-ai-foundry",
        "bedrock"
    ])));
    assert!(
        hosts("gpt-4o").is_empty() || !hosts("gpt-4o").contains("openai"),
        "there the name has two versions"
    );
}

#[test]
fn what_no_source_states_stays_unknown() {
    let openai = provider("openai").unwrap();
    let small = openai.model("gpt-5-mini").unwrap();
    assert!(small.capabilities.yes.contains(Needs::TOOLS | Needs::IMAGES));
    assert_eq!(small.capabilities.unknown(Needs::LOGPROBS), Needs::LOGPROBS);
    for (provider, model) in models() {
        assert!(
            !model.capabilities.no.contains(Needs::TOOLS),
            "{}/{}: no source denies it",
            provider.name,
            model.id
        );
    }
}

#[test]
fn models_that_speak_otherwise_say_so() {
    let foundry = provider("azure-ai-foundry").unwrap();
    assert_eq!(foundry.model("claude-opus-4-8").unwrap().protocol, Some(Protocol::AnthropicMessages));
    assert_eq!(
        provider("openai").unwrap().model("gpt-5-pro").unwrap().protocol,
        Some(Protocol::OpenaiResponses)
    );
    assert_eq!(provider("openai").unwrap().model("gpt-5").unwrap().protocol, None);
}

#[test]
fn a_second_name_has_the_same_models_and_is_not_counted_twice() {
    let (gemini, studio) = (provider("gemini").unwrap(), provider("google-ai-studio").unwrap());
    assert_eq!((&gemini.models, gemini.protocol), (&studio.models, studio.protocol));
    let compatible = provider("gemini-openai").unwrap();
    assert_eq!((&compatible.models, compatible.protocol), (&studio.models, Protocol::OpenaiChat));
    assert!(models().all(|(provider, _)| provider.like.is_none()));
}

#[test]
fn search_finds_by_every_word_in_any_case() {
    let found: Vec<_> = search("CLAUDE haiku bedrock").map(|(_, model)| model.id.as_str()).collect();
    assert_eq!(found, ["anthropic.claude-haiku-4-5-20251001-v1:0"]);
    assert_eq!(search("  ").count(), MODELS);
    assert_eq!(search("no-such-model").count(), 0);
    assert_eq!(search("fireworks glm-5p1").count(), 2, "by alias");
}

#[test]
fn the_version_names_the_data() {
    assert_eq!(version().len(), 16);
    assert!(version().bytes().all(|byte| byte.is_ascii_hexdigit()));
}

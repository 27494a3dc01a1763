use super::ParseError;
use crate::{Auth, Bucket, ModelEntry, Needs, Protocol, ProviderEntry, Region, Weights};

const HEAD: &str = r#"
protocol = "openai-chat"
base_url = "http://127.0.0.1:9000/v1"
host = "own"
sources = [{ from = "our own machines", read = "2026-11-22" }]
"#;

const PRICED: &str = r#"
[prices]
from = "a list"
read = "2026-11-01"
"#;

const MODEL: &str = r#"
[[models]]
id = "small"
aliases = ["short"]
known_as = "llama-small"
kind = "chat"
maker = "meta"
weights = "licensed-until:2027-06-30"
yes = ["tools"]
no = ["images"]
[[models.prices]]
agreement = "disputed"
standard = { input = "3", output = "9" }
[[models.prices]]
region = "eu"
agreement = "corroborated"
standard = { input = "4", output = "12" }
[[models.prices]]
region = "eu/france"
agreement = "single-source"
source = { from = "another list", read = "2026-10-01" }
standard = { input = "5", output = "15" }
"#;

fn parse(parts: &[&str]) -> Result<ProviderEntry, ParseError> {
    ProviderEntry::parse("acme", &parts.concat())
}

fn refusal(parts: &[&str]) -> String {
    match parse(parts) {
        Ok(entry) => panic!("accepted: {entry:?}"),
        Err(error @ ParseError::Toml(_)) => std::error::Error::source(&error).unwrap().to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn three_lines_and_a_source_make_a_provider() {
    let entry = parse(&[HEAD]).unwrap();
    assert_eq!((entry.name.as_str(), entry.protocol), ("acme", Protocol::OpenaiChat));
    assert_eq!((entry.auth, entry.stream_usage, entry.stops_billing_on_abort), (Auth::Bearer, true, None));
    assert_eq!((entry.region, entry.maker, entry.models.len()), (None, None, 0));
}

#[test]
fn what_a_model_does_not_say_is_unknown() {
    let entry = parse(&[HEAD, PRICED, "[[models]]\nid = \"bare\"\nkind = \"chat\"\n"]).unwrap();
    let bare: &ModelEntry = entry.model("bare").unwrap();
    assert_eq!((bare.maker.as_str(), &bare.weights), ("unknown", &Weights::Unknown));
    assert_eq!(bare.capabilities.unknown(Needs::ALL), Needs::ALL);
    assert_eq!(bare.price(None), None);
}

#[test]
fn capabilities_are_yes_no_or_unknown() {
    let entry = parse(&[HEAD, PRICED, MODEL]).unwrap();
    let capabilities = entry.model("small").unwrap().capabilities;
    let needs = Needs::TOOLS | Needs::IMAGES | Needs::AUDIO_IN;
    assert_eq!(capabilities.missing(needs), Needs::IMAGES);
    assert_eq!(capabilities.unknown(needs), Needs::AUDIO_IN);
}

#[test]
fn the_region_is_part_of_the_price() {
    let entry = parse(&[HEAD, PRICED, MODEL]).unwrap();
    let small = entry.model("small").unwrap();
    let input = |region: Option<&str>| {
        let region = region.map(|text| text.parse::<Region>().unwrap());
        small.price(region.as_ref()).unwrap().standard.get(Bucket::InputUncached).unwrap().to_string()
    };
    assert_eq!(input(None), "3");
    assert_eq!(input(Some("us")), "3");
    assert_eq!(input(Some("eu")), "4");
    assert_eq!(input(Some("eu/frankfurt")), "4");
    assert_eq!(input(Some("eu/france/paris")), "5");
    let only_regional = parse(&[
        HEAD,
        PRICED,
        &MODEL.replace("agreement = \"disputed\"", "agreement = \"disputed\"\nregion = \"us\""),
    ]);
    assert_eq!(
        only_regional.unwrap().model("small").unwrap().price(None),
        None,
        "an unknown region has no regional price"
    );
}

#[test]
fn a_price_says_where_it_comes_from() {
    let entry = parse(&[HEAD, PRICED, MODEL]).unwrap();
    let versions: Vec<&str> = entry.models[0].prices.iter().map(|price| &*price.list.version).collect();
    assert_eq!(versions, ["a list, 2026-11-01", "a list, 2026-11-01", "another list, 2026-10-01"]);
    assert_eq!(refusal(&[HEAD, MODEL]), "source of a price is missing");
}

#[test]
fn names_lead_to_one_model_exactly() {
    let entry = parse(&[HEAD, "[aliases]\n\"other/small\" = \"small\"\n", PRICED, MODEL]).unwrap();
    for name in ["small", "short", "other/small"] {
        assert_eq!(entry.model(name).map(|model| model.id.as_str()), Some("small"), "{name}");
    }
    for name in ["Small", "smal", "small-latest", "llama-small", ""] {
        assert_eq!(entry.model(name), None, "{name}");
    }
    assert_eq!(entry.known_as("llama-small").count(), 1);
}

#[test]
fn contradictions_are_refused() {
    let cases: &[(&[&str], &str)] = &[
        (
            &[HEAD, PRICED, MODEL, "[[models]]\nid = \"short\"\nkind = \"chat\"\n"],
            "\"short\" names two models",
        ),
        (&[HEAD, "[aliases]\na = \"b\"\n"], "alias \"a\" stands for \"b\", which is not listed"),
        (
            &[HEAD, PRICED, &MODEL.replace("no = [\"images\"]", "no = [\"tools\"]")],
            "model \"small\": a capability is both yes and no",
        ),
        (&[HEAD, PRICED, &MODEL.replace("eu/france", "eu")], "model \"small\": two prices for one region"),
        (&[&HEAD.replace("2026-11-22", "2026-13-22")], "\"2026-13-22\" is no day of the form YYYY-MM-DD"),
        (&[&HEAD.replace("host = \"own\"", "")], "host is missing"),
        (&["protocol = \"openai-chat\"\nhost = \"own\"\n"], "sources is missing"),
        (&["like = \"nobody\"\n"], "like = \"nobody\" names no preset"),
        (&["like = \"gemini\"\n"], "like = \"gemini\" names no preset"),
    ];
    for (parts, expected) in cases {
        assert_eq!(refusal(parts), *expected);
    }
}

#[test]
fn misspelt_words_are_refused_with_their_place() {
    for (right, wrong, said) in [
        ("base_url", "base_ulr", "unknown field `base_ulr`"),
        ("openai-chat", "openai", "unknown variant `openai`"),
        ("yes = [\"tools\"]", "yes = [\"tool\"]", "unknown need or capability \"tool\""),
        ("licensed-until:2027-06-30", "licensed", "\"licensed\" is none of open"),
        ("input = \"3\"", "input = \"3$\"", "not a plain decimal number"),
        ("region = \"eu\"", "region = \"EU\"", "\"EU\" is no region"),
    ] {
        let refused = refusal(&[&[HEAD, PRICED, MODEL].concat().replace(right, wrong)]);
        assert!(refused.contains(said) && refused.contains("line"), "{refused}");
    }
}

#[test]
fn a_file_like_a_preset_has_its_facts_and_models() {
    let entry = parse(&[
        "like = \"azure\"\nbase_url = \"https://contoso.openai.azure.com\"\nregion = \"eu/sweden\"\n",
    ])
    .unwrap();
    let azure = crate::provider("azure").unwrap();
    assert_eq!(
        (entry.auth, entry.base_path.as_deref()),
        (Auth::Header("api-key".into()), Some("/openai/v1"))
    );
    assert_eq!((entry.models, entry.like.as_deref()), (azure.models.clone(), Some("azure")));
    assert_eq!(entry.region.map(String::from), Some("eu/sweden".into()));
}

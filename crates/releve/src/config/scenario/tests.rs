use std::time::Duration;

use scenario::event::{Outage, What};

use super::*;

fn meant(name: &str) -> Result<String, String> {
    if name.contains("nobody") { Err("there are: maker:openai".to_owned()) } else { Ok(name.to_owned()) }
}

fn wrong(text: &str) -> String {
    read(&Source::new("s.toml", text), &meant).unwrap_err().to_string()
}

#[test]
fn a_scenario_reads_as_it_is_written() {
    let text = r#"
        why = "Because."
        span = "5d"
        herd = {}

        [[event]]
        what = "outage"
        kind = "hang"
        on = ["maker:openai"]
        from = "1d"
        for = "12h"

        [[event]]
        what = "growth"
        times = 1.5
        until = "4d"
    "#;
    let scenario = read(&Source::new("s.toml", text), &meant).unwrap();
    assert_eq!((scenario.why.as_str(), scenario.herd), ("Because.", Some(Herd::default())));
    let [outage, growth] = &scenario.events[..] else { panic!("{scenario:?}") };
    assert_eq!(outage.what, What::Outage(Outage::Hang));
    assert_eq!((outage.from, outage.until), (Duration::from_hours(24), Some(Duration::from_hours(36))));
    assert_eq!(outage.targets[0].to_string(), "maker:openai");
    assert_eq!((&growth.what, growth.until), (&What::Growth(1.5), Some(Duration::from_hours(96))));
}

#[test]
fn what_is_wrong_is_said_with_its_place_and_mend() {
    let start = "why = \"x\"\nspan = \"1d\"\n";
    for (text, said) in [
        (
            "[[event]]\nwhat = \"outge\"\non = [\"maker:openai\"]\n",
            "s.toml:4:8: error: event.what: \"outge\" is not known",
        ),
        ("[[event]]\nwhat = \"outage\"\n", "it is not said to whom it happens"),
        (
            "[[event]]\nwhat = \"outage\"\non = [\"openai\"]\n",
            "s.toml:5:7: error: \"openai\" is no fault domain",
        ),
        ("[[event]]\nwhat = \"outage\"\non = [\"maker:nobody\"]\n", "(there are: maker:openai)"),
        (
            "[[event]]\nwhat = \"outage\"\non = [\"maker:openai\"]\nfrom = \"2d\"\n",
            "it begins when all is over",
        ),
        ("[[event]]\nwhat = \"outage\"\non = [\"maker:openai\"]\nkind = \"sleep\"\n", "is no kind of outage"),
        ("[[event]]\nwhat = \"brownout\"\non = [\"maker:openai\"]\nslowr = 3\n", "did you mean \"slower\"?"),
        ("[[event]]\nwhat = \"price\"\non = [\"maker:openai\"]\n", "event.times is missing"),
        (
            "[[event]]\nwhat = \"growth\"\ntimes = 1e300\n",
            "s.toml:5:9: error: event.times: 1e300 times is more than can be told",
        ),
        (
            "[[event]]\nwhat = \"growth\"\ntimes = 20\n[[event]]\nwhat = \"growth\"\ntimes = 20\n",
            "all that grows makes it 400 times as many requests",
        ),
        (
            "[[event]]\nwhat = \"posture\"\non = [\"maker:openai\"]\nposture = \"drain\"\nper_hour = 7\n",
            "s.toml:7:12: error: event.per_hour: 7 is not between 0 and 1",
        ),
        (
            "[[event]]\nwhat = \"terms\"\non = [\"maker:openai\"]\nproducts = [\"nobody\"]\n",
            "s.toml:6:13: error: there is no product \"nobody\" in this configuration",
        ),
        (
            "[[event]]\nwhat = \"region\"\nregions = [\"eu\"]\nproducts = [\"nobody\"]\n",
            "there is no product \"nobody\"",
        ),
        (
            "[[event]]\nwhat = \"arrival\"\nname = \"a/b\"\nprice = { input = \"1\", output = \"1\" }\nroutes = [\"nobody\"]\n",
            "there is no route \"nobody\"",
        ),
        ("[[event]]\nwhat = \"growth\"\ntimes = 2\nuntil = \"3h\"\nfor = \"2h\"\n", "both `until` and `for`"),
    ] {
        let report = wrong(&format!("{start}{text}"));
        assert!(report.contains(said), "{report}\nshould say {said}");
    }
    assert!(wrong("span = \"1d\"\n").contains("why is missing"));
}

/// Everything that ships must be right in any configuration that has the suppliers it names.
#[test]
fn every_scenario_that_ships_can_be_read_and_says_why() {
    for (name, text) in crate::cli::SCENARIOS {
        let scenario =
            read(&Source::new(*name, *text), &meant).unwrap_or_else(|report| panic!("{name}: {report}"));
        assert!(
            scenario.why.len() > 40 && scenario.why.ends_with(['.', '?']),
            "{name} says why in a sentence"
        );
        assert!(!scenario.events.is_empty(), "{name}");
    }
}

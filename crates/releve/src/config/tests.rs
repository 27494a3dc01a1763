//! What is accepted, and that it is written back as the same.

use super::*;

const WHOLE: &str = include_str!("../../tests/configs/whole.toml");

#[test]
fn the_whole_example_is_accepted_and_written_back_as_the_same() {
    let (config, problems) = Config::parse(&Source::new("releve.toml", WHOLE));
    assert_eq!(problems, []);
    let written = toml::to_string_pretty(&config).unwrap();
    let (again, problems) = Config::parse(&Source::new("again.toml", &written));
    assert_eq!(problems, []);
    assert_eq!(toml::to_string_pretty(&again).unwrap(), written);
}

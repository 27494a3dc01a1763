//! One supplier as a process, for tests in other languages and as the target of load tests.
//!
//! `simulator --listen 127.0.0.1:0 --control 127.0.0.1:0 --seed 1 --key sk-test --models gpt-5.2,claude-sonnet-4-5`
//! prints one line of JSON when it is ready: `{"listen": "127.0.0.1:40123", "control": "127.0.0.1:40124"}`.
//!
//! Besides `--listen`, `--control`, `--script` (JSON: a list of rules), `--epoch` (Unix seconds), `--bench` and
//! `--until-eof` (ends when its input does), every field of `simulator::Settings` is an option, those of `pace`,
//! `answer` and `delivery` too: `--ttft-ms 200 --tokens-per-second 50 --split 7 --line-end crlf`.

use std::{
    fmt::Display,
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr},
    process::ExitCode,
    str::FromStr,
};

use serde_json::{Map, Value, json};
use simulator::{Rule, Settings, Supplier, control};

/// What the command line asks for.
#[derive(Debug, PartialEq)]
struct Options {
    listen: SocketAddr,
    control: Option<SocketAddr>,
    script: Vec<Rule>,
    epoch: Option<u64>,
    bench: bool,
    until_eof: bool,
    settings: Settings,
}

const USAGE: &str = "\
One simulated supplier, for tests and as the target of load tests.
Prints a line of JSON when it is ready.

Usage: simulator [OPTIONS]

  --listen ADDRESS    where it answers; 127.0.0.1:0 is any free port
  --control ADDRESS   where it takes orders
  --script JSON       faults: a list of rules
  --epoch SECONDS     its clock's start, in Unix time
  --bench             answers with prepared bytes, as fast as it can
  --until-eof         ends when its input does
  --help, --version

Settings, with their defaults (JSON, or text as it is):
";

/// What there is to set, from the settings themselves.
fn usage() -> Result<String, serde_json::Error> {
    let mut text = USAGE.to_owned();
    let settings = serde_json::to_value(Settings::default())?;
    for (name, value) in settings.as_object().into_iter().flatten() {
        let fields = value.as_object().map(|section| section.iter().collect::<Vec<_>>());
        for (name, value) in fields.unwrap_or_else(|| vec![(name, value)]) {
            text += &["  --", &name.replace('_', "-"), " ", &value.to_string(), "\n"].concat();
        }
    }
    Ok(text)
}

/// Answers what asks about the program rather than running it.
fn told(word: &str) -> Option<io::Result<()>> {
    let text = match word {
        "--help" | "-h" => usage().map_err(io::Error::from),
        "--version" | "-V" => Ok(format!("simulator {}\n", env!("CARGO_PKG_VERSION"))),
        _ => return None,
    };
    Some(text.and_then(|text| io::stdout().write_all(text.as_bytes())))
}

fn main() -> ExitCode {
    if let Some(told) = std::env::args().skip(1).find_map(|word| told(&word)) {
        return if told.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let options = match options(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(mistake) => {
            // Without standard error there is nobody to tell.
            drop(writeln!(io::stderr(), "simulator: {mistake}"));
            return ExitCode::from(2);
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.and_then(|runtime| runtime.block_on(run(options))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(io::stderr(), "simulator: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> io::Result<()> {
    let mut builder = Supplier::builder().listen(options.listen).settings(options.settings);
    builder = builder.script(options.script).bench(options.bench);
    if let Some(unix_s) = options.epoch {
        builder = builder.epoch(unix_s);
    }
    let handle = builder.spawn().await?;
    let control = match options.control {
        Some(address) => Some(control::spawn(handle.clone(), address).await?),
        None => None,
    };
    let ready = json!({ "listen": handle.address(), "control": control });
    writeln!(io::stdout(), "{ready}")?;
    io::stdout().flush()?;
    if options.until_eof {
        input_ended().await;
    } else {
        std::future::pending::<()>().await;
    }
    Ok(())
}

/// Resolves when standard input does. On a thread of its own, because no runtime reads it without one.
async fn input_ended() {
    let (ended, end) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let outcome = io::copy(&mut io::stdin().lock(), &mut io::sink());
        drop(ended.send(outcome));
    });
    drop(end.await);
}

fn options(mut words: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        control: None,
        script: Vec::new(),
        epoch: None,
        bench: false,
        until_eof: false,
        settings: Settings::default(),
    };
    let mut changes = Map::new();
    while let Some(word) = words.next() {
        let name = word.strip_prefix("--").ok_or_else(|| format!("`{word}`: options start with `--`"))?;
        match name {
            "bench" => options.bench = true,
            "until-eof" => options.until_eof = true,
            _ => {
                let value = words.next().ok_or_else(|| format!("`{word}` wants a value"))?;
                set(&mut options, &mut changes, name, value)
                    .map_err(|mistake| format!("`{word}`: {mistake}"))?;
            }
        }
    }
    let merged = control::merged(&options.settings, Value::Object(changes));
    options.settings = merged.map_err(|mistake| mistake.to_string())?;
    Ok(options)
}

fn set(
    options: &mut Options,
    changes: &mut Map<String, Value>,
    name: &str,
    value: String,
) -> Result<(), String> {
    match name {
        "listen" => options.listen = parsed(&value)?,
        "control" => options.control = Some(parsed(&value)?),
        "epoch" => options.epoch = Some(parsed(&value)?),
        "script" => options.script = serde_json::from_str(&value).map_err(|mistake| mistake.to_string())?,
        _ => place(changes, &name.replace('-', "_"), value)?,
    }
    Ok(())
}

fn parsed<T: FromStr<Err: Display>>(value: &str) -> Result<T, String> {
    value.parse().map_err(|mistake: T::Err| mistake.to_string())
}

/// Puts a setting where it belongs: at the top, or in the section that has a field of that name.
fn place(changes: &mut Map<String, Value>, name: &str, value: String) -> Result<(), String> {
    let known = serde_json::to_value(Settings::default()).map_err(|mistake| mistake.to_string())?;
    let value = match name {
        "key" => Value::String(value),
        "models" if !value.starts_with('[') => value.split(',').collect(),
        _ => serde_json::from_str(&value).unwrap_or(Value::String(value)),
    };
    if known.get(name).is_some() {
        changes.insert(name.to_owned(), value);
        return Ok(());
    }
    let sections = known.as_object().into_iter().flatten();
    let section =
        sections.filter(|(_, fields)| fields.get(name).is_some()).map(|(section, _)| section).next();
    let section = section.ok_or("no such option")?;
    changes.entry(section).or_insert_with(|| json!({}))[name] = value;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        options(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn every_setting_is_an_option() {
        let line = "--listen 127.0.0.1:9 --bench --until-eof --seed 7 --key 123 --models a,b --ttft-ms 20 \
                    --tokens-per-second 50 --line-end crlf --prompt-cache false --requests-per-minute 60";
        let options = parse(line).unwrap();
        assert_eq!(options.listen.port(), 9);
        assert!(options.bench && options.until_eof);
        let settings = options.settings;
        assert_eq!((settings.seed, settings.key.as_deref(), settings.models.len()), (7, Some("123"), 2));
        assert_eq!((settings.pace.ttft_ms, settings.delivery.line_end), (20, simulator::LineEnd::Crlf));
        assert!(settings.pace.tokens_per_second > 49.0);
        assert_eq!((settings.prompt_cache, settings.requests_per_minute), (false, Some(60)));
    }

    #[test]
    fn scripts_are_json() {
        let rule =
            parse(r#"--script [{"fault":{"kind":"stall","after":{"tokens":3}},"times":2}]"#).unwrap().script;
        assert_eq!(rule[0].times, Some(2));
        assert_eq!(rule[0].fault.name(), "stall");
    }

    #[test]
    fn mistakes_are_told() {
        assert!(parse("seed 7").unwrap_err().contains("start with"));
        assert!(parse("--seed").unwrap_err().contains("wants a value"));
        assert!(parse("--sead 7").unwrap_err().contains("no such option"));
        assert!(parse("--seed x").unwrap_err().contains("invalid type"));
        assert!(parse("--listen nowhere").is_err());
    }
}

//! `releve catalogue`: what is known of models and providers, compiled in.

use catalogue::{Agreement, Bucket, ModelEntry, ProviderEntry};
use serde::Serialize;

use super::table::{Cell, Table};
use super::terminal::{Terminal, Tone};
use super::{CliError, Exit};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Models whose provider, id, name or maker has all these words.
    Search {
        /// Words to look for; without any, all models.
        words: Vec<String>,
    },
    /// The presets that a provider can start from.
    Providers,
}

pub(crate) fn run(command: Command, terminal: &mut Terminal) -> Result<Exit, CliError> {
    match command {
        Command::Search { words } => search(&words.join(" "), terminal),
        Command::Providers => providers(terminal),
    }
}

/// A model as programs read it.
#[derive(Debug, Serialize)]
struct Found<'a> {
    provider: &'a str,
    model: &'a str,
    kind: &'a str,
    maker: &'a str,
    weights: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    known_as: Option<&'a str>,
    aliases: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    context_window: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output: Option<u64>,
    capabilities: catalogue::Capabilities,
    prices: Vec<FoundPrice<'a>>,
    disputes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    released: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ends: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a str>,
}

/// US dollars per million tokens.
#[derive(Debug, Serialize)]
struct FoundPrice<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    rates: catalogue::Rates,
    agreement: Agreement,
    version: &'a str,
}

fn search(query: &str, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let mut found: Vec<(&ProviderEntry, &ModelEntry)> = catalogue::search(query).collect();
    found.sort_by_key(|(provider, model)| (&provider.name, std::cmp::Reverse(&model.released), &model.id));
    if terminal.json() {
        let rows: Vec<Found<'_>> = found.iter().map(|(provider, model)| row(provider, model)).collect();
        terminal.answer(&rows)?;
    } else {
        print(&found, query, terminal)?;
    }
    Ok(if found.is_empty() { Exit::Failed } else { Exit::Done })
}

fn row<'a>(provider: &'a ProviderEntry, model: &'a ModelEntry) -> Found<'a> {
    let price = |price: &'a catalogue::RegionalPrice| FoundPrice {
        region: price.region.as_ref().map(catalogue::Region::as_str),
        rates: price.list.standard,
        agreement: price.list.agreement,
        version: &price.list.version,
    };
    Found {
        provider: &provider.name,
        model: &model.id,
        kind: &model.kind,
        maker: &model.maker,
        weights: model.weights.to_string(),
        known_as: model.known_as.as_deref(),
        aliases: &model.aliases,
        context_window: model.context_window,
        max_output: model.max_output,
        capabilities: model.capabilities,
        prices: model.prices.iter().map(price).collect(),
        disputes: &model.disputes,
        released: model.released.as_deref(),
        ends: model.ends.as_deref(),
        status: model.status.as_deref(),
    }
}

fn print(
    found: &[(&ProviderEntry, &ModelEntry)],
    query: &str,
    terminal: &mut Terminal,
) -> Result<(), CliError> {
    if found.is_empty() {
        return terminal.line(format_args!("no model has \"{query}\" in its provider, id, name or maker"));
    }
    let heads = ["model", "in", "out", "window", "output", "weights", "ends", "can"];
    let mut table = Table::with_heads(heads).right([1, 2, 3, 4]).unfolded();
    let mut doubted = false;
    for (provider, model) in found {
        let list = model.price(None).or_else(|| model.prices.first().map(|price| &price.list));
        let disputed = list.is_some_and(|list| list.agreement == Agreement::Disputed);
        doubted |= disputed;
        let rate = |bucket| {
            list.and_then(|list| list.standard.get(bucket))
                .map_or_else(|| "?".to_owned(), |rate| rate.to_string())
        };
        let mark = if disputed { "*" } else { "" };
        let name = match model.kind.as_str() {
            "chat" => format!("{}/{}", provider.name, model.id),
            kind => format!("{}/{} ({kind})", provider.name, model.id),
        };
        table.row([
            Cell::toned(Tone::Strong, name),
            format!("{}{mark}", rate(Bucket::InputUncached)).into(),
            format!("{}{mark}", rate(Bucket::OutputText)).into(),
            tokens(model.context_window.or(model.max_input)).into(),
            tokens(model.max_output).into(),
            model.weights.to_string().into(),
            Cell::toned(Tone::Doubtful, model.ends.clone().unwrap_or_default()),
            Cell::toned(Tone::Faint, model.capabilities.yes.to_string()),
        ]);
    }
    table.print(terminal)?;
    terminal.line(terminal.toned(Tone::Faint, "in, out: US dollars per million tokens; ? is not known"))?;
    if doubted {
        terminal.line(terminal.toned(
            Tone::Faint,
            "* disputed: confirm it on the supplier's own page (--json says who says what)",
        ))?;
    }
    Ok(())
}

/// `1M`, `200k`, `131072`.
fn tokens(count: Option<u64>) -> String {
    match count {
        None => "?".to_owned(),
        Some(count) if count >= 1_000_000 && count.is_multiple_of(100_000) => {
            let tenths = count / 100_000;
            if tenths.is_multiple_of(10) {
                format!("{}M", tenths / 10)
            } else {
                format!("{}.{}M", tenths / 10, tenths % 10)
            }
        }
        Some(count) if count >= 1000 && count.is_multiple_of(1000) => format!("{}k", count / 1000),
        Some(count) => count.to_string(),
    }
}

/// A preset as programs read it.
#[derive(Debug, Serialize)]
struct Preset<'a> {
    name: &'a str,
    protocol: catalogue::Protocol,
    base_url: Option<&'a str>,
    key_env: &'a [String],
    host: &'a str,
    models: usize,
}

fn providers(terminal: &mut Terminal) -> Result<Exit, CliError> {
    let entries: Vec<_> = catalogue::provider_names().filter_map(catalogue::provider).collect();
    if terminal.json() {
        let presets: Vec<Preset<'_>> = entries
            .iter()
            .map(|entry| Preset {
                name: &entry.name,
                protocol: entry.protocol,
                base_url: entry.base_url.as_deref(),
                key_env: &entry.key_env,
                host: &entry.host,
                models: entry.models.len(),
            })
            .collect();
        terminal.answer(&presets)?;
        return Ok(Exit::Done);
    }
    let mut table =
        Table::with_heads(["preset", "protocol", "models", "key from", "address"]).right([2]).unfolded();
    for entry in &entries {
        let spoken = if wire::codec(entry.protocol).is_some() { Tone::Plain } else { Tone::Faint };
        table.row([
            Cell::toned(Tone::Strong, entry.name.as_str()),
            Cell::toned(spoken, entry.protocol.as_str()),
            entry.models.len().to_string().into(),
            entry.key_env.join(" or ").into(),
            entry.base_url.clone().unwrap_or_else(|| "each account has its own".to_owned()).into(),
        ]);
    }
    table.print(terminal)?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::tokens;

    #[test]
    fn windows_are_short_and_exact() {
        let shown =
            [1_000_000, 1_500_000, 1_048_576, 200_000, 131_072, 8191].map(|count| tokens(Some(count)));
        assert_eq!(shown, ["1M", "1.5M", "1048576", "200k", "131072", "8191"]);
        assert_eq!(tokens(None), "?");
    }
}

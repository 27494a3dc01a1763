//! Arrivals and token counts from a file, where there is no ledger of one's own: CSV with a heading, or a JSON object a
//! line; `arrival_s` or `arrival_ms`, `input_tokens`, `output_tokens`, and if wanted `product` or `route`.

use std::io::Read;
use std::path::Path;

use catalogue::{Needs, Protocol};
use evidence::FileRecord;
use flate2::read::GzDecoder;
use scenario::replay::{Ask, NOBODY, PlayedEstate, Recording, Shape};
use serde::Deserialize;

use super::super::CliError;

/// Nobody has recorded for longer.
const LONGEST_MS: f64 = 10.0 * 365.0 * 86_400_000.0;

#[derive(Debug, Default, Deserialize)]
struct Line {
    arrival_s: Option<f64>,
    arrival_ms: Option<f64>,
    input_tokens: Option<u32>,
    output_tokens: Option<u32>,
    product: Option<String>,
    route: Option<String>,
}

/// The requests of a file, dealt out to the configured products in turn where it names none; and the file as it was then.
pub(super) fn read(
    path: &Path,
    estate: &PlayedEstate,
    routes: &[Option<u16>],
) -> Result<(Recording, FileRecord), CliError> {
    let cannot = |error: std::io::Error| CliError::usage(format!("cannot read {}: {error}", path.display()));
    let bytes = std::fs::read(path).map_err(cannot)?;
    let file = FileRecord::of(path.file_name().unwrap_or(path.as_os_str()).to_string_lossy(), &bytes);
    let text = text(bytes).map_err(cannot)?;
    Ok((asked(&text, path, estate, routes)?, file))
}

fn asked(
    text: &str,
    path: &Path,
    estate: &PlayedEstate,
    routes: &[Option<u16>],
) -> Result<Recording, CliError> {
    let mut recording = Recording::default();
    let shape = Shape {
        protocol: Protocol::OpenaiChat,
        needs: Needs::NONE,
        stream: true,
        regions: std::sync::Arc::default(),
    };
    let shape = recording.traffic.shape(shape);
    let mut heads: Option<Vec<&str>> = None;
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = |what: &str| CliError::usage(format!("{}:{}: {what}", path.display(), number + 1));
        let Some(line) = parsed(line, &mut heads).map_err(|what| wrong(&what))? else { continue };
        let at_ms = line.arrival_ms.or(line.arrival_s.map(|seconds| seconds * 1_000.0));
        let at_ms = at_ms.ok_or_else(|| wrong("arrival_s or arrival_ms is missing"))?;
        if !(0.0..=LONGEST_MS).contains(&at_ms) {
            return Err(wrong("the arrival is not within ten years of the beginning, 0"));
        }
        let turn = recording.traffic.asks.len();
        recording.dealt |= line.product.is_none() && line.route.is_none();
        let (product, route) = dealt(&line, turn, estate, routes).map_err(|what| wrong(&what))?;
        let input = line.input_tokens.ok_or_else(|| wrong("input_tokens is missing"))?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
        let at_ms = at_ms as u64;
        recording.traffic.asks.push(Ask {
            at_ms,
            product,
            route,
            shape,
            counted_by: NOBODY,
            estimated_input: input,
            input,
            cached: 0,
            output: line.output_tokens.ok_or_else(|| wrong("output_tokens is missing"))?,
            max_tokens: u32::MAX,
        });
    }
    recording.traffic.asks.sort_by_key(|ask| ask.at_ms);
    recording.traffic.length_ms = recording.traffic.asks.last().map_or(1, |ask| ask.at_ms + 1);
    Ok(recording)
}

/// Whose request it is, and to which route: as the line says, else each product in turn.
fn dealt(
    line: &Line,
    turn: usize,
    estate: &PlayedEstate,
    routes: &[Option<u16>],
) -> Result<(u16, u16), String> {
    let place = |index: usize| u16::try_from(index).unwrap_or(u16::MAX);
    let named = |name: &String| estate.products.iter().position(|product| *product.name == **name);
    let product = match &line.product {
        Some(name) => Some(named(name).ok_or_else(|| format!("there is no product \"{name}\""))?),
        None => None,
    };
    if let Some(name) = &line.route {
        let route = estate.routes.iter().position(|route| *route.name == **name);
        let route = route.ok_or_else(|| format!("there is no route \"{name}\""))?;
        // Who is not named counts as whoever needs no key.
        let product = product.or_else(|| named(&"local".to_owned())).unwrap_or(0);
        return Ok((place(product), place(route)));
    }
    let usable: Vec<usize> =
        (0..estate.products.len()).filter(|product| routes[*product].is_some()).collect();
    let product = match product {
        Some(product) => product,
        None if usable.is_empty() => {
            return Err("no product has a route of its own: name one in a column `route`".to_owned());
        }
        None => usable[turn % usable.len()],
    };
    let route = routes[product].ok_or("this product has no route of its own: add a column `route`")?;
    Ok((place(product), route))
}

/// Unpacked where it is packed.
fn text(bytes: Vec<u8>) -> std::io::Result<String> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut text = String::new();
        GzDecoder::new(&*bytes).read_to_string(&mut text)?;
        return Ok(text);
    }
    String::from_utf8(bytes).map_err(|_| std::io::Error::other("it is no text"))
}

/// One line; `None` of a heading.
fn parsed<'a>(line: &'a str, heads: &mut Option<Vec<&'a str>>) -> Result<Option<Line>, String> {
    if line.trim_start().starts_with('{') {
        return serde_json::from_str(line).map(Some).map_err(|error| error.to_string());
    }
    let fields = line.split(',').map(str::trim);
    let Some(heads) = heads else {
        *heads = Some(fields.collect());
        return Ok(None);
    };
    let mut read = Line::default();
    for (head, field) in heads.iter().zip(fields).filter(|(_, field)| !field.is_empty()) {
        let number = || field.parse::<f64>().map_err(|_| format!("{head}: \"{field}\" is no number"));
        let too_many = || format!("{head}: {field} is no number of tokens");
        match *head {
            "arrival_s" => read.arrival_s = Some(number()?),
            "arrival_ms" => read.arrival_ms = Some(number()?),
            "input_tokens" => read.input_tokens = Some(tokens(number()?).ok_or_else(too_many)?),
            "output_tokens" => read.output_tokens = Some(tokens(number()?).ok_or_else(too_many)?),
            "product" => read.product = Some(field.to_owned()),
            "route" => read.route = Some(field.to_owned()),
            _ => {}
        }
    }
    Ok(Some(read))
}

/// A number of tokens that one request can have.
fn tokens(number: f64) -> Option<u32> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within bounds")]
    (0.0..=1e9).contains(&number).then_some(number as u32)
}

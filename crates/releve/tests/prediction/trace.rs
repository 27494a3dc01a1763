//! Who asks when, and for how much: from a public trace where there is one, else drawn with its shape.

use std::io::Read;
use std::process::{Command, Stdio};

/// One request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask {
    /// Seconds from the beginning.
    pub(crate) at_s: f64,
    /// Index of the product.
    pub(crate) product: usize,
    pub(crate) input_tokens: u32,
    pub(crate) output_tokens: u32,
}

/// Prompts and answers are this much shorter than in the trace: time is, too.
const SHORTER: u32 = 10;

/// The requests of so many seconds at about `per_second`.
pub(crate) fn asks(seconds: f64, per_second: f64, seed: u64, products: usize) -> Vec<Ask> {
    let wanted = (seconds * per_second) as usize;
    let mut lines = recorded(wanted, seed).unwrap_or_else(|| drawn(wanted, seed));
    let last = lines.last().map_or(1.0, |line| line.0);
    for (at, ..) in &mut lines {
        *at *= seconds / last.max(1e-9) * 0.999;
    }
    lines
        .into_iter()
        .enumerate()
        .map(|(number, (at_s, input, output))| Ask {
            at_s,
            product: (number * 7 + number / 5) % products,
            input_tokens: (input / SHORTER).max(8),
            output_tokens: (output / SHORTER).clamp(2, 60),
        })
        .collect()
}

/// Consecutive lines of the trace that `RELEVE_TRACE` names: seconds, prompt, answer. As it is published
/// (`data/AzureLLMInferenceTrace_conv.csv` of github.com/Azure/AzurePublicDataset, CC-BY), packed or not, or with seconds in
/// place of its times.
fn recorded(wanted: usize, seed: u64) -> Option<Vec<(f64, u32, u32)>> {
    let path = std::env::var("RELEVE_TRACE").ok()?;
    let mut unpacked = Command::new("gzip").args(["-dcf", &path]).stdout(Stdio::piped()).spawn().unwrap();
    let mut text = String::new();
    unpacked.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    unpacked.wait().unwrap();
    let lines: Vec<(f64, u32, u32)> = text.lines().skip(1).filter_map(line).collect();
    assert!(lines.len() > wanted, "{path} has {} requests, and {wanted} are wanted", lines.len());
    let from = (seed as usize * 1_009) % (lines.len() - wanted);
    let begin = lines[from].0;
    Some(lines[from..from + wanted].iter().map(|(at, input, output)| (at - begin, *input, *output)).collect())
}

fn line(line: &str) -> Option<(f64, u32, u32)> {
    let mut fields = line.split(',');
    Some((seconds(fields.next()?)?, fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// Seconds, or `2023-11-16 18:15:46.6805900`, of which the hour alone counts: the trace is of one evening.
fn seconds(at: &str) -> Option<f64> {
    let Some((_, time)) = at.split_once(' ') else { return at.parse().ok() };
    time.split(':').try_fold(0.0, |sum, part| Some(60.0 * sum + part.parse::<f64>().ok()?))
}

#[test]
fn a_trace_is_read_as_it_is_published() {
    assert_eq!(line("2023-11-16 18:15:46.5000000,374,44"), Some((65_746.5, 374, 44)));
    assert_eq!(line("4.25,396,109"), Some((4.25, 396, 109)));
    assert_eq!(line("TIMESTAMP,ContextTokens,GeneratedTokens"), None);
}

/// Arrivals by chance, lengths about those of the trace: half of the prompts above 1,020 tokens, of the answers above 129.
fn drawn(wanted: usize, seed: u64) -> Vec<(f64, u32, u32)> {
    let mut dice = routing::Dice::new(seed);
    let mut at = 0.0;
    let long = |median: f64, sigma: f64, dice: &mut routing::Dice| {
        let sum: f64 = (0..12).map(|_| dice.unit_f64()).sum::<f64>() - 6.0;
        (median * (sigma * sum).exp()) as u32
    };
    (0..wanted)
        .map(|_| {
            at += -(1.0 - dice.unit_f64()).ln();
            (at, long(1_020.0, 0.8, &mut dice).min(8_000), long(129.0, 0.9, &mut dice).min(600))
        })
        .collect()
}

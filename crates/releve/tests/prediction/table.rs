//! The table of `docs/independence.md`.

use std::path::Path;

use crate::stage::{Compared, Predicted};

const BEGIN: &str = "<!-- predictions: written by `RELEVE_WRITE_DOCS=1 cargo test -p releve --test prediction what_was -- --ignored` -->";
const END: &str = "<!-- end of predictions -->";

/// Puts the table between its marks.
pub(crate) fn write(document: &Path, compared: &[Compared]) {
    let rows: String = compared.iter().map(row).collect();
    let figures = compared.len() * 4;
    let right = compared.iter().flat_map(Compared::right).filter(|right| *right).count();
    let requests: usize = compared.iter().map(|compared| compared.requests).sum();
    let table = format!(
        "| scenario | served | | cost | | first token p50 | | p95 | |\n|---|---|---|---|---|---|---|---|---|\n| | \
         predicted | came | predicted | came | predicted | came | predicted | came |\n{rows}\n{right} of {figures} figures \
         of {} scenarios ({requests} requests) lie within a point (served), 2 % (cost) and 15 % (times), or inside the printed \
         95 % interval.",
        compared.len()
    );
    put(document, BEGIN, END, &table);
}

/// Puts a text between two marks of a document.
pub(crate) fn put(document: &Path, begin: &str, end: &str, text: &str) {
    let whole = std::fs::read_to_string(document).unwrap();
    let (before, rest) = whole.split_once(begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    std::fs::write(document, format!("{before}{begin}\n{text}\n{end}{after}")).unwrap();
}

fn row(compared: &Compared) -> String {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let usd = |usd: f64| format!("${usd:.4}");
    let ms = |ms: f64| format!("{ms:.0} ms");
    let cells = |(predicted, came): (Predicted, f64), shown: &dyn Fn(f64) -> String| {
        let Predicted { value, low, high } = predicted;
        format!("{} ({} to {}) | {}", shown(value), shown(low), shown(high), shown(came))
    };
    format!(
        "| {} | {} | {} | {} | {} |\n",
        compared.name,
        cells(compared.served, &percent),
        cells(compared.cost_usd, &usd),
        cells(compared.p50_ms, &ms),
        cells(compared.p95_ms, &ms)
    )
}

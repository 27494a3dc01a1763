//! What the same requests come to at those who take them over: their tokenizers count otherwise, and their answers are longer
//! or shorter.

use std::sync::Arc;

use scenario::replay::Tally;
use serde::Serialize;

use super::runs::Question;

/// Who takes over less of a product's requests is in no row.
const LEAST: f64 = 0.05;

/// One takeover of a product's requests.
#[derive(Debug, Serialize)]
pub(super) struct PairRow {
    pub(super) product: Arc<str>,
    /// Who carried most of them before.
    pub(super) from: Arc<str>,
    pub(super) to: Arc<str>,
    /// How many times the tokens of the same prompts; `None` is unknown and taken as equal.
    pub(super) prompt_times: Option<f64>,
    /// How many times as long answers are, in tokens.
    pub(super) answer_times: Option<f64>,
}

/// Of each product, whoever carries more of its requests afterwards.
pub(super) fn of(question: &Question, before: &Tally, after: &Tally) -> Vec<PairRow> {
    let name = |deployment: usize| Arc::clone(&question.estate.deployments[deployment].name);
    let mut rows = Vec::new();
    for (product, named) in question.estate.products.iter().enumerate() {
        let (was, is) = (&before.products[product].served_by, &after.products[product].served_by);
        let Some((from, _)) = was.iter().enumerate().max_by_key(|(_, count)| **count) else { continue };
        let Some(route) = most_asked(question, product) else { continue };
        let part = |counts: &[u64], deployment: usize| {
            let all: u64 = counts.iter().sum();
            #[expect(clippy::cast_precision_loss, reason = "a share")]
            let part = counts[deployment] as f64 / all.max(1) as f64;
            part
        };
        let takes_over = |to: &usize| *to != from && part(is, *to) > part(was, *to) + LEAST;
        rows.extend((0..is.len()).filter(takes_over).map(|to| {
            let [prompt_times, answer_times] = question.fitted.times(from, to, route);
            PairRow {
                product: Arc::clone(&named.name),
                from: name(from),
                to: name(to),
                prompt_times,
                answer_times,
            }
        }));
    }
    rows
}

/// The route that a product asks for most.
fn most_asked(question: &Question, product: usize) -> Option<usize> {
    let own = question.traffic.asks.iter().filter(|ask| usize::from(ask.product) == product);
    let mut counts = vec![0_u64; question.estate.routes.len()];
    own.for_each(|ask| counts[usize::from(ask.route)] += 1);
    let most = counts.iter().enumerate().max_by_key(|(_, count)| **count)?;
    (*most.1 > 0).then_some(most.0)
}

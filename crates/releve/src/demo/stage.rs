//! The suppliers on their sockets, and what is done to them: by the story, or by whoever watches.
//!
//! A supplier that is lost takes no request any more, by a reset first and, once the answers that it has begun are at
//! their end, by not listening at all. (Carrying on an answer in its middle is not built yet; a hard cut would end
//! such streams in their protocol's own error.)

use std::io;
use std::net::SocketAddr;

use simulator::{
    AnswerStyle, Billed, Fault, Handle, Pace, ResetAt, RetryAfter, Rule, SetScriptError, StreamUsage,
    Supplier,
};

use super::cast::{self, SUPPLIERS, SupplierIndex};
use super::story::Condition;

/// How much slower a supplier in a brownout is.
const SLOWER: u64 = 4;
/// What it says in place of an answer, and how often, of 1. Together about one in three.
const REFUSALS: [(f64, Fault); 3] = [
    (0.05, Fault::RateLimited { retry_after: Some(RetryAfter::Ms(300)) }),
    (0.16, Fault::Overloaded { retry_after: None }),
    (0.18, Fault::ServerError { status: 500 }),
];
/// Lengths of answers, in tokens.
const ANSWER_TOKENS: (u64, u64) = (8, 48);

/// All suppliers.
#[derive(Debug)]
pub(super) struct Stage {
    played: Vec<Played>,
}

#[derive(Debug)]
struct Played {
    handle: Handle,
    /// What the story wants.
    told: Condition,
    /// Cut by whoever watches, whatever the story wants.
    cut: bool,
    /// What is in force.
    plays: Condition,
    /// How many lines of the invoice have been taken.
    lines_taken: u64,
}

/// A line of some supplier's invoice.
#[derive(Debug)]
pub(super) struct InvoiceLine {
    pub(super) supplier: SupplierIndex,
    /// The model as the supplier calls it.
    pub(super) model: String,
    /// The answer's own id, as the client saw it.
    pub(super) answer: String,
    pub(super) billed: Billed,
}

/// A supplier could not be played.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StageError {
    #[error("a simulated supplier cannot listen: {0}")]
    Listen(#[from] io::Error),
    #[error("a simulated supplier cannot be steered: {0}")]
    Script(#[from] SetScriptError),
}

impl Stage {
    /// Starts all suppliers, well, on free ports of loopback.
    pub(super) async fn open(seed: u64) -> Result<Self, StageError> {
        let mut played = Vec::with_capacity(SUPPLIERS.len());
        for (number, supplier) in (0..).zip(&SUPPLIERS) {
            let builder = Supplier::builder().with(|settings| {
                settings.seed = seed.wrapping_add(number);
                settings.pace = pace(supplier, 1);
                settings.prompt_cache = supplier.caches;
                settings.answer = AnswerStyle {
                    min_tokens: ANSWER_TOKENS.0,
                    max_tokens: ANSWER_TOKENS.1,
                    stream_usage: if supplier.tells_usage {
                        StreamUsage::Always
                    } else {
                        StreamUsage::WhenAsked
                    },
                    ..AnswerStyle::default()
                };
            });
            let (told, plays) = (Condition::Well, Condition::Well);
            played.push(Played { handle: builder.spawn().await?, told, cut: false, plays, lines_taken: 0 });
        }
        Ok(Self { played })
    }

    /// Where the suppliers listen.
    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        self.played.iter().map(|played| played.handle.address()).collect()
    }

    /// What happens to a supplier now, and whether by the hand of whoever watches.
    pub(super) fn condition(&self, supplier: SupplierIndex) -> (Condition, bool) {
        (self.played[supplier].plays, self.played[supplier].cut)
    }

    /// The story wants this of a supplier.
    pub(super) async fn tell(
        &mut self,
        supplier: SupplierIndex,
        condition: Condition,
    ) -> Result<(), StageError> {
        self.played[supplier].told = condition;
        self.follow(supplier).await
    }

    /// Cuts a supplier, or gives it back to the story. Says whether it is cut now.
    pub(super) async fn toggle(&mut self, supplier: SupplierIndex) -> Result<bool, StageError> {
        let played = &mut self.played[supplier];
        played.cut = !played.cut;
        let cut = played.cut;
        self.follow(supplier).await?;
        Ok(cut)
    }

    async fn follow(&mut self, supplier: SupplierIndex) -> Result<(), StageError> {
        let played = &mut self.played[supplier];
        let wanted = if played.cut { Condition::Gone } else { played.told };
        if wanted == played.plays {
            return Ok(());
        }
        played.plays = wanted;
        play(&played.handle, &SUPPLIERS[supplier], wanted).await
    }

    /// Suppliers that are lost stop listening once the answers that they have begun are at their end.
    pub(super) async fn shut_the_idle(&self) {
        for played in self.played.iter().filter(|played| played.plays == Condition::Gone) {
            if played.handle.counters().in_flight == 0 {
                played.handle.cut().await;
            }
        }
    }

    /// The lines that came to the invoices since the last call.
    pub(super) fn new_invoice_lines(&mut self) -> Vec<InvoiceLine> {
        let mut new = Vec::new();
        for (supplier, played) in self.played.iter_mut().enumerate() {
            let meter = played.handle.meter();
            let count = usize::try_from(meter.total.requests - played.lines_taken).unwrap_or(usize::MAX);
            played.lines_taken = meter.total.requests;
            let known = meter.lines.len().saturating_sub(count);
            new.extend(meter.lines.into_iter().skip(known).map(|line| InvoiceLine {
                supplier,
                model: line.model,
                answer: line.id,
                billed: line.billed,
            }));
        }
        new
    }

    /// Waits until no supplier has anything under way.
    pub(super) async fn idle(&self) {
        for played in &self.played {
            played.handle.idle().await;
        }
    }
}

fn pace(supplier: &cast::Supplier, slower: u64) -> Pace {
    let (ttft_ms, tokens_per_second) = supplier.pace;
    #[expect(clippy::cast_precision_loss, reason = "a small factor")]
    let tokens_per_second = tokens_per_second / slower as f64;
    Pace { headers_ms: ttft_ms * slower / 2, ttft_ms: ttft_ms * slower, tokens_per_second, jitter: 0.3 }
}

async fn play(handle: &Handle, supplier: &cast::Supplier, condition: Condition) -> Result<(), StageError> {
    let slower = if condition == Condition::Brownout { SLOWER } else { 1 };
    handle.change_settings(|settings| settings.pace = pace(supplier, slower));
    handle.set_script(script(condition)).await?;
    if condition != Condition::Gone {
        handle.heal().await?;
    }
    Ok(())
}

fn script(condition: Condition) -> Vec<Rule> {
    match condition {
        Condition::Well => Vec::new(),
        Condition::Brownout => {
            REFUSALS.into_iter().map(|(share, fault)| Rule::with_probability(share, fault)).collect()
        }
        Condition::Gone => [ResetAt::Accept, ResetAt::Request]
            .into_iter()
            .map(|at| Rule::always(Fault::Reset { at }))
            .collect(),
    }
}

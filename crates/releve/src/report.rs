//! `releve report`: how dependent are we, and what loss would stop which product.
//!
//! Worked out once from the ledger and the configuration ([`Figures`]), put into words once in one language ([`Page`]),
//! and written as lines, Markdown or one HTML page.

mod capacity;
mod estate;
mod evidence;
mod exit;
mod fallbacks;
mod figures;
mod foretold;
mod html;
mod markdown;
mod money;
pub(crate) mod page;
mod text;
mod words;

use std::path::Path;
use std::time::Duration;

use jiff::civil::Date;
use scenario::{Estate, Gatherer, Traffic};
use store::{Act, Extent, Period, Reader, StoreError};

pub(crate) use self::estate::estate;
pub(crate) use self::exit::{Plan, plan};
pub(crate) use self::fallbacks::{Fallback, fallbacks};
use self::figures::Basis;
pub(crate) use self::figures::{Figures, is_nowhere};
pub(crate) use self::foretold::Foretold;
#[cfg(test)]
pub(crate) use self::foretold::Interval;
pub(crate) use self::page::{Language, Page, Tone as Light};
use crate::budgets;
use crate::posture::Held;
use crate::settings::Settings;

/// Reads the ledger once and works everything out. `None` where nothing was asked in the period.
///
/// # Errors
/// Those of the ledger.
pub(crate) fn figures(
    settings: &Settings,
    ledger: &Path,
    period: Period,
    today: Date,
) -> Result<Option<Figures>, StoreError> {
    let reader = Reader::open(ledger)?;
    let (extent, acts) = self::period(&reader, period)?;
    let held = Held::on(today, &settings.resolved, &acts);
    let (estate, traffic) = seen(settings, &held, &reader, &extent)?;
    let Some((from_us, to_us)) = traffic.span_us else { return Ok(None) };
    let basis = basis(settings, ledger, &extent, &traffic, (from_us, to_us));
    let recent = recent(settings, &reader, &estate, extent.period, to_us)?;
    let mut figures = Figures::of(settings, (&traffic, &recent), &estate, basis, today);
    figures.left = held.left(&estate, &traffic);
    let last = extent.period.to_us;
    let at_us = budgets::as_of(today, last);
    let until_us = last.map_or(at_us, |last| last.min(at_us));
    for spent in budgets::spent(settings, Some(&reader), at_us, Some(until_us))? {
        let product = figures.products.iter_mut().find(|product| product.name == spent.product);
        if let Some(product) = product {
            product.budget = Some(spent);
        }
    }
    figures.foretold = foretold::newest(&reader, &estate, &extent, &today.to_string())?;
    Ok(Some(figures))
}

/// What a period holds, and what people had decided by its end. Without an end it ends with the last record, or with the last
/// decision where that came later.
///
/// # Errors
/// Those of the ledger.
pub(crate) fn period(reader: &Reader, period: Period) -> Result<(Extent, Vec<Act>), StoreError> {
    let mut acts = reader.decisions()?;
    let mut extent = reader.extent(period)?;
    let decided_us = acts.iter().map(|act| act.set_us.saturating_add(1)).max();
    if period.to_us.is_none() && decided_us > extent.period.to_us {
        extent = reader.extent(Period { to_us: decided_us, ..period })?;
    }
    acts.retain(|act| extent.period.to_us.is_none_or(|to_us| act.set_us < to_us));
    Ok((extent, acts))
}

/// The configuration with the limits that an extent tells of, and what was asked in it: what figures are worked out from.
///
/// # Errors
/// Those of the ledger.
pub(crate) fn seen(
    settings: &Settings,
    held: &Held,
    reader: &Reader,
    extent: &Extent,
) -> Result<(Estate, Traffic), StoreError> {
    let mut estate = estate::estate(&settings.resolved, held);
    capacity::observe(&mut estate, reader, extent)?;
    let traffic = gather(reader, &estate, extent.period)?;
    Ok((estate, traffic))
}

fn gather(reader: &Reader, estate: &Estate, period: Period) -> Result<Traffic, StoreError> {
    let mut gatherer = Gatherer::new(estate);
    reader.scan(period, &mut gatherer)?;
    Ok(gatherer.finish())
}

/// What was asked in the last days of the period, of each length that a `max_share` looks at.
fn recent(
    settings: &Settings,
    reader: &Reader,
    estate: &Estate,
    period: Period,
    last_us: i64,
) -> Result<Vec<(Duration, Traffic)>, StoreError> {
    let config = &settings.loaded.config;
    let of_all = config.targets.iter().filter_map(|targets| targets.max_share.as_ref());
    let of_products = config.products.iter().filter_map(|product| product.body.max_share.as_ref());
    let mut lengths: Vec<Duration> =
        of_all.chain(of_products).filter_map(|most| Some(most.over.as_ref()?.value.0)).collect();
    lengths.sort_unstable();
    lengths.dedup();
    // Until the period's end, which is that of the records where nobody says: they count, not the silence since.
    let end_us = period.to_us.unwrap_or(last_us).min(last_us.saturating_add(1));
    let of_last = |length: Duration| {
        let from_us = end_us.saturating_sub(i64::try_from(length.as_micros()).unwrap_or(i64::MAX));
        let from_us = period.from_us.map_or(from_us, |from| from.max(from_us));
        let traffic = gather(reader, estate, Period { from_us: Some(from_us), to_us: period.to_us })?;
        Ok((length, traffic))
    };
    lengths.into_iter().map(of_last).collect()
}

fn basis(
    settings: &Settings,
    ledger: &Path,
    extent: &Extent,
    traffic: &Traffic,
    (from_us, to_us): (i64, i64),
) -> Basis {
    let snapshot = &settings.resolved.snapshot;
    let part = crate::pack::part(ledger, extent);
    Basis {
        program: env!("CARGO_PKG_VERSION"),
        config_version: snapshot.version.to_string(),
        catalogue_version: snapshot.catalogue_version.to_string(),
        ledger: part.name,
        ledger_first_seq: part.first_seq,
        ledger_seq: part.last_seq,
        ledger_chain: part.chain,
        ledger_decisions: part.decisions,
        booked_from_us: extent.period.from_us,
        booked_until_us: extent.period.to_us,
        from_us,
        to_us,
        shapes: traffic.shapes.len(),
    }
}

impl Figures {
    /// In words.
    pub(crate) fn page(&self, language: Language) -> Page {
        words::page(self, language)
    }
}

impl Plan {
    /// In words.
    pub(crate) fn page(&self, language: Language) -> Page {
        words::exit::page(self, language)
    }
}

impl Page {
    /// One page that needs nothing else.
    pub(crate) fn html(&self) -> String {
        html::write(self)
    }

    pub(crate) fn markdown(&self) -> String {
        markdown::write(self)
    }

    /// As lines of at most so many columns.
    pub(crate) fn lines(&self, columns: usize) -> Vec<text::Line> {
        text::write(self, columns)
    }
}

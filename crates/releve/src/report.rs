//! `releve report`: how dependent are we, and what loss would stop which product.
//!
//! Worked out once from the ledger and the configuration ([`Figures`]), put into words once in one language ([`Page`]),
//! and written as lines, Markdown or one HTML page.

mod estate;
mod evidence;
mod exit;
mod figures;
mod html;
mod markdown;
mod money;
pub(crate) mod page;
mod text;
mod words;

use std::path::Path;

use jiff::civil::Date;
use scenario::{Gatherer, Traffic};
use store::{Extent, Period, Reader, StoreError};

pub(crate) use self::exit::{Plan, plan};
use self::figures::Basis;
pub(crate) use self::figures::Figures;
pub(crate) use self::page::{Language, Page, Tone as Light};
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
    let estate = estate::estate(settings, &today.to_string());
    let mut gatherer = Gatherer::new(&estate);
    let extent = reader.extent(period)?;
    reader.scan(extent.period, &mut gatherer)?;
    let traffic = gatherer.finish();
    let Some((from_us, to_us)) = traffic.span_us else { return Ok(None) };
    let basis = basis(settings, ledger, &extent, &traffic, (from_us, to_us));
    Ok(Some(Figures::of(settings, &traffic, &estate, basis, today)))
}

fn basis(
    settings: &Settings,
    ledger: &Path,
    extent: &Extent,
    traffic: &Traffic,
    (from_us, to_us): (i64, i64),
) -> Basis {
    let snapshot = &settings.resolved.snapshot;
    let part = crate::pack::part(extent);
    Basis {
        program: env!("CARGO_PKG_VERSION"),
        config_version: snapshot.version.to_string(),
        catalogue_version: snapshot.catalogue_version.to_string(),
        ledger: named(ledger),
        ledger_first_seq: part.first_seq,
        ledger_seq: part.last_seq,
        ledger_chain: part.chain,
        from_us,
        to_us,
        shapes: traffic.shapes.len(),
    }
}

/// A ledger's name without its folder: the same wherever it lies.
fn named(ledger: &Path) -> String {
    ledger.file_name().unwrap_or(ledger.as_os_str()).to_string_lossy().into_owned()
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

    /// As lines of the given width at most.
    pub(crate) fn lines(&self) -> Vec<text::Line> {
        text::write(self)
    }
}

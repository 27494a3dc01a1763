use std::sync::Arc;

use catalogue::Money;

use super::*;
use crate::chain::Chain;
use crate::document;
use crate::facts::RequestFacts;
use crate::render::json_line;
use crate::request_id::RequestId;

fn booked(record: &Record) -> Booked {
    let document = document::write(record);
    Booked { seq: 3, at_us: 1_763_800_000_000_001, document, chain: Chain::START }
}

fn settlement(asked_model: &str) -> Record {
    let facts =
        RequestFacts { product: "office".into(), asked_model: asked_model.into(), ..RequestFacts::default() };
    let id = RequestId::new(1_763_800_000_000, [0, 0]);
    Record::Settlement(Box::new(Entry::new(id, 1_763_800_000_000_000, Arc::new(facts), Arc::default())))
}

fn correction(after: Option<i64>) -> Record {
    Record::Correction(Box::new(Correction {
        id: RequestId::new(1_763_800_000_000, [0, 0]),
        arrived_us: 0,
        product: "office".into(),
        route: "assistant".into(),
        deployment: Some("a/m".into()),
        before: Some(Money::from_nanos(5)),
        after: after.map(Money::from_nanos),
        price_version: None,
        why: "invoice, \"final\"".into(),
        author: "ann".into(),
    }))
}

fn row(record: &Record) -> String {
    let mut line = String::new();
    csv_row(&booked(record), record, &mut line).unwrap();
    line
}

#[test]
fn every_line_has_every_column() {
    let mut header = String::new();
    csv_header(&mut header).unwrap();
    assert_eq!(header.matches(',').count(), CSV_COLUMNS.len() - 1);
    assert_eq!(row(&settlement("gpt")).matches(',').count(), CSV_COLUMNS.len() - 1);
}

#[test]
fn a_correction_shows_its_difference() {
    insta::assert_snapshot!(row(&correction(Some(2))), @r#"3,2025-11-22T08:26:40.000001Z,correction,req_019aaaac260070008000000000000000,1970-01-01T00:00:00Z,office,assistant,,,,,,a/m,,,,,,,,,,,,,,,-0.000000003,,,,,,,,"invoice, ""final""",ann"#);
    assert!(row(&correction(None)).contains(",a/m,,,,,,,,,,,,,,,,"), "unpriced is empty, not 0");
}

#[test]
fn what_clients_chose_cannot_become_a_formula_or_a_line() {
    for (asked, cell) in [
        ("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""),
        ("@x", "\"'@x\""),
        ("a,b", "\"a,b\""),
        ("a\r\nb\"", "\"a\r\nb\"\"\""),
        ("gpt-4o", "gpt-4o"),
    ] {
        assert!(row(&settlement(asked)).contains(&format!(",office,,{cell},,")), "{asked}");
    }
}

#[test]
fn a_json_line_is_the_document_with_its_place() {
    let booked = booked(&settlement("gpt"));
    let mut line = String::new();
    json_line(&booked, &mut line).unwrap();
    assert!(line.starts_with("{\"seq\":3,\"booked_us\":1763800000000001,\"v\":1,") && line.ends_with("}\n"));
    assert_eq!(document::read(line.trim_end()).unwrap(), settlement("gpt"));
}

use catalogue::Money;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;
use crate::demo::cast::{PRODUCTS, SUPPLIERS};
use crate::demo::picture::Standing;
use crate::demo::story::SCENES;
use crate::demo::tally::Totals;

/// A moment on Sunday night: two suppliers are gone, the watcher has cut a third.
fn sunday() -> Picture {
    let product = |(index, product): (usize, &crate::demo::cast::Product)| ProductRow {
        name: product.name,
        served_by: [&["mistral", "house"][..], &["azure-claude"], &["house"], &[], &["mistral"]][index]
            .to_vec(),
        first_p50_ms: [Some(172), Some(1204), Some(640), None, Some(90)][index],
        requests: 1000 + index as u64,
        errors: u64::from(index == 3),
        takeovers: index as u64 * 7,
        cost: Money::from_nanos(1_234_567_890),
    };
    let supplier = |(index, supplier): (usize, &crate::demo::cast::Supplier)| {
        let (state, words) = match index {
            0 => (State::Open, "unreachable, again in 16 s"),
            1 => (State::Probing, "a probe is under way"),
            2 => (State::RateLimited, "rate limited, again in 1 s"),
            _ => (State::Healthy, "healthy"),
        };
        SupplierRow {
            name: supplier.name,
            who: supplier.who,
            condition: if index < 3 { Condition::Gone } else { Condition::Well },
            cut: index == 2,
            standing: Standing { state, words: words.to_owned() },
            share: [0.0, 0.004, 0.0, 0.25, 0.5, 0.246][index],
            cost: Money::from_nanos(98_765_432_100),
        }
    };
    let event = |number: u16, kind, words: &str| Event {
        at: Duration::from_millis(u64::from(number) * 7_123),
        kind,
        words: words.to_owned(),
        more: "",
    };
    Picture {
        scene: &SCENES[4],
        share: 0.61,
        elapsed: Duration::from_secs(31),
        paused: false,
        ending: false,
        products: PRODUCTS.iter().enumerate().map(product).collect(),
        suppliers: SUPPLIERS.iter().enumerate().map(supplier).collect(),
        events: vec![
            event(0, EventKind::Scene, "the first event, which scrolls away where there is no room"),
            event(1, EventKind::Trouble, "openai: failing, again in 2 s"),
            event(2, EventKind::Hand, "you cut anthropic: it takes no request any more"),
            event(3, EventKind::Trouble, "office-assistant: mistral takes over, before the first token"),
            event(4, EventKind::Error, "support-bot saw an error: nobody could answer"),
        ],
        totals: Totals { requests: 5_010, errors: 1, takeovers: 70, cost: Money::from_nanos(6_172_839_450) },
    }
}

fn drawn(width: u16, height: u16, picture: &Picture) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, picture)).unwrap();
    terminal.backend().to_string()
}

#[test]
fn the_usual_terminal_holds_everything() {
    insta::assert_snapshot!(drawn(80, 24, &sunday()));
}

#[test]
fn a_wide_one_says_more() {
    insta::assert_snapshot!(drawn(130, 30, &sunday()));
}

#[test]
fn a_paused_story_says_so() {
    let picture = Picture { paused: true, ..sunday() };
    assert!(drawn(80, 24, &picture).contains("paused"));
    let picture = Picture { ending: true, ..sunday() };
    assert!(drawn(80, 24, &picture).contains("last answers"));
}

#[test]
fn any_size_can_be_drawn() {
    for (width, height) in [(1, 1), (20, 5), (64, 18), (64, 90), (300, 18)] {
        drawn(width, height, &sunday());
    }
}

#[test]
fn bars_grow_by_eighths() {
    assert_eq!((bar_of(0.0, 10), bar_of(1.0, 3)), (String::new(), "███".to_owned()));
    assert_eq!(bar_of(0.5, 3), "█▌");
    assert_eq!(bar_of(9.0, 1), "█");
}

//! A stream that does not get to its end.

use crate::{
    fault::{After, Ending},
    protocol::{Event, Events, Kind},
};

/// The events up to `after`, and of the rest what `says` leaves.
pub(super) struct Trimmed {
    events: Events,
    after: After,
    says: Ending,
    shown: u64,
    is_past: bool,
}

impl Trimmed {
    pub(super) fn new(events: Events, after: After, says: Ending) -> Self {
        Self { events, after, says, shown: 0, is_past: false }
    }

    fn is_before(&mut self, event: &Event) -> bool {
        match (self.after, event.kind) {
            (After::Headers, _)
            | (_, Kind::Finish | Kind::Usage | Kind::Terminal | Kind::End | Kind::Error) => false,
            (_, Kind::Preamble | Kind::Ping) => true,
            (After::Preamble, _) => false,
            (After::Tokens(most), Kind::Structure) => self.shown < most,
            (After::Tokens(most), Kind::Content) => {
                self.shown += 1;
                self.shown <= most
            }
        }
    }

    fn is_said(&self, event: &Event) -> bool {
        match self.says {
            Ending::Nothing => false,
            Ending::Terminal => event.kind == Kind::Terminal,
            Ending::Finish => matches!(event.kind, Kind::Finish | Kind::Usage),
        }
    }
}

impl Iterator for Trimmed {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        loop {
            if self.is_past && self.says == Ending::Nothing {
                return None;
            }
            let event = self.events.next()?;
            self.is_past = self.is_past || !self.is_before(&event);
            if !self.is_past || self.is_said(&event) {
                return Some(event);
            }
        }
    }
}

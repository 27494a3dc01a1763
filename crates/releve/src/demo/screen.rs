//! Where a running demo is shown: the whole terminal, or lines.

use std::fmt;
use std::io;
use std::time::Duration;

use crossterm::event::{self, Event as Input, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::DefaultTerminal;

use super::cast::{SUPPLIERS, SupplierIndex};
use super::money;
use super::picture::Picture;
use super::tally::{Event, Tally};
use super::view;

/// How a demo is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// A live view that fills the terminal.
    Live,
    /// Lines, each as it comes.
    Lines,
}

/// Takes a line.
pub(crate) type Say<'a> = dyn FnMut(&str) -> io::Result<()> + 'a;

/// See the module. Gives the terminal back when dropped.
#[derive(Debug)]
pub(super) enum Screen<'a> {
    Live(Live),
    Lines(Lines<'a>),
}

/// What whoever watches wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Press {
    Toggle(SupplierIndex),
    Pause,
    End,
}

impl<'a> Screen<'a> {
    /// Opens it. In lines, sums are shown every `every`.
    pub(super) fn open(shown: Shown, every: Duration, say: &'a mut Say<'a>) -> io::Result<Self> {
        Ok(match shown {
            Shown::Live => Self::Live(Live { terminal: ratatui::try_init()? }),
            Shown::Lines => Self::Lines(Lines { say, every, next: every, seen: 0 }),
        })
    }

    /// Shows one moment.
    pub(super) fn show(&mut self, picture: &Picture, tally: &Tally) -> io::Result<()> {
        match self {
            Self::Live(live) => {
                live.terminal.draw(|frame| view::draw(frame, picture))?;
                Ok(())
            }
            Self::Lines(lines) => lines.show(picture, tally),
        }
    }

    /// The keys pressed since the last call.
    pub(super) fn presses(&mut self) -> io::Result<Vec<Press>> {
        let mut presses = Vec::new();
        if matches!(self, Self::Live(_)) {
            while event::poll(Duration::ZERO)? {
                if let Input::Key(key) = event::read()? {
                    presses.extend(press(key));
                }
            }
        }
        Ok(presses)
    }
}

fn press(key: KeyEvent) -> Option<Press> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    match key.code {
        // In raw mode the terminal sends no signal for it.
        KeyCode::Char('c' | 'd') if key.modifiers.contains(KeyModifiers::CONTROL) => Some(Press::End),
        KeyCode::Char('q') | KeyCode::Esc => Some(Press::End),
        KeyCode::Char(' ') => Some(Press::Pause),
        KeyCode::Char(digit) => {
            let number = usize::try_from(digit.to_digit(10)?).ok()?;
            number.checked_sub(1).filter(|index| *index < SUPPLIERS.len()).map(Press::Toggle)
        }
        _ => None,
    }
}

/// The whole terminal. A panic gives it back, too: `ratatui` sees to that.
#[derive(Debug)]
pub(super) struct Live {
    terminal: DefaultTerminal,
}

impl Drop for Live {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// Events as they come, and sums now and then.
pub(super) struct Lines<'a> {
    say: &'a mut Say<'a>,
    every: Duration,
    next: Duration,
    /// Events shown so far.
    seen: u64,
}

impl Lines<'_> {
    fn show(&mut self, picture: &Picture, tally: &Tally) -> io::Result<()> {
        let (new, seen) = tally.events_since(self.seen);
        self.seen = seen;
        for Event { at, words, more, .. } in new {
            (self.say)(format!("{}  {words} {more}", view::stamp(at)).trim_end())?;
        }
        if picture.elapsed >= self.next {
            self.next = picture.elapsed + self.every;
            (self.say)(&format!("{}  {}", view::stamp(picture.elapsed), sums(picture)))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Lines<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Lines")
            .field("every", &self.every)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

/// `  120 requests, 0 errors, 3 takeovers, $0.0123 | openai 54 %, ...`
fn sums(picture: &Picture) -> String {
    let totals = &picture.totals;
    let serving = picture.suppliers.iter().filter(|supplier| supplier.share > 0.0);
    let shares: Vec<String> =
        serving.map(|supplier| format!("{} {:.0} %", supplier.name, supplier.share * 100.0)).collect();
    format!(
        "  {} requests, {} errors seen by products, {} takeovers, {} | {}",
        totals.requests,
        totals.errors,
        totals.takeovers,
        money::short(totals.cost),
        shares.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_mean_what_the_last_line_of_the_screen_says() {
        let plain = |letter| press(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE));
        assert_eq!(plain('1'), Some(Press::Toggle(0)));
        assert_eq!(plain('6'), Some(Press::Toggle(5)));
        assert_eq!((plain('0'), plain('7'), plain('c')), (None, None, None));
        assert_eq!((plain(' '), plain('q')), (Some(Press::Pause), Some(Press::End)));
        assert_eq!(press(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)), Some(Press::End));
    }
}

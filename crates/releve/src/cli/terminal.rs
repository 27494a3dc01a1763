//! Where answers go: words or JSON to standard output, complaints to standard error, colours only on a terminal.

use std::fmt::{self, Display};
use std::io::{self, IsTerminal, LineWriter, Write};

use serde::Serialize;

use super::error::{CliError, Exit};
use crate::columns::{Piece, flowed};
use crate::config::environment::Environment;
use crate::config::report::{Drawing, Report};
use crate::settings::SettingsError;

/// The width of text that goes to no terminal.
const USUAL_WIDTH: usize = 100;

/// A command's two ways out.
pub(crate) struct Terminal {
    out: Box<dyn Write>,
    complaints: Box<dyn Write>,
    json: bool,
    paint: bool,
    paint_complaints: bool,
    progress: Progress,
    width: usize,
    width_of_complaints: usize,
}

impl fmt::Debug for Terminal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Terminal").field("json", &self.json).finish_non_exhaustive()
    }
}

/// What takes a while, beside the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// Nobody would see it.
    Unwatched,
    /// Nothing does.
    None,
    /// A line says what, to be wiped before the next.
    Said,
}

/// How a word is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it is.
    Plain,
    /// A heading or a name to be found by the eye.
    Strong,
    /// What only some readers want.
    Faint,
    /// Works.
    Good,
    /// Works, with a remark.
    Doubtful,
    /// Does not work.
    Bad,
}

impl Tone {
    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Strong => "\x1b[1m",
            Self::Faint => "\x1b[2m",
            Self::Good => "\x1b[32m",
            Self::Doubtful => "\x1b[33m",
            Self::Bad => "\x1b[31m",
        }
    }
}

impl Terminal {
    /// The process's own standard output and error.
    pub(crate) fn of_process(json: bool, environment: &Environment) -> Self {
        let wanted = environment.get("NO_COLOR").is_none() && environment.get("TERM") != Some("dumb");
        let width = |is_terminal: bool| width(environment.get("COLUMNS"), is_terminal);
        Self {
            paint: wanted && io::stdout().is_terminal(),
            paint_complaints: wanted && io::stderr().is_terminal(),
            progress: if io::stderr().is_terminal() && environment.get("TERM") != Some("dumb") {
                Progress::None
            } else {
                Progress::Unwatched
            },
            out: Box::new(LineWriter::new(io::stdout())),
            complaints: Box::new(io::stderr()),
            json,
            width: width(io::stdout().is_terminal()),
            width_of_complaints: width(io::stderr().is_terminal()),
        }
    }

    /// Two ways out that are no terminal.
    #[cfg(test)]
    pub(crate) fn to(out: Box<dyn Write>, complaints: Box<dyn Write>, json: bool) -> Self {
        let (paint, paint_complaints, progress) = (false, false, Progress::Unwatched);
        let (width, width_of_complaints) = (USUAL_WIDTH, USUAL_WIDTH);
        Self { out, complaints, json, paint, paint_complaints, progress, width, width_of_complaints }
    }

    /// Whether the answer is wanted as JSON.
    pub(crate) fn json(&self) -> bool {
        self.json
    }

    /// Says what takes a while, to a person who watches; it is gone before anything else is said.
    pub(crate) fn doing(&mut self, what: impl Display) -> Result<(), CliError> {
        if self.progress != Progress::Unwatched {
            self.wipe();
            write!(self.complaints, "{what} ...")?;
            self.complaints.flush()?;
            self.progress = Progress::Said;
        }
        Ok(())
    }

    fn wipe(&mut self) {
        if self.progress == Progress::Said {
            self.progress = Progress::None;
            // Nobody is left to hear of it if this cannot be written.
            let _ = write!(self.complaints, "\r\x1b[K");
        }
    }

    /// Where long answers are written piece by piece.
    pub(crate) fn out(&mut self) -> &mut dyn Write {
        self.wipe();
        &mut self.out
    }

    /// One line of the answer.
    pub(crate) fn line(&mut self, line: impl Display) -> Result<(), CliError> {
        self.wipe();
        Ok(writeln!(self.out, "{line}")?)
    }

    /// How many columns a line of the answer may take.
    pub(crate) const fn width(&self) -> usize {
        self.width
    }

    /// One line of the answer, in pieces.
    pub(crate) fn pieces(&mut self, line: &[Piece<Tone>]) -> Result<(), CliError> {
        let painted =
            line.iter().map(|(tone, text)| tone.map_or_else(|| text.clone(), |tone| self.toned(tone, text)));
        let painted: String = painted.collect();
        self.line(painted.trim_end())
    }

    /// One paragraph of the answer, in as many lines as the width asks for; all but the first are set in by `hang`.
    pub(crate) fn paragraph(&mut self, hang: usize, pieces: &[(Tone, String)]) -> Result<(), CliError> {
        flowed(pieces, hang, self.width).iter().try_for_each(|line| self.pieces(line))
    }

    /// The answer as JSON, indented for people who look at it.
    pub(crate) fn answer(&mut self, answer: &impl Serialize) -> Result<(), CliError> {
        self.wipe();
        serde_json::to_writer_pretty(&mut self.out, answer).map_err(io::Error::from)?;
        self.line("")
    }

    /// A remark beside the answer: never part of it.
    pub(crate) fn remark(&mut self, remark: impl Display) -> Result<(), CliError> {
        self.wipe();
        self.out.flush()?;
        Ok(writeln!(self.complaints, "{remark}")?)
    }

    /// `text` in a tone, if the answer goes to a terminal.
    pub(crate) fn toned(&self, tone: Tone, text: impl Display) -> String {
        painted(self.paint, tone, text)
    }

    /// Problems of a configuration, drawn beside the answer.
    pub(crate) fn report(&mut self, report: &Report) -> Result<(), CliError> {
        if report.problems().is_empty() {
            return Ok(());
        }
        let drawing = if self.paint_complaints { Drawing::Coloured } else { Drawing::Plain };
        let drawn = report.draw(drawing, self.width_of_complaints);
        self.remark(drawn.trim_end_matches('\n'))
    }

    /// Says how the command went, and flushes.
    pub(crate) fn finish(&mut self, outcome: Result<Exit, CliError>) -> Exit {
        self.wipe();
        let outcome = outcome.and_then(|exit| {
            self.out.flush()?;
            Ok(exit)
        });
        match outcome {
            Ok(exit) => exit,
            Err(error) => {
                let exit = error.exit();
                if exit != Exit::Done {
                    // Nobody is left to hear about a complaint that cannot be written.
                    let _ = self.complain(&error);
                }
                exit
            }
        }
    }

    pub(crate) fn complain(&mut self, error: &CliError) -> Result<(), CliError> {
        if self.json {
            let problems = match error {
                CliError::Settings(SettingsError::Wrong(report)) => Some(report.rows()),
                _ => None,
            };
            let what =
                if problems.is_some() { "the configuration is wrong".to_owned() } else { error.to_string() };
            let answer = Complaint { error: &what, mend: error.advice(), problems };
            self.answer(&answer)?;
            return Ok(self.out.flush()?);
        }
        if let CliError::Settings(SettingsError::Wrong(report)) = error {
            return self.report(report);
        }
        let label = painted(self.paint_complaints, Tone::Bad, "error:");
        self.remark(format_args!("{label} {error}"))?;
        match error.advice() {
            Some(advice) => self.remark(format_args!("       {advice}")),
            None => Ok(()),
        }
    }
}

#[derive(Serialize)]
struct Complaint<'a, P: Serialize> {
    error: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problems: Option<P>,
}

/// What the user says, else what the terminal has. Nothing can be read in less than twenty columns.
fn width(wanted: Option<&str>, is_terminal: bool) -> usize {
    const NARROWEST: usize = 20;
    let wanted = wanted.and_then(|columns| columns.trim().parse().ok()).filter(|columns| *columns > 0);
    let has = || {
        // Where there is none, asking would start another program.
        let size = is_terminal.then(crossterm::terminal::size)?;
        size.ok().map(|(columns, _)| usize::from(columns)).filter(|columns| *columns > 0)
    };
    wanted.or_else(has).unwrap_or(USUAL_WIDTH).max(NARROWEST)
}

fn painted(paint: bool, tone: Tone, text: impl Display) -> String {
    if paint && tone != Tone::Plain { format!("{}{text}\x1b[0m", tone.code()) } else { text.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_width_is_what_the_user_says_else_the_usual_one() {
        let without_a_terminal = [None, Some("80"), Some(" 132 "), Some("0"), Some("wide"), Some("5")]
            .map(|says| width(says, false));
        assert_eq!(without_a_terminal, [100, 80, 132, 100, 100, 20]);
    }
}

//! All that is wrong with a configuration, for people and for programs.

use std::fmt;
use std::ops::Range;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    SourceCode, SourceSpan, SpanContents,
};
use serde::Serialize;

use super::problem::{Problem, Severity};
use super::source::{Position, Source};

/// Problems together with the file that has them.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    source: Option<Source>,
    problems: Vec<Problem>,
}

/// How a report is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Drawing {
    /// With colours, for a terminal.
    Coloured,
    /// Without, for files and pipes.
    Plain,
}

/// One problem as programs read it.
#[derive(Debug, Serialize)]
pub(crate) struct Row<'a> {
    severity: Severity,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(flatten)]
    position: Option<Position>,
    what: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<&'a str>,
}

impl Report {
    /// The problems in the order of the file.
    pub(crate) fn new(source: Option<Source>, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| problem.at.as_ref().map_or(usize::MAX, |at| at.start));
        Self { source, problems }
    }

    /// With further problems in the same file, at their places.
    pub(crate) fn and(&self, more: &[Problem]) -> Self {
        Self::new(self.source.clone(), [&self.problems[..], more].concat())
    }

    /// Those of `which` alone.
    pub(crate) fn only(&self, which: impl Fn(&Problem) -> bool) -> Self {
        let problems = self.problems.iter().filter(|problem| which(problem)).cloned().collect();
        Self { source: self.source.clone(), problems }
    }

    pub(crate) fn problems(&self) -> &[Problem] {
        &self.problems
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.problems.iter().any(Problem::is_error)
    }

    /// The problems in the order of the file, for `--json`.
    pub(crate) fn rows(&self) -> Vec<Row<'_>> {
        self.problems.iter().map(|problem| self.row(problem)).collect()
    }

    fn row<'a>(&'a self, problem: &'a Problem) -> Row<'a> {
        let placed = self.source.as_ref().zip(problem.at.as_ref());
        Row {
            severity: problem.severity,
            file: self.source.as_ref().map(|source| source.name.as_str()),
            position: placed.map(|(source, at)| source.position(at.start)),
            what: &problem.what,
            mend: problem.mend.as_deref(),
        }
    }

    /// Each problem with the line that has it.
    pub(crate) fn draw(&self, drawing: Drawing, width: usize) -> String {
        let theme = match drawing {
            Drawing::Coloured => GraphicalTheme::unicode(),
            Drawing::Plain => GraphicalTheme::unicode_nocolor(),
        };
        let handler =
            GraphicalReportHandler::new_themed(theme).with_width(width.clamp(60, 120)).with_links(false);
        let secrets =
            self.problems.iter().filter(|problem| problem.secret).filter_map(|problem| problem.at.clone());
        let masked = self.source.as_ref().map(|source| source.shown(secrets));
        let mut text = String::new();
        for problem in &self.problems {
            let placed = self.source.as_ref().zip(masked.as_deref()).zip(problem.at.as_ref());
            let line = placed.map(|((source, masked), at)| Line {
                source,
                masked,
                around: source.line_around(at.start),
            });
            let diagnostic = Shown { problem, line };
            handler.render_report(&mut text, &diagnostic).expect("a string takes all");
        }
        text
    }
}

/// One line a problem, as compilers write them: for logs.
impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.problems.iter().enumerate() {
            if number > 0 {
                formatter.write_str("\n")?;
            }
            let row = self.row(problem);
            if let Some(file) = row.file {
                write!(formatter, "{file}:")?;
            }
            if let Some(Position { line, column }) = row.position {
                write!(formatter, "{line}:{column}:")?;
            }
            let severity = match problem.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            let space = if row.file.is_some() { " " } else { "" };
            write!(formatter, "{space}{severity}: {}", problem.what)?;
            if let Some(mend) = &problem.mend {
                write!(formatter, " ({mend})")?;
            }
        }
        Ok(())
    }
}

/// The line that a problem stands on, with secrets hidden.
#[derive(Debug)]
struct Line<'a> {
    source: &'a Source,
    masked: &'a str,
    around: Range<usize>,
}

impl SourceCode for Line<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        _lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let Range { start, end } = self.around;
        // Asked without context, miette wants to know where the problem itself stands.
        let column = if lines_before == 0 { self.source.position(span.offset()).column - 1 } else { 0 };
        Ok(Box::new(MietteSpanContents::new_named(
            self.source.name.clone(),
            &self.masked.as_bytes()[start..end],
            (start, end - start).into(),
            self.source.position(start).line - 1,
            column,
            1,
        )))
    }
}

/// One problem in the form that miette draws.
#[derive(Debug)]
struct Shown<'a> {
    problem: &'a Problem,
    line: Option<Line<'a>>,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.problem.what)
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.problem.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.problem.mend.as_ref().map(|mend| Box::new(mend) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.line.as_ref().map(|line| line as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let line = self.line.as_ref()?;
        let at = self.problem.at.as_ref()?;
        let end = at.end.min(line.around.end);
        Some(Box::new(std::iter::once(LabeledSpan::new(None, at.start, end.saturating_sub(at.start)))))
    }
}

//! The live view, drawn from a [`Picture`] alone. At home in 80 by 24, wider and taller show more.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, Cell, Paragraph, Row, Table, Wrap};
use routing::State;

use super::money;
use super::picture::{Picture, ProductRow, SupplierRow};
use super::story::Condition;
use super::tally::{Event, EventKind};

/// From this width on there is room to say who the suppliers are.
const WIDE: u16 = 108;
/// Below this nothing can be read.
const SMALLEST: (u16, u16) = (64, 18);
const ACCENT: Color = Color::Cyan;

/// Draws one moment.
pub(super) fn draw(frame: &mut Frame<'_>, picture: &Picture) {
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        let words =
            format!("Please make this window larger: at least {} by {}. q ends.", SMALLEST.0, SMALLEST.1);
        frame.render_widget(Paragraph::new(words).wrap(Wrap { trim: true }), area);
        return;
    }
    let heights = [
        Constraint::Length(1),
        Constraint::Length(2),
        Constraint::Length(7),
        Constraint::Length(8),
        Constraint::Fill(1),
        Constraint::Length(1),
    ];
    let [head, caption, products, suppliers, events, keys] = Layout::vertical(heights).areas(area);
    frame.render_widget(headline(picture, head.width), head);
    // As far from the edge as everything else.
    let caption = Rect { x: caption.x + 1, width: caption.width - 1, ..caption };
    frame.render_widget(Paragraph::new(story(picture)).wrap(Wrap { trim: true }), caption);
    draw_products(frame, products, picture);
    draw_suppliers(frame, suppliers, picture);
    draw_events(frame, events, picture);
    frame.render_widget(key_help(picture), keys);
}

/// What this is, and the sums on the right.
fn headline(picture: &Picture, width: u16) -> Line<'static> {
    let totals = &picture.totals;
    let left = " Relève demo · the weekend ";
    let seen = if width >= WIDE { " seen by products" } else { "" };
    let errors = match totals.errors {
        1 => format!("1 error{seen}"),
        count => format!("{count} errors{seen}"),
    };
    let sums = format!("{} requests · ", totals.requests);
    let right = format!(" · {} takeovers · {} ", totals.takeovers, money::short(totals.cost));
    let used = left.chars().count() + sums.chars().count() + errors.len() + right.chars().count();
    let gap = usize::from(width).saturating_sub(used);
    let tone = if totals.errors == 0 { Style::new().green() } else { Style::new().red() };
    Line::from(vec![
        Span::styled(left, Style::new().fg(Color::Black).bg(ACCENT).bold()),
        Span::raw(" ".repeat(gap)),
        Span::raw(sums),
        Span::styled(errors, tone.bold()),
        Span::raw(right),
    ])
}

fn story(picture: &Picture) -> Line<'static> {
    let scene = picture.scene;
    if picture.ending {
        return Line::from("The weekend is over: the last answers are on their way.".bold());
    }
    Line::from(vec![
        Span::styled(format!("{}, {}. ", scene.when, scene.title), Style::new().fg(ACCENT).bold()),
        Span::raw(scene.caption),
    ])
}

fn titled(title: &'static str) -> Block<'static> {
    Block::new()
        .borders(ratatui::widgets::Borders::TOP)
        .border_style(Style::new().dim())
        .title(Line::from(format!(" {title} ")).bold())
}

fn heads(heads: &[&'static str]) -> Row<'static> {
    let cells = heads.iter().enumerate().map(|(column, head)| {
        let text = Text::from(*head);
        // All but the first two columns are figures.
        Cell::from(if column < 2 { text } else { text.right_aligned() })
    });
    Row::new(cells).dim()
}

fn figure(text: impl Into<String>) -> Cell<'static> {
    Cell::from(Text::from(text.into()).right_aligned())
}

fn draw_products(frame: &mut Frame<'_>, area: Rect, picture: &Picture) {
    let wide = area.width >= WIDE;
    let widths = [
        Constraint::Length(19),
        Constraint::Fill(1),
        Constraint::Length(8),
        Constraint::Length(8),
        Constraint::Length(6),
        Constraint::Length(9),
        Constraint::Length(9),
    ];
    let rows = picture.products.iter().map(|row| product(row, wide));
    let head = [" product", "served by", "ttft p50", "requests", "errors", "takeovers", "cost"];
    let table = Table::new(rows, widths).header(heads(&head)).column_spacing(1).block(titled("products"));
    frame.render_widget(table, area);
}

fn product(row: &ProductRow, wide: bool) -> Row<'static> {
    let served_by = match row.served_by.as_slice() {
        [] => "…".to_owned(),
        [first, others @ ..] if !wide && !others.is_empty() => format!("{first} +{}", others.len()),
        all => all.join(", "),
    };
    let errors = if row.errors == 0 { Style::new().green() } else { Style::new().red().bold() };
    Row::new([
        Cell::from(format!(" {}", row.name)).bold(),
        Cell::from(served_by),
        figure(row.first_p50_ms.map_or_else(|| "…".to_owned(), |ms| format!("{ms} ms"))),
        figure(row.requests.to_string()),
        figure(row.errors.to_string()).style(errors),
        figure(row.takeovers.to_string()),
        figure(money::short(row.cost)),
    ])
}

fn draw_suppliers(frame: &mut Frame<'_>, area: Rect, picture: &Picture) {
    let wide = area.width >= WIDE;
    let bar = if wide { area.width / 6 } else { 10 };
    let columns = [
        ("", Constraint::Length(2)),
        ("supplier", Constraint::Length(13)),
        ("", Constraint::Length(29)),
        ("really", Constraint::Length(9)),
        ("seen by Relève", Constraint::Fill(1)),
        ("share now", Constraint::Length(bar)),
        ("", Constraint::Length(5)),
        ("     cost", Constraint::Length(9)),
    ];
    // Who a supplier is, is the first thing to go.
    let shown = |column: &usize| wide || *column != 2;
    let columns =
        || columns.iter().enumerate().filter(|(column, _)| shown(column)).map(|(_, column)| *column);
    let rows = picture.suppliers.iter().enumerate().map(|(index, row)| {
        let cells = supplier(index, row, bar).into_iter().enumerate();
        Row::new(cells.filter(|(column, _)| shown(column)).map(|(_, cell)| cell))
    });
    let table = Table::new(rows, columns().map(|(_, width)| width))
        .header(Row::new(columns().map(|(head, _)| head)).dim())
        .column_spacing(1)
        .block(titled("suppliers"));
    frame.render_widget(table, area);
}

fn supplier(index: usize, row: &SupplierRow, bar: u16) -> [Cell<'static>; 8] {
    let (really, tone) = match (row.cut, row.condition) {
        (true, _) => ("cut", Style::new().red().bold()),
        (false, Condition::Well) => (Condition::Well.word(), Style::new()),
        (false, Condition::Brownout) => (Condition::Brownout.word(), Style::new().yellow()),
        (false, Condition::Gone) => (Condition::Gone.word(), Style::new().red()),
    };
    let seen = match row.standing.state {
        State::Healthy => Style::new().green(),
        State::Due | State::Probing => Style::new().yellow(),
        State::Open | State::Benched | State::RateLimited => Style::new().red(),
    };
    [
        figure((index + 1).to_string()).style(Style::new().fg(ACCENT).add_modifier(Modifier::BOLD)),
        Cell::from(row.name).bold(),
        Cell::from(row.who).dim(),
        Cell::from(really).style(tone),
        Cell::from(row.standing.words.clone()).style(seen),
        Cell::from(bar_of(row.share, bar)).style(Style::new().fg(ACCENT)),
        figure(format!("{:.0} %", row.share * 100.0)),
        figure(money::short(row.cost)),
    ]
}

/// A bar in eighths of a letter.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to eight times a width")]
fn bar_of(share: f64, width: u16) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (share.clamp(0.0, 1.0) * f64::from(width) * 8.0).round() as usize;
    "█".repeat(eighths / 8) + PARTS[eighths % 8]
}

fn draw_events(frame: &mut Frame<'_>, area: Rect, picture: &Picture) {
    let room = usize::from(area.height.saturating_sub(1));
    let skip = picture.events.len().saturating_sub(room);
    let lines: Vec<Line<'_>> = picture.events.iter().skip(skip).map(event).collect();
    frame.render_widget(Paragraph::new(lines).block(titled("what happens")), area);
}

fn event(event: &Event) -> Line<'static> {
    let style = match event.kind {
        EventKind::Scene => Style::new().fg(ACCENT).bold(),
        EventKind::Hand => Style::new().magenta(),
        EventKind::Trouble => Style::new().yellow(),
        EventKind::Relief => Style::new().green(),
        EventKind::Error => Style::new().red().bold(),
    };
    Line::from(vec![
        Span::styled(format!(" {} ", stamp(event.at)), Style::new().dim()),
        Span::styled(event.words.clone(), style),
    ])
}

/// `07.3 s`
pub(super) fn stamp(at: Duration) -> String {
    format!("{:>5.1} s", at.as_secs_f64())
}

fn key_help(picture: &Picture) -> Line<'static> {
    let key = |key: &'static str| Span::styled(key, Style::new().fg(ACCENT).bold());
    let pause = if picture.paused { " goes on  " } else { " pauses the story  " };
    let where_we_are = if picture.paused {
        Span::styled("paused", Style::new().yellow().bold())
    } else {
        Span::styled(
            format!("{} {:>3.0} s", bar_of(picture.share, 12), picture.elapsed.as_secs_f64()),
            Style::new().dim(),
        )
    };
    Line::from(vec![
        Span::raw(" "),
        key("1-6"),
        Span::raw(" cuts and heals  "),
        key("space"),
        Span::raw(pause),
        key("q"),
        Span::raw(" ends    "),
        where_we_are,
    ])
}

#[cfg(test)]
mod tests;

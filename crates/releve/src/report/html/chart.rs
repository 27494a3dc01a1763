//! Charts as SVG within the page. Each says in its title what it shows; the table behind it says the figures.

use std::fmt::Write as _;

use super::super::page::{Bar, Tone};
use super::escaped;

/// A sign that tells tones apart without colour.
pub(super) fn mark(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "",
        Tone::Good => {
            "<svg class=\"mark\" viewBox=\"0 0 12 12\" aria-hidden=\"true\"><circle cx=\"6\" cy=\"6\" r=\"5\"/></svg>"
        }
        Tone::Doubtful => {
            "<svg class=\"mark\" viewBox=\"0 0 12 12\" aria-hidden=\"true\"><path d=\"M6 1 11.5 11H.5z\"/></svg>"
        }
        Tone::Bad => {
            "<svg class=\"mark\" viewBox=\"0 0 12 12\" aria-hidden=\"true\"><path d=\"M1 1h10v10H1z\"/></svg>"
        }
    }
}

const ROW: usize = 26;

/// Horizontal bars, one a name.
pub(super) fn bars(bars: &[Bar], title: &str) -> String {
    let height = bars.len() * ROW;
    let mut text = format!(
        "<svg class=\"chart\" viewBox=\"0 0 600 {height}\" role=\"img\" aria-label=\"{title}\">\n",
        title = escaped(title)
    );
    for (index, bar) in bars.iter().enumerate() {
        let (top, middle) = (index * ROW + 4, index * ROW + 17);
        let width = bar.part.clamp(0.0, 1.0) * 300.0;
        let _ = writeln!(
            text,
            "<text x=\"0\" y=\"{middle}\">{}</text><rect class=\"track\" x=\"170\" y=\"{top}\" width=\"300\" height=\"18\"/>\
             <rect class=\"bar\" x=\"170\" y=\"{top}\" width=\"{width:.1}\" height=\"18\"/><text x=\"480\" y=\"{middle}\">{}</text>",
            escaped(&short(&bar.name)),
            escaped(&bar.shown)
        );
    }
    text.push_str("</svg>\n");
    text
}

/// Names longer than their place end in dots; the table says them whole.
fn short(name: &str) -> String {
    const MOST: usize = 24;
    if name.chars().count() <= MOST {
        return name.to_owned();
    }
    name.chars().take(MOST - 1).chain(['…']).collect()
}

/// Lines of parts over time, with their names at the right.
pub(super) fn trend(lines: &[(String, Vec<Option<f64>>)], title: &str) -> String {
    const WIDTH: f64 = 420.0;
    const HEIGHT: f64 = 140.0;
    let mut text = format!(
        "<svg class=\"chart\" viewBox=\"0 0 600 160\" role=\"img\" aria-label=\"{title}\">\n\
         <path class=\"axis\" d=\"M30 10v{HEIGHT}h{WIDTH}M30 10h{WIDTH}\"/>\
         <text x=\"0\" y=\"15\">100 %</text><text x=\"12\" y=\"{bottom}\">0 %</text>\n",
        title = escaped(title),
        bottom = HEIGHT + 12.0,
    );
    for (index, (name, parts)) in lines.iter().take(6).enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "a few dozen steps")]
        let step = WIDTH / (parts.len().saturating_sub(1).max(1)) as f64;
        let mut path = String::new();
        let mut drawing = false;
        for (at, part) in parts.iter().enumerate() {
            let Some(part) = part else {
                drawing = false;
                continue;
            };
            #[expect(clippy::cast_precision_loss, reason = "a few dozen steps")]
            let (x, y) = (30.0 + at as f64 * step, 10.0 + HEIGHT * (1.0 - part));
            let _ = write!(path, "{}{x:.1} {y:.1}", if drawing { 'L' } else { 'M' });
            drawing = true;
        }
        let y = 22 + index * 22;
        let _ = writeln!(
            text,
            "<path class=\"line line{index}\" d=\"{path}\"/><path class=\"line line{index}\" d=\"M458 {line}h18\"/>\
             <text x=\"482\" y=\"{y}\">{}</text>",
            escaped(&short(name)),
            line = y - 4,
        );
    }
    text.push_str("</svg>\n");
    text
}

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

/// A name and its bar, one above the other: so both are large enough on a phone, where all of it is drawn smaller and its
/// letters larger.
const ROW: usize = 46;

/// Horizontal bars, one a name.
pub(super) fn bars(bars: &[Bar], title: &str) -> String {
    const WIDTH: f64 = 500.0;
    let height = bars.len() * ROW;
    let mut text = format!(
        "<svg class=\"chart\" viewBox=\"0 0 600 {height}\" role=\"img\" aria-label=\"{title}\">\n",
        title = escaped(title)
    );
    for (index, bar) in bars.iter().enumerate() {
        let [name, top, part] = [18, 24, 38].map(|down| index * ROW + down);
        let width = bar.part.clamp(0.0, 1.0) * WIDTH;
        let _ = writeln!(
            text,
            "<text x=\"0\" y=\"{name}\">{}</text><rect class=\"track\" x=\"0\" y=\"{top}\" width=\"{WIDTH}\" height=\"16\"/>\
             <rect class=\"bar\" x=\"0\" y=\"{top}\" width=\"{width:.1}\" height=\"16\"/><text x=\"510\" y=\"{part}\">{}</text>",
            escaped(&short(&bar.name)),
            escaped(&bar.shown)
        );
    }
    text.push_str("</svg>\n");
    text
}

/// Names longer than their place end in dots; the table says them whole.
fn short(name: &str) -> String {
    const MOST: usize = 40;
    if name.chars().count() <= MOST {
        return name.to_owned();
    }
    name.chars().take(MOST - 1).chain(['…']).collect()
}

/// Lines of parts over time, with their names below.
pub(super) fn trend(lines: &[(String, Vec<Option<f64>>)], title: &str) -> String {
    const LEFT: f64 = 64.0;
    const WIDTH: f64 = 530.0;
    const HEIGHT: f64 = 140.0;
    const MOST: usize = 6;
    const LEGEND: usize = 182;
    let height = LEGEND + lines.len().min(MOST) * 26;
    let mut text = format!(
        "<svg class=\"chart\" viewBox=\"0 0 600 {height}\" role=\"img\" aria-label=\"{title}\">\n\
         <path class=\"axis\" d=\"M{LEFT} 10v{HEIGHT}h{WIDTH}M{LEFT} 10h{WIDTH}\"/>\
         <text x=\"0\" y=\"17\">100 %</text><text x=\"22\" y=\"{bottom}\">0 %</text>\n",
        title = escaped(title),
        bottom = HEIGHT + 12.0,
    );
    for (index, (name, parts)) in lines.iter().take(MOST).enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "a few dozen steps")]
        let step = WIDTH / (parts.len().saturating_sub(1).max(1)) as f64;
        let mut path = String::new();
        for (at, part) in parts.iter().enumerate() {
            let Some(part) = part else { continue };
            #[expect(clippy::cast_precision_loss, reason = "a few dozen steps")]
            let (x, y) = (LEFT + at as f64 * step, 10.0 + HEIGHT * (1.0 - part));
            let drawn = |at: Option<usize>| at.is_some_and(|at| parts.get(at).is_some_and(Option::is_some));
            let begins = if drawn(at.checked_sub(1)) { 'L' } else { 'M' };
            if begins == 'M' && !drawn(Some(at + 1)) {
                // Between two steps in which nobody was served a line has no length.
                let _ = write!(path, "M{:.1} {y:.1}h4", x - 2.0);
            } else {
                let _ = write!(path, "{begins}{x:.1} {y:.1}");
            }
        }
        let y = LEGEND + index * 26;
        let _ = writeln!(
            text,
            "<path class=\"line line{index}\" d=\"{path}\"/><path class=\"line line{index}\" d=\"M{LEFT} {line}h34\"/>\
             <text x=\"108\" y=\"{y}\">{}</text>",
            escaped(&short(name)),
            line = y - 5,
        );
    }
    text.push_str("</svg>\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_served_between_two_gaps_is_seen() {
        let parts = vec![Some(1.0), None, Some(0.5), None, Some(0.5), Some(0.0)];
        let drawn = trend(&[("acme".into(), parts)], "t");
        assert!(drawn.contains("d=\"M62.0 10.0h4M274.0 80.0h4M488.0 80.0L594.0 150.0\""), "{drawn}");
    }
}

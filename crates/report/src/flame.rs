//! Flame graphs, drawn by `inferno`.

use std::io::{self, Write};

use inferno::flamegraph::{Options, from_lines};

use crate::folded;
use crate::profile::Profile;

/// Draws a profile as SVG.
///
/// A profile without stacks gives a picture that says so.
///
/// # Errors
/// Those of the writer.
pub fn write(
    profile: &Profile,
    title: &str,
    subtitle: Option<&str>,
    mut out: impl Write,
) -> io::Result<()> {
    let lines: Vec<String> = folded::lines(profile)
        .into_iter()
        .map(|(stack, weight)| format!("{stack} {weight}"))
        .collect();
    if lines.is_empty() {
        return empty(title, out);
    }
    let mut options = Options::default();
    options.title = printable(title);
    options.subtitle = subtitle.map(printable);
    options.count_name = "samples".to_owned();
    options.deterministic = true;
    options.hash = true;
    from_lines(&mut options, lines.iter().map(String::as_str), &mut out)
        .map_err(io::Error::other)?;
    out.flush()
}

/// XML has no way to write control characters.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn empty(title: &str, mut out: impl Write) -> io::Result<()> {
    let title = printable(title).replace('&', "&amp;").replace('<', "&lt;");
    writeln!(
        out,
        "<?xml version=\"1.0\"?>\n<svg version=\"1.1\" width=\"1200\" height=\"80\" \
         xmlns=\"http://www.w3.org/2000/svg\">\n<text x=\"600\" y=\"30\" text-anchor=\"middle\">{title}</text>\n\
         <text x=\"600\" y=\"55\" text-anchor=\"middle\">no samples</text>\n</svg>"
    )?;
    out.flush()
}

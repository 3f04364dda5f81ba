//! Colours, which mean the same in every command.

use anstyle::{AnsiColor, Style};

/// What went wrong.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// What is worth knowing.
pub(crate) const NOTE: Style = AnsiColor::Cyan.on_default().bold();
/// What to do.
pub(crate) const HINT: Style = AnsiColor::Green.on_default().bold();
/// What the following lines are.
pub(crate) const HEADING: Style = Style::new().bold();
/// Source code between other lines.
pub(crate) const CODE: Style = AnsiColor::BrightBlack.on_default();

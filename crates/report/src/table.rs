//! Tables for a terminal: the hottest functions, the hottest stacks.
//!
//! Plain text without colour, within the width that the caller gives.

use std::collections::HashMap;

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Row, Table};

use crate::profile::{Profile, Stack};
use crate::symbol::{Function, FunctionId};

/// Narrower terminals get this much.
const MIN_WIDTH: u16 = 40;

/// The hottest functions, one a line, at most `rows`.
#[must_use]
pub fn functions(profile: &Profile, rows: usize, width: u16) -> String {
    let all = profile.weight();
    let mut table = plain(width);
    table.set_header(header(&["SELF", "", "TOTAL", "", "FUNCTION", "OBJECT"]));
    for stat in profile.function_stats().iter().take(rows) {
        let name = match (&stat.name, stat.address) {
            (Some(name), _) => one_line(name),
            (None, Some(address)) => format!("{address:#x}"),
            (None, None) => "?".to_owned(),
        };
        let row = [
            percent(stat.own, all),
            stat.own.to_string(),
            percent(stat.total, all),
            stat.total.to_string(),
            name,
            base_name(&stat.object),
        ];
        let mut row = Row::from(row);
        row.max_height(1);
        table.add_row(row);
    }
    finish(table, 4)
}

/// The hottest stacks, innermost function first, at most `rows`, each with at most `depth` functions.
///
/// Stacks that differ in addresses only, not in functions, are one.
#[must_use]
pub fn stacks(profile: &Profile, rows: usize, depth: usize, width: u16) -> String {
    let all = profile.weight();
    let room = usize::from(width.max(MIN_WIDTH)).saturating_sub(24);
    let mut table = plain(width);
    table.set_header(header(&["SHARE", "SAMPLES", "STACK"]));
    for (weight, stack) in by_functions(profile).into_iter().take(rows) {
        let mut frames = profile.frames(stack);
        let mut lines: Vec<String> = frames
            .by_ref()
            .take(depth)
            .map(|frame| shorten(&frame_text(frame.function), room))
            .collect();
        let more = frames.count();
        if more > 0 {
            lines.push(format!("… {more} more"));
        }
        lines.push(shorten(&format!("({})", one_line(profile.comm(stack))), room));
        table.add_row([percent(weight, all), weight.to_string(), lines.join("\n")]);
    }
    finish(table, 2)
}

/// Stacks with equal functions and equal commands added up, heaviest first, each with one of its kind.
fn by_functions(profile: &Profile) -> Vec<(u64, &Stack)> {
    let mut kinds: HashMap<(&str, Vec<FunctionId>), usize> = HashMap::new();
    let mut sums: Vec<(u64, &Stack)> = Vec::new();
    for stack in profile.stacks() {
        let key = (profile.comm(stack), profile.frames(stack).map(|frame| frame.id).collect());
        let at = *kinds.entry(key).or_insert_with(|| {
            sums.push((0, stack));
            sums.len() - 1
        });
        if let Some((sum, _)) = sums.get_mut(at) {
            *sum = sum.saturating_add(stack.weight);
        }
    }
    // Stable: of equal sums, the one with the heaviest single stack comes first.
    sums.sort_by_key(|(sum, _)| std::cmp::Reverse(*sum));
    sums
}

fn frame_text(function: &Function) -> String {
    let object = base_name(&function.object);
    match (&function.name, function.address) {
        (Some(name), _) if function.kernel => format!("{} {}", one_line(name), object),
        (Some(name), _) => one_line(name),
        (None, Some(address)) => format!("{address:#x} in {object}"),
        (None, None) => object,
    }
}

fn plain(width: u16) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.force_no_tty();
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(width.max(MIN_WIDTH));
    table.set_truncation_indicator("…");
    table
}

fn header(titles: &[&str]) -> Row {
    titles.iter().map(Cell::new).collect::<Vec<_>>().into()
}

/// Prints a table whose first columns are numbers.
fn finish(mut table: Table, numbers: usize) -> String {
    for column in table.column_iter_mut().take(numbers) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt()
}

fn percent(part: u64, all: u64) -> String {
    if all == 0 {
        return "-".to_owned();
    }
    format!("{:.1}%", part as f64 * 100.0 / all as f64)
}

fn base_name(object: &str) -> String {
    let base = object.rsplit('/').next().unwrap_or(object);
    one_line(if base.is_empty() { object } else { base })
}

/// Names may hold anything; a terminal must not act on it, nor turn the direction of writing.
fn one_line(name: &str) -> String {
    let acts = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
    };
    name.chars().map(|c| if acts(c) { '\u{fffd}' } else { c }).collect()
}

fn shorten(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    text.chars().take(room.saturating_sub(1)).chain(['…']).collect()
}

//! Elements of a map as a table: members of structs become columns.

use serde_json::Value;

use crate::output::Table;

/// Entries of a list that a cell shows.
const CELL_LINES: usize = 16;

/// The first `shown` elements; the greatest counts first where every value is a number.
pub(crate) fn map_table(elements: &[(Value, Value)], shown: usize) -> Table {
    let mut rows: Vec<&(Value, Value)> = elements.iter().collect();
    if let Some(counts) = elements.iter().map(|(_, value)| count(value)).collect::<Option<Vec<_>>>()
    {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        // A stable sort: elements with equal counts stay in the map's order.
        order.sort_by_key(|&index| std::cmp::Reverse(counts[index]));
        rows = order.into_iter().map(|index| &elements[index]).collect();
    }
    let keys = columns(elements.iter().map(|(key, _)| key), "key");
    let values = columns(elements.iter().map(|(_, value)| value), "value");
    let headings = keys.iter().map(|name| heading(name, rows.iter().map(|(key, _)| key)));
    let headings = headings.chain(values.iter().map(|name| {
        let heading = heading(name, rows.iter().map(|(_, value)| value));
        if keys.contains(name) {
            format!("value.{}", heading.trim_start_matches('#'))
        } else {
            heading
        }
    }));
    let mut table = Table::new(headings);
    for (key, value) in rows.into_iter().take(shown) {
        let cells = keys.iter().map(|name| member(key, name));
        let cells = cells.chain(values.iter().map(|name| member(value, name)));
        table.row(cells.map(|cell| cell.map(cell_text).unwrap_or_default()));
    }
    table
}

/// A value that is a number, also one that is a string since it is wider than 32 bits.
fn count(value: &Value) -> Option<i128> {
    match value {
        Value::Number(number) => number.to_string().parse().ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// The members of structs in the order in which they first occur; `alone` for anything else.
fn columns<'a>(values: impl Iterator<Item = &'a Value>, alone: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for value in values {
        let members: Vec<&str> = match value {
            Value::Object(members) if !is_scalar(value) => {
                members.keys().map(String::as_str).collect()
            }
            _ => vec![alone],
        };
        for name in members {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
    names
}

/// A heading that tells whether its column holds numbers alone.
fn heading<'a>(name: &str, values: impl Iterator<Item = &'a Value>) -> String {
    let mut cells = values.filter_map(|value| member(value, name)).peekable();
    let numeric = cells.peek().is_some() && cells.all(|cell| count(cell).is_some());
    if numeric { format!("#{name}") } else { name.to_owned() }
}

/// The cell of a column: a member of a struct, or the whole value in the column of lone values.
fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Object(members) if !is_scalar(value) => members.get(name),
        lone => (name == "key" || name == "value").then_some(lone),
    }
}

/// Whether an object stands for one value: `{"hex":…}`, or an enum's `{"name","value"}`.
fn is_scalar(value: &Value) -> bool {
    let Value::Object(members) = value else { return true };
    let names: Vec<&str> = members.keys().map(String::as_str).collect();
    matches!(names.as_slice(), ["hex"] | ["name", "value"])
}

fn cell_text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        // Control characters of a program's strings would break the table.
        Value::String(text) => {
            text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
        }
        Value::Object(members) if is_scalar(value) => {
            match (members.get("hex"), members.get("name")) {
                (Some(Value::String(hex)), _) => format!("0x{hex}"),
                (_, Some(Value::String(name))) => name.clone(),
                _ => members.get("value").map(cell_text).unwrap_or_default(),
            }
        }
        Value::Array(entries) if entries.iter().all(Value::is_string) && !entries.is_empty() => {
            let mut lines: Vec<String> = entries.iter().take(CELL_LINES).map(cell_text).collect();
            if entries.len() > CELL_LINES {
                lines.push(format!("… {} more", entries.len() - CELL_LINES));
            }
            lines.join("\n")
        }
        Value::Array(entries) => {
            let texts: Vec<String> = entries.iter().take(CELL_LINES).map(cell_text).collect();
            let more = if entries.len() > CELL_LINES { ", …" } else { "" };
            format!("[{}{more}]", texts.join(", "))
        }
        other => other.to_string(),
    }
}

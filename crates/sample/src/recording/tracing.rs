//! The formats of tracepoints, which perf copies from tracefs (`HEADER_TRACING_DATA`).

use super::feature::{Feature, Features};

/// Bytes within which the fields of one format lie: the longest of Linux 6.18 takes 6 KiB.
const MAX_FORMAT: usize = 64 << 10;

/// The text of a tracepoint's format up to its last field, by the name without that of its system.
pub(super) fn format_of(features: &Features, name: &str) -> Option<String> {
    let formats = features.bytes(Feature::TracingData)?;
    let begin = format!("name: {name}\n");
    let at = formats.windows(begin.len()).position(|window| window == begin.as_bytes())?;
    let rest = formats.get(at..)?;
    let text = String::from_utf8_lossy(rest.get(..rest.len().min(MAX_FORMAT))?);
    // What follows prints the fields, or is another format.
    text.split("print fmt:").next().map(str::to_owned)
}

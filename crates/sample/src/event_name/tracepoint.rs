//! Tracepoints: `SYSTEM:NAME[:MODIFIERS]` (`PERF_TYPE_TRACEPOINT`), known by the id that tracefs publishes.

use std::path::{Path, PathBuf};

use perf_event_open_sys::bindings as sys;

use super::{EventNameError, EventSpec, Modifiers, hardware};

/// Parses a name that has a colon and is nothing else.
pub(super) fn parse(name: &str, tracefs: &[PathBuf]) -> Result<EventSpec, EventNameError> {
    let mut parts = name.splitn(3, ':');
    let system = parts.next().unwrap_or_default();
    let event = parts.next().unwrap_or_default();
    let modifiers = parts.next().map(Modifiers::parse).transpose()?.unwrap_or_default();
    // `cylces:u` is a misspelt event rather than a tracepoint.
    if Modifiers::parse(event).is_ok() {
        let near = hardware::near(system).map(|near| format!("{near}:{event}"));
        return Err(EventNameError::Unknown { name: name.into(), near });
    }
    let is_word = |word: &str| {
        !word.is_empty()
            && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    };
    if !is_word(system) || !is_word(event) {
        return Err(EventNameError::Unknown { name: name.into(), near: None });
    }
    let Some(events) = folder(tracefs) else {
        return Err(EventNameError::NoTracefs { name: name.into() });
    };
    let path = events.join(system).join(event).join("id");
    let Ok(text) = std::fs::read_to_string(&path) else {
        return Err(EventNameError::NoSuchTracepoint { name: name.into(), path });
    };
    let Ok(id) = text.trim().parse() else {
        let what = format!("`{}` is no id", text.trim());
        return Err(EventNameError::Published { path, what });
    };
    Ok(EventSpec::new(name, sys::PERF_TYPE_TRACEPOINT, id, modifiers))
}

/// Where the kernel publishes its tracepoints.
fn folder(tracefs: &[PathBuf]) -> Option<PathBuf> {
    tracefs.iter().map(|root| root.join("events")).find(|path| is_folder(path))
}

/// The end of the last field that a tracepoint's `format` lists (`trace_event_get_offsets`).
pub(super) fn record_size(name: &str, tracefs: &[PathBuf]) -> Option<u32> {
    let mut parts = name.split(':');
    let (system, event) = (parts.next()?, parts.next()?);
    let path = folder(tracefs)?.join(system).join(event).join("format");
    last_field_end(&std::fs::read_to_string(path).ok()?)
}

/// Lines of fields read `field:TYPE NAME; offset:N; size:N; signed:N;`, with tabs between.
pub(super) fn last_field_end(format: &str) -> Option<u32> {
    let last = format.lines().rfind(|line| line.trim_start().starts_with("field:"))?;
    let number = |key: &str| {
        let part = last.split(';').find_map(|part| part.trim().strip_prefix(key))?;
        part.trim().parse::<u32>().ok()
    };
    number("offset:")?.checked_add(number("size:")?)
}

fn is_folder(path: &Path) -> bool {
    path.read_dir().is_ok_and(|mut entries| entries.next().is_some())
}

//! Events of a PMU: `cpu/event=0x3c,umask=1/u`, through the formats that the kernel publishes in sysfs
//! (`Documentation/ABI/testing/sysfs-bus-event_source-devices-format`).

use std::fs;
use std::path::{Path, PathBuf};

use super::{EventNameError, EventSpec, Modifiers, hardware};

/// Parses `PMU/TERMS/MODIFIERS`.
pub(super) fn parse(name: &str, pmus: &Path) -> Result<EventSpec, EventNameError> {
    let syntax = |what: &str| EventNameError::PmuSyntax { name: name.into(), what: what.into() };
    let (pmu, rest) = name.split_once('/').ok_or_else(|| syntax("there is no slash"))?;
    let (terms, letters) =
        rest.rsplit_once('/').ok_or_else(|| syntax("the second slash is missing"))?;
    if terms.contains('/') {
        return Err(syntax("there are more than two slashes"));
    }
    let letters = letters.strip_prefix(':').unwrap_or(letters);
    let pmu = Pmu::open(pmu, pmus)?;
    let mut event = EventSpec::new(name, pmu.kind()?, 0, Modifiers::parse(letters)?);
    for term in terms.split(',').map(str::trim).filter(|term| !term.is_empty()) {
        pmu.apply(term, &mut event, true)?;
    }
    Ok(event)
}

/// Parses a name without slashes that some PMU may publish as an event, such as `mem-loads`.
pub(super) fn parse_bare(name: &str, pmus: &Path) -> Result<EventSpec, EventNameError> {
    for pmu in names(pmus) {
        let Ok(pmu) = Pmu::open(&pmu, pmus) else { continue };
        if let Some(terms) = pmu.published_event(name) {
            let mut event = EventSpec::new(name, pmu.kind()?, 0, Modifiers::default());
            pmu.apply_all(&terms, &mut event)?;
            return Ok(event);
        }
    }
    let near = hardware::near(name).map(String::from);
    Err(EventNameError::Unknown { name: name.into(), near })
}

/// A PMU's folder in sysfs.
struct Pmu {
    name: String,
    folder: PathBuf,
}

impl Pmu {
    fn open(name: &str, pmus: &Path) -> Result<Self, EventNameError> {
        let folder = pmus.join(name);
        if name.is_empty() || name.starts_with('.') || !folder.join("type").exists() {
            return Err(EventNameError::NoSuchPmu { pmu: name.into(), known: names(pmus) });
        }
        Ok(Self { name: name.into(), folder })
    }

    fn kind(&self) -> Result<u32, EventNameError> {
        let path = self.folder.join("type");
        let text = fs::read_to_string(&path).unwrap_or_default();
        text.trim().parse().map_err(|_| {
            let what = format!("`{}` is no type number", text.trim());
            EventNameError::Published { path, what }
        })
    }

    /// The terms of a published event.
    fn published_event(&self, name: &str) -> Option<String> {
        if name.starts_with('.') {
            return None;
        }
        let text = fs::read_to_string(self.folder.join("events").join(name)).ok()?;
        Some(text.trim().into())
    }

    fn apply_all(&self, terms: &str, event: &mut EventSpec) -> Result<(), EventNameError> {
        let terms = terms.split(',').map(str::trim).filter(|term| !term.is_empty());
        terms.into_iter().try_for_each(|term| self.apply(term, event, false))
    }

    /// Puts one term into the event; `may_name` lets it be a published event, whose own terms may not.
    fn apply(
        &self,
        term: &str,
        event: &mut EventSpec,
        may_name: bool,
    ) -> Result<(), EventNameError> {
        let (key, value) = match term.split_once('=') {
            Some((key, value)) => (key.trim(), Some(value.trim())),
            None => (term, None),
        };
        if value.is_none()
            && may_name
            && let Some(terms) = self.published_event(key)
        {
            return self.apply_all(&terms, event);
        }
        let number = match value {
            None => 1,
            Some(text) => number(text).ok_or_else(|| EventNameError::PmuSyntax {
                name: event.name.clone(),
                what: format!("`{text}` of `{key}` is no number"),
            })?,
        };
        if let Some(word) = word(event, key) {
            *word = number;
            return Ok(());
        }
        let path = self.folder.join("format").join(key);
        let text = match fs::read_to_string(&path) {
            Ok(text) if !key.starts_with('.') && !key.contains('/') => text,
            _ => {
                let (pmu, term) = (self.name.clone(), key.into());
                return Err(EventNameError::NoSuchTerm { pmu, term, known: self.terms() });
            }
        };
        let Some(format) = TermFormat::parse(text.trim()) else {
            let what = format!("`{}` does not read as WORD:BITS", text.trim());
            return Err(EventNameError::Published { path, what });
        };
        let Some(word) = word(event, format.word) else {
            let what = format!("`{}` is no word of perf_event_attr that skep knows", format.word);
            return Err(EventNameError::Published { path, what });
        };
        format.deposit(word, number).map_err(|bits| EventNameError::TermRange {
            pmu: self.name.clone(),
            term: key.into(),
            value: number,
            bits,
        })
    }

    fn terms(&self) -> Vec<String> {
        let mut terms = names(&self.folder.join("format"));
        terms.extend(names(&self.folder.join("events")));
        terms
    }
}

/// Which bits of which word a term fills: `config:0-7,32-35`.
struct TermFormat<'a> {
    word: &'a str,
    ranges: Vec<(u32, u32)>,
}

impl<'a> TermFormat<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (word, ranges) = text.split_once(':')?;
        let ranges = ranges.split(',').map(|range| {
            let (low, high) = range.split_once('-').unwrap_or((range, range));
            let (low, high) = (low.parse().ok()?, high.parse().ok()?);
            (low <= high && high < 64).then_some((low, high))
        });
        Some(Self { word, ranges: ranges.collect::<Option<_>>()? })
    }

    /// Spreads a value over the ranges, its low bits first; returns the width when it does not fit.
    fn deposit(&self, word: &mut u64, mut value: u64) -> Result<(), u32> {
        let original = *word;
        for (low, high) in &self.ranges {
            let width = high - low + 1;
            let mask = u64::MAX >> (64 - width);
            *word = *word & !(mask << low) | (value & mask) << low;
            value = value.checked_shr(width).unwrap_or(0);
        }
        if value == 0 {
            return Ok(());
        }
        *word = original;
        Err(self.ranges.iter().map(|(low, high)| high - low + 1).sum())
    }
}

fn word<'a>(event: &'a mut EventSpec, name: &str) -> Option<&'a mut u64> {
    let [config1, config2, config3] = &mut event.config_more;
    Some(match name {
        "config" => &mut event.config,
        "config1" => config1,
        "config2" => config2,
        "config3" => config3,
        _ => return None,
    })
}

fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

/// The entries of a folder, sorted; a published event's `.unit` and `.scale` are none.
fn names(folder: &Path) -> Vec<String> {
    let entries = folder.read_dir().into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<_> = names.filter(|name| !name.contains('.')).collect();
    names.sort_unstable();
    names
}

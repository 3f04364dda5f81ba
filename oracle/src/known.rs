//! Differences in loading that are known, each with its reason: `known.tsv`.
//!
//! A line is object, program (`*` for the object as it asks to be loaded), difference, reason. An entry whose
//! difference is gone is stale, and fails the run that notices.

/// How libbpf and skep differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// libbpf loads it, skep does not.
    SkepRefuses,
    /// skep loads it, libbpf does not.
    LibbpfRefuses,
}

impl Difference {
    const ALL: [(Self, &'static str); 2] =
        [(Self::SkepRefuses, "skep-refuses"), (Self::LibbpfRefuses, "libbpf-refuses")];

    /// Its word in the list.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(one, _)| *one == self).map_or("", |(_, name)| name)
    }
}

/// A difference that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Object, without `.o`.
    pub object: String,
    /// Program, or `*`.
    pub program: String,
    /// How they differ.
    pub difference: Difference,
    /// Why that is right.
    pub reason: String,
}

/// The list.
///
/// # Errors
/// The line that is none.
pub fn list() -> Result<Vec<Known>, String> {
    parse(include_str!("../known.tsv"))
}

fn parse(text: &str) -> Result<Vec<Known>, String> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.starts_with('#'));
    lines
        .map(|(number, line)| {
            let wrong = |what: &str| format!("known.tsv:{number}: {what}");
            let fields: Vec<&str> = line.split('\t').collect();
            let [object, program, difference, reason] = fields[..] else {
                return Err(wrong("an entry has four fields"));
            };
            let found = Difference::ALL.iter().find(|(_, name)| *name == difference);
            let (difference, _) = found.ok_or_else(|| wrong("no such difference"))?;
            if reason.split(' ').count() < 3 {
                return Err(wrong("a reason says why"));
            }
            Ok(Known {
                object: object.to_owned(),
                program: program.to_owned(),
                difference: *difference,
                reason: reason.to_owned(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_checked() {
        let good = parse("# head\no\t*\tskep-refuses\tit needs a reason\n").unwrap();
        assert_eq!(good[0].difference, Difference::SkepRefuses);
        for text in ["o\tp\tskep-refuses", "o\tp\tother\tthis is why", "o\tp\tskep-refuses\twhy"] {
            assert!(parse(text).is_err(), "{text}");
        }
        list().unwrap();
    }
}

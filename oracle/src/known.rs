//! Differences in loading that are known, each with its reason: `known.tsv`.
//!
//! A line is difference, words of the side that refuses, reason: it is about every case where that side says these
//! words. An entry without any case is stale, and fails a run over all objects.

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
    /// How they differ.
    pub difference: Difference,
    /// Words of the side that refuses.
    pub words: String,
    /// Why that is right.
    pub reason: String,
}

impl Known {
    /// Whether it is about a case where one side refuses with this answer.
    #[must_use]
    pub fn is_about(&self, difference: Difference, answer: &str) -> bool {
        self.difference == difference && answer.contains(&self.words)
    }
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
            let [difference, words, reason] = fields[..] else {
                return Err(wrong("an entry has three fields"));
            };
            let found = Difference::ALL.iter().find(|(_, name)| *name == difference);
            let (difference, _) = found.ok_or_else(|| wrong("no such difference"))?;
            if words.len() < 8 || reason.split(' ').count() < 3 {
                return Err(wrong("the words tell cases apart, and a reason says why"));
            }
            Ok(Known {
                difference: *difference,
                words: words.to_owned(),
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
        let good = parse("# head\nskep-refuses\tno such thing\tit needs a reason\n").unwrap();
        assert!(good[0].is_about(Difference::SkepRefuses, "there is no such thing here"));
        assert!(!good[0].is_about(Difference::LibbpfRefuses, "there is no such thing here"));
        assert!(!good[0].is_about(Difference::SkepRefuses, "something else"));
        for text in [
            "skep-refuses\tno such thing",
            "other\tno such thing\tthis is why",
            "skep-refuses\tno such thing\twhy",
            "skep-refuses\t\tthis is why",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        list().unwrap();
    }
}

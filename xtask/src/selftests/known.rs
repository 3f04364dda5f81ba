//! Differences that are known, each with its reason: `known.tsv`.
//!
//! A line is object, program, type, difference, reason. An entry whose difference is gone is stale, and fails the run
//! that notices: the list only shrinks by being looked at.

use std::collections::HashSet;

use super::row::{Difference, Row};

const LIST: &str = include_str!("known.tsv");

/// A difference that is known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Known {
    pub(crate) object: String,
    pub(crate) program: String,
    pub(crate) prog_type: String,
    pub(crate) difference: Difference,
    pub(crate) reason: String,
}

/// Reads the list.
pub(crate) fn list() -> Result<Vec<Known>, String> {
    parse(LIST)
}

fn parse(text: &str) -> Result<Vec<Known>, String> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.starts_with('#'));
    lines
        .map(|(number, line)| {
            let wrong = |what: &str| format!("known.tsv:{number}: {what}");
            let fields: Vec<&str> = line.split('\t').collect();
            let [object, program, prog_type, difference, reason] = fields[..] else {
                return Err(wrong("an entry has five fields"));
            };
            let difference = Difference::named(difference)
                .ok_or_else(|| wrong(&format!("{difference} is no kind of difference")))?;
            if reason.split(' ').count() < 3 {
                return Err(wrong("a reason says why"));
            }
            Ok(Known {
                object: object.to_owned(),
                program: program.to_owned(),
                prog_type: prog_type.to_owned(),
                difference,
                reason: reason.to_owned(),
            })
        })
        .collect()
}

/// Whether a row's difference is listed.
pub(crate) fn is_listed(known: &[Known], row: &Row) -> bool {
    known.iter().any(|known| known.is_about(row) && known.difference == row.difference())
}

/// Entries about programs that were judged and do not differ so any more.
pub(crate) fn stale<'k>(known: &'k [Known], rows: &[Row]) -> Vec<&'k Known> {
    let judged: HashSet<(&str, &str, &str)> = rows
        .iter()
        .map(|row| {
            let case = &row.case;
            (case.object.as_str(), case.program.as_str(), case.prog_type.as_str())
        })
        .collect();
    let is_judged = |known: &&Known| {
        judged.contains(&(known.object.as_str(), known.program.as_str(), known.prog_type.as_str()))
    };
    known
        .iter()
        .filter(is_judged)
        .filter(|known| {
            !rows.iter().any(|row| known.is_about(row) && known.difference == row.difference())
        })
        .collect()
}

impl Known {
    fn is_about(&self, row: &Row) -> bool {
        let case = &row.case;
        self.object == case.object
            && self.program == case.program
            && self.prog_type == case.prog_type
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::{Answer, Case, Outcome};
    use super::*;

    fn row(skep: Outcome) -> Row {
        let case = Case {
            object: "o".into(),
            program: "p".into(),
            section: "xdp".into(),
            prog_type: "xdp".into(),
            is_borrowed: false,
        };
        let answer = |outcome| Answer::none(outcome, "");
        Row { case, kernel: answer(Outcome::Rejected), skep: answer(skep) }
    }

    #[test]
    fn an_entry_covers_its_difference_and_is_stale_without_it() {
        let known = parse("# head\no\tp\txdp\tfalse-accept\tno rule for it\n").unwrap();
        assert!(is_listed(&known, &row(Outcome::Accepted)));
        assert!(stale(&known, &[row(Outcome::Accepted)]).is_empty());
        assert!(!is_listed(&known, &row(Outcome::Unsupported)));
        assert_eq!(stale(&known, &[row(Outcome::Unsupported)]).len(), 1);
        assert!(stale(&known, &[]).is_empty(), "a program that was not judged says nothing");
    }

    #[test]
    fn entries_are_checked() {
        for text in [
            "o\tp\txdp\tfalse-accept\n",
            "o\tp\txdp\twrong\tthis is why\n",
            "o\tp\txdp\tinsns\t?\n",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        list().unwrap();
    }
}

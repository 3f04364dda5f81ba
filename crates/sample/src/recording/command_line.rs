//! What perf was told to record (`HEADER_CMDLINE`).

use super::feature::{Feature, Features};

/// The longest command line that is looked at, in words.
const MAX_WORDS: u32 = 4096;

/// Whether perf was told to watch CPUs, whoever runs on them: `-a`, `-C`, or `perf sched record`, which does so itself.
pub(super) fn is_system_wide(features: &Features) -> bool {
    words(features).is_some_and(|words| asks_for_cpus(&words))
}

fn words(features: &Features) -> Option<Vec<String>> {
    let mut fields = features.fields(Feature::Cmdline)?;
    let count = fields.u32("the number of words").ok()?.min(MAX_WORDS);
    (0..count).map(|_| fields.string("a word").ok()).collect()
}

fn asks_for_cpus(words: &[String]) -> bool {
    // What follows is the command's own.
    let own = words.iter().take_while(|word| *word != "--");
    let mut own = own.skip(1).map(String::as_str);
    let is_wide = |word: &str| {
        let letters = word.strip_prefix('-').unwrap_or("");
        let is_short = !letters.is_empty() && letters.bytes().all(|byte| byte.is_ascii_lowercase());
        // -a may stand among others that take no value; those that take one begin with another letter.
        let takes_none = letters.bytes().all(|byte| b"abdghnqsvTW".contains(&byte));
        (is_short && takes_none && letters.contains('a'))
            || word.starts_with("-C")
            || word.starts_with("--all-cpus")
            || word.starts_with("--cpu=")
            || word == "--cpu"
    };
    own.any(|word| word == "sched" || is_wide(word))
}

#[cfg(test)]
mod tests {
    use super::asks_for_cpus;

    fn asks(line: &str) -> bool {
        asks_for_cpus(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn cpus_are_asked_for_in_many_ways() {
        for line in [
            "perf record -a",
            "perf record -q -ag -e cycles",
            "perf record -C 0-3 -- ls",
            "perf record -C0",
            "perf record --all-cpus",
            "perf record --cpu=1",
            "/usr/bin/perf sched record sleep 1",
        ] {
            assert!(asks(line), "{line}");
        }
        for line in [
            "perf record -- ls -a",
            "perf record -g -p 12",
            "perf record -e sched:sched_switch -t 1",
            "perf record --call-graph dwarf",
            "perf record -o data -F 99",
        ] {
            assert!(!asks(line), "{line}");
        }
    }
}

//! What the verifier writes: its messages, and the statistics at the end (`print_verification_stats`).

use std::time::Duration;

use skep_abi::Errno;

/// What the kernel makes of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Why not; none when it is accepted.
    pub errno: Option<Errno>,
    /// The log as the kernel wrote it: of an accepted program only the statistics.
    pub log: String,
    /// The statistics, which end the log unless the kernel refused before it looked at insns.
    pub stats: Option<Stats>,
}

impl Verdict {
    /// Whether the kernel takes the program.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.errno.is_none()
    }

    /// The last line of the log before its statistics; empty when there is none.
    #[must_use]
    pub fn last_message(&self) -> &str {
        message_before_stats(&self.log)
    }
}

/// Statistics of a verification. Kernels before 6.4 leave some out; these are 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// The kernel's own measurement.
    pub time: Duration,
    /// Insns that were looked at, each as often as it was.
    pub insn_processed: u64,
    /// Most states that were kept at one insn.
    pub max_states_per_insn: u64,
    /// States that were ever kept.
    pub total_states: u64,
    /// Most states that were kept at once.
    pub peak_states: u64,
}

impl Stats {
    /// Reads the statistics at the end of a log.
    #[must_use]
    pub fn parse(log: &str) -> Option<Self> {
        let mut stats = None;
        let mut time = Duration::ZERO;
        for line in log.lines().rev().take(4) {
            if let Some(found) = Self::of_line(line) {
                stats = Some(found);
            } else if let Some(usec) = line.strip_prefix("verification time ") {
                let usec = usec.split(' ').next().and_then(|usec| usec.parse().ok());
                time = Duration::from_micros(usec.unwrap_or(0));
            }
        }
        stats.map(|stats| Self { time, ..stats })
    }

    fn of_line(line: &str) -> Option<Self> {
        let mut words = line.strip_prefix("processed ")?.split(' ');
        let insn_processed = words.next()?.parse().ok()?;
        let mut stats = Self { insn_processed, ..Self::default() };
        while let Some(word) = words.next() {
            let field = match word {
                "max_states_per_insn" => &mut stats.max_states_per_insn,
                "total_states" => &mut stats.total_states,
                "peak_states" => &mut stats.peak_states,
                _ => continue,
            };
            *field = words.next().and_then(|number| number.parse().ok()).unwrap_or(0);
        }
        Some(stats)
    }
}

/// The last line of a log that is not a statistic; empty when there is none.
#[must_use]
pub fn message_before_stats(log: &str) -> &str {
    let is_stat = |line: &&str| {
        line.is_empty()
            || line.starts_with("processed ") && line.contains(" insns (limit ")
            || line.starts_with("verification time ")
            // Nothing stands behind it where no function was found.
            || *line == "stack depth"
            || line.starts_with("stack depth ")
    };
    let message = log.lines().rev().map(str::trim_end).find(|line| !is_stat(line)).unwrap_or("");
    // Some of the kernel's sentences end without a line break.
    message.split_once("verification time ").map_or(message, |(sentence, _)| sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REJECTED: &str = "0: R1=ctx() R10=fp0\n0: (95) exit\nR0 !read_ok\nverification time 12 usec\nstack depth 0\nprocessed 1 insns (limit 1000000) max_states_per_insn 2 total_states 3 peak_states 4 mark_read 0\n";

    #[test]
    fn the_last_message_stands_before_the_statistics() {
        assert_eq!(message_before_stats(REJECTED), "R0 !read_ok");
        assert_eq!(
            message_before_stats("processed 0 insns (limit 1000000) max_states_per_insn 0\n"),
            ""
        );
        assert_eq!(
            message_before_stats("a sentence\nstack depth \nprocessed 0 insns (limit 1000000) \n"),
            "a sentence"
        );
        assert_eq!(message_before_stats(""), "");
        assert_eq!(
            message_before_stats("no line breakverification time 3 usec\n"),
            "no line break"
        );
        assert_eq!(message_before_stats("processed by nobody\n"), "processed by nobody");
    }

    #[test]
    fn statistics_are_read_by_name() {
        let stats = Stats::parse(REJECTED).unwrap();
        let expected = Stats {
            time: Duration::from_micros(12),
            insn_processed: 1,
            max_states_per_insn: 2,
            total_states: 3,
            peak_states: 4,
        };
        assert_eq!(stats, expected);
        assert_eq!(Stats::parse("R0 !read_ok\n"), None);
    }
}

//! What was generated and how it was judged.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::difference::Differences;

/// Programs longer than this count as this long.
const LENGTH_MAX: usize = 511;
/// How often a kind of rejection must be seen to count.
const OFTEN: u64 = 500;

/// Counts of one thread, or of all.
#[derive(Clone, Debug)]
pub(crate) struct Stats {
    pub(crate) programs: u64,
    pub(crate) accepted: u64,
    pub(crate) agree: u64,
    pub(crate) equal_messages: u64,
    pub(crate) agreed_rejected: u64,
    pub(crate) equal_insns: u64,
    pub(crate) agreed_accepted: u64,
    /// Accepted ones that the interpreter ran.
    pub(crate) ran: u64,
    pub(crate) lengths: Vec<u64>,
    pub(crate) by_type: BTreeMap<&'static str, [u64; 3]>,
    /// By the kernel's message without numbers.
    pub(crate) messages: BTreeMap<String, u64>,
    /// By skep's kind.
    pub(crate) kinds: BTreeMap<&'static str, u64>,
    /// Agreed rejections whose messages differ.
    pub(crate) other_messages: Differences,
    pub(crate) differences: Differences,
}

impl Default for Stats {
    fn default() -> Self {
        Self {
            programs: 0,
            accepted: 0,
            agree: 0,
            equal_messages: 0,
            agreed_rejected: 0,
            equal_insns: 0,
            agreed_accepted: 0,
            ran: 0,
            lengths: vec![0; LENGTH_MAX + 1],
            by_type: BTreeMap::new(),
            messages: BTreeMap::new(),
            kinds: BTreeMap::new(),
            other_messages: Differences::default(),
            differences: Differences::default(),
        }
    }
}

impl Stats {
    pub(crate) fn length(&mut self, len: usize) {
        self.lengths[len.min(LENGTH_MAX)] += 1;
    }

    fn median(&self) -> usize {
        let mut seen = 0;
        let half = self.programs.div_ceil(2);
        self.lengths
            .iter()
            .position(|count| {
                seen += count;
                seen >= half
            })
            .unwrap_or(0)
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.programs += other.programs;
        self.accepted += other.accepted;
        self.agree += other.agree;
        self.equal_messages += other.equal_messages;
        self.agreed_rejected += other.agreed_rejected;
        self.equal_insns += other.equal_insns;
        self.agreed_accepted += other.agreed_accepted;
        self.ran += other.ran;
        for (mine, others) in self.lengths.iter_mut().zip(other.lengths) {
            *mine += others;
        }
        for (name, counts) in other.by_type {
            let mine = self.by_type.entry(name).or_default();
            for (mine, others) in mine.iter_mut().zip(counts) {
                *mine += others;
            }
        }
        other.messages.into_iter().for_each(|(k, n)| *self.messages.entry(k).or_default() += n);
        other.kinds.into_iter().for_each(|(k, n)| *self.kinds.entry(k).or_default() += n);
        self.other_messages.merge(other.other_messages);
        self.differences.merge(other.differences);
    }

    /// The report for people.
    pub(crate) fn text(&self, seconds: f64) -> String {
        let mut text = String::new();
        let percent = |part: u64, whole: u64| part as f64 * 100.0 / whole.max(1) as f64;
        let d = &self.differences;
        let _ = writeln!(text, "rejections by the kernel's message:");
        for (message, count) in sorted(&self.messages) {
            let _ = writeln!(text, "{count:9} {message}");
        }
        let _ = writeln!(text, "agreed rejections with other messages:");
        for (kind, found) in self.other_messages.often().into_iter().take(60) {
            let (count, kernel, skep) = (found.count, &kind.kernel, &kind.skep);
            let _ = writeln!(text, "{count:9} kernel: {kernel}\n          skep:   {skep}");
        }
        let _ = writeln!(text, "by type: programs, accepted, agree");
        for (name, [programs, accepted, agree]) in &self.by_type {
            let _ = writeln!(text, "  {name:16} {programs:9} {accepted:9} {agree:9}");
        }
        let _ = writeln!(text, "differences:");
        for (kind, found) in d.often().into_iter().take(80) {
            let _ = writeln!(
                text,
                "{:9} {}: kernel: {}; skep: {} ({} insns, number {})",
                found.count,
                kind.what,
                kind.kernel,
                kind.skep,
                found.program.insns.len(),
                found.number
            );
        }
        let often = |counts: &mut dyn Iterator<Item = u64>| counts.filter(|n| *n >= OFTEN).count();
        let _ = writeln!(
            text,
            "{} programs in {seconds:.0} s ({:.0} a second); the kernel accepts {:.1} %; median length {}",
            self.programs,
            self.programs as f64 / seconds,
            percent(self.accepted, self.programs),
            self.median()
        );
        let _ = writeln!(
            text,
            "kinds of rejection: {} by skep's kinds ({} seen {OFTEN} times), {} by the kernel's messages ({})",
            self.kinds.len(),
            often(&mut self.kinds.values().copied()),
            self.messages.len(),
            often(&mut self.messages.values().copied()),
        );
        let _ = writeln!(
            text,
            "agreement {:.3} %; false accepts {}, false rejects {}, unsupported {}, crashes {}, traps {}",
            percent(self.agree, self.programs),
            d.count_of("false-accept"),
            d.count_of("false-reject"),
            d.count_of("unsupported"),
            d.count_of("crashed"),
            d.count_of("trapped"),
        );
        let _ = writeln!(
            text,
            "equal messages {:.1} % of {} agreed rejections; equal insns {:.1} % of {} agreed acceptances; {} ran in the interpreter",
            percent(self.equal_messages, self.agreed_rejected),
            self.agreed_rejected,
            percent(self.equal_insns, self.agreed_accepted),
            self.agreed_accepted,
            self.ran
        );
        text
    }
}

fn sorted<K: Clone + Ord>(counts: &BTreeMap<K, u64>) -> Vec<(K, u64)> {
    let mut sorted: Vec<_> = counts.iter().map(|(key, count)| (key.clone(), *count)).collect();
    sorted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    sorted
}

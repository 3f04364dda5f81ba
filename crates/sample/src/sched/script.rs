//! Scripts of transitions: what CPUs do at which time, as text.
//!
//! ```text
//! # Times count from the start of the run, lines are in order of time.
//! script     = { line "\n" }
//! line       = [ time "cpu" cpus state ] [ "#" anything ]
//! time       = number [ "." digits ] unit          12.5ms; unit is ns, us, ms or s
//! cpus       = range { "," range }                 0-3,8
//! state      = "idle" | "busy"                     which of the two
//!            | "task" tid                          who runs; task 0 is idle
//!            | "offline" | "online"                out of service, and back, idle
//! ```

use skep_abi::{Cpu, Pid};
use skep_topology::{MAX_CPUS, parse_list};

use super::error::{ScriptError, ScriptMistake};
use super::{Occupancy, Transition};

/// Transitions that a script may have, so that lists of CPUs cannot blow a short text up.
pub(super) const MAX: usize = 1 << 20;
/// `PID_MAX_LIMIT` of 64-bit kernels.
const MAX_TID: u32 = 1 << 22;
/// Nanoseconds that a script may last: a century or so.
const MAX_TIME: u128 = 100 * 366 * 86_400 * 1_000_000_000;

/// A parsed script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    transitions: Vec<Transition>,
}

impl Script {
    /// Parses a text.
    ///
    /// # Errors
    /// [`ScriptError`], with line and column.
    pub fn parse(text: &str) -> Result<Self, ScriptError> {
        let mut transitions: Vec<Transition> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let mut words = Words { line, at: 0 };
            let at_end = |mistake: ScriptMistake| fail(line, index, line.len(), mistake);
            let Some((at, word)) = words.next() else { continue };
            let time = time(word)
                .ok_or_else(|| fail(line, index, at, ScriptMistake::Time(word.to_owned())))?;
            if transitions.last().is_some_and(|last| time < last.time) {
                return Err(fail(line, index, at, ScriptMistake::BackInTime));
            }
            match words.next() {
                Some((_, "cpu")) => {}
                Some((at, word)) => return Err(fail(line, index, at, strange(word, "`cpu`"))),
                None => return Err(at_end(ScriptMistake::Missing { expected: "`cpu`" })),
            }
            let Some((at, word)) = words.next() else {
                return Err(at_end(ScriptMistake::Missing { expected: "a list of CPUs" }));
            };
            let cpus = parse_list(word, MAX_CPUS).map_err(|error| {
                fail(line, index, at + error.at, ScriptMistake::Cpus(error.why))
            })?;
            let now = state(&mut words)
                .map_err(|(at, mistake)| fail(line, index, at.unwrap_or(line.len()), mistake))?;
            if let Some((at, word)) = words.next() {
                return Err(fail(line, index, at, ScriptMistake::Surplus(word.to_owned())));
            }
            if transitions.len() + cpus.len() > MAX {
                return Err(fail(line, index, 0, ScriptMistake::TooLong));
            }
            transitions.extend(cpus.into_iter().map(|cpu| Transition { time, cpu: Cpu(cpu), now }));
        }
        Ok(Self { transitions })
    }

    /// Parses the bytes of a file.
    ///
    /// # Errors
    /// [`ScriptError`], also for bytes that are not UTF-8.
    pub fn parse_bytes(bytes: &[u8]) -> Result<Self, ScriptError> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::parse(text),
            Err(error) => {
                let (valid, _) = bytes.split_at(error.valid_up_to());
                let line = valid.iter().filter(|byte| **byte == b'\n').count();
                let last = valid.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
                let column = String::from_utf8_lossy(last).chars().count() + 1;
                Err(ScriptError { line: line + 1, column, mistake: ScriptMistake::NotText })
            }
        }
    }

    /// What happens, in order of time; times count from the start.
    #[must_use]
    pub fn transitions(&self) -> &[Transition] {
        &self.transitions
    }

    /// The highest CPU that is named.
    #[must_use]
    pub fn last_cpu(&self) -> Option<Cpu> {
        self.transitions.iter().map(|transition| transition.cpu).max()
    }
}

/// The words of a line up to its comment, with their places in bytes.
struct Words<'a> {
    line: &'a str,
    at: usize,
}

impl<'a> Iterator for Words<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.line.get(self.at..)?;
        let word = rest.trim_start();
        let start = self.at + rest.len() - word.len();
        if word.is_empty() || word.starts_with('#') {
            self.at = self.line.len();
            return None;
        }
        let end = word.find(|c: char| c.is_whitespace() || c == '#').unwrap_or(word.len());
        self.at = start + end;
        Some((start, &word[..end]))
    }
}

fn fail(line: &str, index: usize, at: usize, mistake: ScriptMistake) -> ScriptError {
    let column = line.get(..at).map_or(0, |before| before.chars().count()) + 1;
    ScriptError { line: index + 1, column, mistake }
}

fn strange(word: &str, expected: &'static str) -> ScriptMistake {
    ScriptMistake::Word { found: word.to_owned(), expected }
}

/// A time in nanoseconds; fractions of one are cut off.
fn time(word: &str) -> Option<u64> {
    let unit_at = word.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = word.split_at(unit_at);
    let scale: u128 = match unit {
        "ns" => 1,
        "us" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) || whole.len() > 20 || fraction.len() > 18 {
        return None;
    }
    let part = fraction.parse::<u128>().ok()? * scale / 10u128.pow(fraction.len() as u32);
    let total = whole.parse::<u128>().ok()? * scale + part;
    u64::try_from(total).ok().filter(|_| total <= MAX_TIME)
}

fn state(words: &mut Words<'_>) -> Result<Occupancy, (Option<usize>, ScriptMistake)> {
    const STATES: &str = "idle, busy, task, offline or online";
    let missing = |expected| (None, ScriptMistake::Missing { expected });
    let (at, word) = words.next().ok_or_else(|| missing(STATES))?;
    match word {
        "idle" => Ok(Occupancy::Idle),
        "busy" => Ok(Occupancy::Busy),
        "offline" => Ok(Occupancy::Offline),
        "online" => Ok(Occupancy::Online),
        "task" => {
            let (at, word) = words.next().ok_or_else(|| missing("a thread's number"))?;
            let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
            let tid = word.parse().ok().filter(|tid| is_number && *tid <= MAX_TID);
            let tid = tid.ok_or((Some(at), ScriptMistake::Thread(word.to_owned())))?;
            Ok(Occupancy::of_thread(Pid(tid)))
        }
        other => Err((Some(at), strange(other, STATES))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Vec<(u64, u32, Occupancy)> {
        let script = Script::parse(text).unwrap();
        script.transitions().iter().map(|t| (t.time, t.cpu.0, t.now)).collect()
    }

    fn refused(text: &str) -> String {
        Script::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn lines_comments_and_blanks_are_read() {
        use Occupancy::{Busy, Idle, Offline, Online, Runs};
        let text = "# a machine\n\n0s cpu 1,0 busy # both\n  1.5us\tcpu 2-3 idle\n\
                    2ms cpu 0 task 77\n2ms cpu 0 task 0\n3s cpu 5 offline\r\n3s cpu 5 online";
        let expected = [
            (0, 0, Busy),
            (0, 1, Busy),
            (1_500, 2, Idle),
            (1_500, 3, Idle),
            (2_000_000, 0, Runs(Pid(77))),
            (2_000_000, 0, Idle),
            (3_000_000_000, 5, Offline),
            (3_000_000_000, 5, Online),
        ];
        assert_eq!(parsed(text), expected);
        assert_eq!(Script::parse(text).unwrap().last_cpu(), Some(Cpu(5)));
        assert_eq!((parsed(""), Script::default().last_cpu()), (Vec::new(), None));
    }

    #[test]
    fn times_have_units_and_fractions() {
        let times = ["7ns", "0.0000000015s", "12.5ms", "18446744073709551615ns"].map(time);
        assert_eq!(times, [Some(7), Some(1), Some(12_500_000), None]);
        for bad in ["7", "ms", ".5ms", "5.ms", "-1ms", "1e3ms", "1m", "1 ms", "1.5.2ms", "٣ms"] {
            assert_eq!(time(bad), None, "{bad}");
        }
        assert_eq!(time(&format!("{}ns", "9".repeat(40))), None);
        assert_eq!(time(&format!("1.{}s", "9".repeat(40))), None);
    }

    #[test]
    fn mistakes_have_a_line_and_a_column() {
        for (text, expected) in [
            (
                "soon cpu 1 idle",
                "line 1, column 1: `soon` is no time: write a number with ns, us, ms or s, such as 12.5ms",
            ),
            (
                "2ms cpu 1 idle\n1ms cpu 1 busy",
                "line 2, column 1: this is earlier than the line above; lines are in order of time",
            ),
            ("1ms node 1 idle", "line 1, column 5: `node` is not `cpu`"),
            ("1ms", "line 1, column 4: the line ends where `cpu` is due"),
            ("1ms cpu", "line 1, column 8: the line ends where a list of CPUs is due"),
            (
                "1ms cpu 1",
                "line 1, column 10: the line ends where idle, busy, task, offline or online is due",
            ),
            (
                "1ms cpu 1 asleep",
                "line 1, column 11: `asleep` is not idle, busy, task, offline or online",
            ),
            ("1ms cpu 1 task", "line 1, column 15: the line ends where a thread's number is due"),
            (
                "1ms cpu 1 task ü",
                "line 1, column 16: `ü` is no thread: these go from 0, the idle task, to 4194304",
            ),
            (
                "1ms cpu 1 task 4194305",
                "line 1, column 16: `4194305` is no thread: these go from 0, the idle task, to 4194304",
            ),
            ("1ms cpu 1 idle now", "line 1, column 16: `now` is one word too many"),
            ("1ms cpu 0,x idle", "line 1, column 11: `x` is no number; a list looks like 0-3,8"),
            ("1ms cpu 0,3-1 idle", "line 1, column 11: the range 3-1 is upside down"),
            (
                "1ms cpu 8192 idle",
                "line 1, column 9: 8192 is over 8191, the highest that Linux knows",
            ),
            ("1ms cpu +1 idle", "line 1, column 9: `+1` is no number; a list looks like 0-3,8"),
            (
                "\n ü cpu 1 idle",
                "line 2, column 2: `ü` is no time: write a number with ns, us, ms or s, such as 12.5ms",
            ),
        ] {
            assert_eq!(refused(text), expected);
        }
        let error = Script::parse_bytes(b"1ms cpu 1 idle\n1ms \xff").unwrap_err();
        assert_eq!(error.to_string(), "line 2, column 5: this is not UTF-8 text");
    }

    #[test]
    fn a_short_text_cannot_ask_for_endless_transitions() {
        let text = "0s cpu 0-8191 idle\n".repeat(129);
        assert_eq!(Script::parse(&text).unwrap_err().mistake, ScriptMistake::TooLong);
        assert_eq!(Script::parse(&text).unwrap_err().line, 129);
    }

    /// Every single-byte change of a good script gives a value or an error that points into the text.
    #[test]
    fn mutated_scripts_parse_or_say_where_they_do_not() {
        let good = b"# s\n0s cpu 0-1 idle\n12.5ms cpu 1,3 task 42\n1s cpu 0 offline\n";
        let lines = |text: &[u8]| text.iter().filter(|byte| **byte == b'\n').count() + 1;
        let mut accepted = 0;
        for at in 0..good.len() {
            for byte in 0..=255u8 {
                for is_insert in [false, true] {
                    let mut text = good.to_vec();
                    if is_insert {
                        text.insert(at, byte)
                    } else {
                        text[at] = byte
                    }
                    match Script::parse_bytes(&text) {
                        Ok(script) => {
                            accepted += 1;
                            assert!(script.transitions().is_sorted_by_key(|t| t.time));
                        }
                        Err(error) => {
                            assert!((1..=lines(&text)).contains(&error.line), "{error}");
                            assert!((1..=text.len() + 1).contains(&error.column), "{error}");
                        }
                    }
                }
            }
            assert!(Script::parse_bytes(&good[..at]).is_ok() || at > 4);
        }
        assert!(accepted > 1000, "{accepted}");
    }
}

//! CPU lists as the kernel writes them: `0-3,5`.

use std::collections::BTreeSet;
use std::str::FromStr;

use skep_abi::Cpu;

/// The highest number that a CPU can have: kernels are built for at most 8,192.
const MAX_CPU: u32 = 8191;

/// Some CPUs; never none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CpuList(BTreeSet<Cpu>);

impl CpuList {
    /// The CPUs in ascending order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Cpu> {
        self.0.iter().copied()
    }
}

impl FromStr for CpuList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut cpus = BTreeSet::new();
        for range in text.split(',') {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let (first, last) = (number(first)?, number(last)?);
            if first > last {
                return Err(format!("the range {range} is upside down"));
            }
            cpus.extend((first..=last).map(Cpu));
        }
        Ok(Self(cpus))
    }
}

fn number(text: &str) -> Result<u32, String> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(cpu) if is_number && cpu <= MAX_CPU => Ok(cpu),
        _ if is_number => {
            Err(format!("CPU {text} is over {MAX_CPU}, the highest that Linux knows"))
        }
        _ => Err(format!("`{text}` is no CPU number; a list looks like 0-3,5")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cpus(text: &str) -> Result<Vec<u32>, String> {
        text.parse::<CpuList>().map(|list| list.iter().map(|cpu| cpu.0).collect())
    }

    #[test]
    fn ranges_and_numbers_mix_and_may_overlap() {
        assert_eq!(cpus("0-3,5"), Ok(vec![0, 1, 2, 3, 5]));
        assert_eq!(cpus("5,0-1,1-2"), Ok(vec![0, 1, 2, 5]));
        assert_eq!(cpus("8191"), Ok(vec![8191]));
    }

    #[test]
    fn what_is_no_list_says_why() {
        for (text, part) in [
            ("", "no CPU number"),
            ("1,", "no CPU number"),
            ("-1", "no CPU number"),
            ("+1", "no CPU number"),
            ("a", "`a`"),
            ("3-1", "upside down"),
            ("0-4294967295", "8191"),
            ("99999999999", "8191"),
        ] {
            let error = cpus(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}

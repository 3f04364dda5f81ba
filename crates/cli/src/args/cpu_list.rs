//! Lists of CPUs on the command line: `0-3,5`.

use std::str::FromStr;

use skep_abi::Cpu;
use skep_topology::{CpuMask, MAX_CPUS, parse_list};

/// Some CPUs; never none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CpuList(Vec<Cpu>);

impl CpuList {
    /// The CPUs in ascending order, each once.
    pub(crate) fn as_slice(&self) -> &[Cpu] {
        &self.0
    }

    /// The same as a set.
    pub(crate) fn mask(&self) -> CpuMask {
        self.0.iter().copied().collect()
    }
}

impl FromStr for CpuList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let cpus = parse_list(text, MAX_CPUS).map_err(|error| error.to_string())?;
        match cpus.is_empty() {
            true => Err("no CPU is named; a list looks like 0-3,8".to_owned()),
            false => Ok(Self(cpus.into_iter().map(Cpu).collect())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cpus(text: &str) -> Result<Vec<u32>, String> {
        text.parse::<CpuList>().map(|list| list.as_slice().iter().map(|cpu| cpu.0).collect())
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
            ("", "no CPU is named"),
            (" ", "no CPU is named"),
            ("1,", "is no number; a list looks like 0-3,8"),
            ("-1", "is no number"),
            ("+1", "`+1`"),
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

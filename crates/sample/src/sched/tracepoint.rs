//! What the tracepoint `sched:sched_switch` tells (`include/trace/events/sched.h`): its raw data, laid out as the
//! kernel publishes it in the event's `format` file.

use skep_abi::{Cpu, Pid, Sample};

use super::{Occupancy, Transition};

/// A switch from one task to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskSwitch {
    /// Who left.
    pub prev: Pid,
    /// Who came.
    pub next: Pid,
}

/// Where the fields of interest lie in the raw data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwitchFormat {
    prev: usize,
    next: usize,
}

/// A text that is not the format of `sched:sched_switch`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not the format of sched:sched_switch: {0}")]
pub struct SwitchFormatError(String);

impl Default for SwitchFormat {
    /// As on x86-64 since 3.17: 8 common bytes, `prev_comm[16]`, `prev_pid`, `prev_prio`, `prev_state` (8 bytes),
    /// `next_comm[16]`, `next_pid`, `next_prio`.
    fn default() -> Self {
        Self { prev: 24, next: 56 }
    }
}

impl SwitchFormat {
    /// Reads a `format` file, as tracefs has it and perf.data copies it.
    ///
    /// # Errors
    /// [`SwitchFormatError`], when a field is missing or has another size.
    pub fn parse(text: &str) -> Result<Self, SwitchFormatError> {
        Ok(Self { prev: offset(text, "prev_pid")?, next: offset(text, "next_pid")? })
    }

    /// Reads a sample's raw data; `None` where it is too short.
    #[must_use]
    pub fn read(&self, raw: &[u8]) -> Option<TaskSwitch> {
        let pid = |at: usize| {
            let bytes = raw.get(at..)?.first_chunk::<4>()?;
            Some(Pid(u32::from_le_bytes(*bytes)))
        };
        Some(TaskSwitch { prev: pid(self.prev)?, next: pid(self.next)? })
    }

    /// What a sample of the tracepoint tells of its CPU; `None` where its data are too short.
    #[must_use]
    pub fn transition(&self, sample: &Sample) -> Option<Transition> {
        let switch = self.read(&sample.raw)?;
        let (time, cpu): (u64, Cpu) = (sample.time, sample.cpu);
        Some(Transition { time, cpu, now: Occupancy::of_thread(switch.next) })
    }
}

/// Offset of a field of four bytes. Lines look like
/// `field:pid_t prev_pid; offset:24; size:4; signed:1;` with tabs.
fn offset(text: &str, name: &str) -> Result<usize, SwitchFormatError> {
    let refuse = |why: &str| SwitchFormatError(format!("its field {name} {why}"));
    for line in text.lines() {
        let mut parts = line.split(';').map(str::trim);
        let declared = parts.next().and_then(|part| part.strip_prefix("field:"));
        if declared.and_then(|field| field.split_whitespace().last()) != Some(name) {
            continue;
        }
        let mut value = |key: &str| {
            let number = parts.next()?.strip_prefix(key)?.trim().parse::<u16>().ok()?;
            Some(usize::from(number))
        };
        let (Some(offset), Some(size)) = (value("offset:"), value("size:")) else {
            return Err(refuse("has no offset and size"));
        };
        return if size == 4 { Ok(offset) } else { Err(refuse("has not four bytes")) };
    }
    Err(refuse("is missing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: &str = "name: sched_switch\nID: 316\nformat:\n\
        \tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\n\
        \tfield:char prev_comm[16];\toffset:8;\tsize:16;\tsigned:0;\n\
        \tfield:pid_t prev_pid;\toffset:24;\tsize:4;\tsigned:1;\n\
        \tfield:int prev_prio;\toffset:28;\tsize:4;\tsigned:1;\n\
        \tfield:long prev_state;\toffset:32;\tsize:8;\tsigned:1;\n\
        \tfield:char next_comm[16];\toffset:40;\tsize:16;\tsigned:0;\n\
        \tfield:pid_t next_pid;\toffset:56;\tsize:4;\tsigned:1;\n\
        \tfield:int next_prio;\toffset:60;\tsize:4;\tsigned:1;\n";

    fn raw(prev: u32, next: u32) -> Vec<u8> {
        let mut raw = vec![0xee; 64];
        raw[24..28].copy_from_slice(&prev.to_le_bytes());
        raw[56..60].copy_from_slice(&next.to_le_bytes());
        raw
    }

    #[test]
    fn the_published_format_is_the_usual_one() {
        assert_eq!(SwitchFormat::parse(FORMAT), Ok(SwitchFormat::default()));
        let moved = FORMAT.replace("offset:56", "offset:48");
        let format = SwitchFormat::parse(&moved).unwrap();
        assert_eq!(format, SwitchFormat { prev: 24, next: 48 });
    }

    #[test]
    fn a_sample_tells_who_came() {
        let format = SwitchFormat::default();
        let told = |raw: Vec<u8>| {
            let sample = Sample { raw, time: 9, cpu: Cpu(1), ..Sample::default() };
            format.transition(&sample)
        };
        let at = |now| Some(Transition { time: 9, cpu: Cpu(1), now });
        assert_eq!(told(raw(7, 0)), at(Occupancy::Idle));
        assert_eq!(told(raw(0, 9)), at(Occupancy::Runs(Pid(9))));
        assert_eq!(format.read(&raw(7, 9)), Some(TaskSwitch { prev: Pid(7), next: Pid(9) }));
        for len in 0..60 {
            assert_eq!(told(raw(7, 9)[..len].to_vec()), None, "{len} bytes");
        }
    }

    #[test]
    fn foreign_formats_are_refused_by_field() {
        let refused = |text: &str| SwitchFormat::parse(text).unwrap_err().to_string();
        assert!(refused("").ends_with("its field prev_pid is missing"));
        let wide = FORMAT.replace("next_pid;\toffset:56;\tsize:4", "next_pid;\toffset:56;\tsize:8");
        assert!(refused(&wide).ends_with("its field next_pid has not four bytes"));
        let cut = FORMAT.replace("offset:24;", "");
        assert!(refused(&cut).ends_with("its field prev_pid has no offset and size"));
        let large = FORMAT.replace("offset:24", "offset:99999999999999999999");
        assert!(refused(&large).ends_with("its field prev_pid has no offset and size"));
    }

    #[test]
    fn the_running_kernel_publishes_what_is_expected() {
        for root in ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"] {
            let path = format!("{root}/events/sched/sched_switch/format");
            if let Ok(text) = std::fs::read_to_string(path) {
                assert_eq!(SwitchFormat::parse(&text), Ok(SwitchFormat::default()));
                return;
            }
        }
        skep_skip::skipped!("no tracefs is mounted here");
    }
}

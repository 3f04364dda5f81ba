//! What `bpf_trace_printk` prints: lines of `trace_pipe`, which all programs of the system share.

use std::fs::File;
use std::io::{ErrorKind, Read};

use crate::{HostError, Tracefs};

/// What stands before a program's own text (`TP_printk` of `bpf_trace_printk`).
const MARK: &str = ": bpf_trace_printk: ";
/// Most bytes that are read at once: whoever prints faster than that is not waited for.
const ROOM: usize = 1 << 20;

/// The lines that programs print from now on.
#[derive(Debug)]
pub struct TracePipe {
    file: File,
    /// The head of a line whose end has not come yet.
    rest: Vec<u8>,
}

impl TracePipe {
    /// Opens it, and forgets what was printed before.
    ///
    /// # Errors
    /// When tracefs is not to be had, or somebody else reads the lines (-EBUSY).
    pub fn open() -> Result<Self, HostError> {
        let mut pipe = Self { file: Tracefs::open()?.trace_pipe()?, rest: Vec::new() };
        pipe.drain(|_, _| ());
        Ok(pipe)
    }

    /// Hands over each line that programs have printed: the number of the thread in which, where it can be told, and
    /// the text without what the kernel puts before it; returns how many. Lines of other tracers are passed over.
    pub fn drain(&mut self, mut read: impl FnMut(Option<u32>, &str)) -> usize {
        let (mut count, mut taken) = (0, 0);
        let mut bytes = [0; 4096];
        while taken < ROOM {
            let len = match self.file.read(&mut bytes) {
                Ok(0) => break,
                Ok(len) => len,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                // Nothing more for now.
                Err(_) => break,
            };
            taken += len;
            self.rest.extend_from_slice(&bytes[..len]);
            while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                if let Some((tid, text)) = parse(&String::from_utf8_lossy(&line[..end])) {
                    read(tid, text);
                    count += 1;
                }
            }
        }
        count
    }
}

/// Thread and text of a line such as `bee-7 [000] d.h2. 12.345678: bpf_trace_printk: text`; the name may hold anything.
fn parse(line: &str) -> Option<(Option<u32>, &str)> {
    let (head, text) = line.split_once(MARK)?;
    let task = head.rsplit_once('[').map_or(head, |(task, _)| task);
    // `bee-7 (   7) ` where processes are shown too.
    let task = task.split_once(" (").map_or(task, |(task, _)| task);
    let tid = task.trim_end().rsplit_once('-').and_then(|(_, tid)| tid.parse().ok());
    Some((tid, text))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_programs_text_follows_the_kernels_words() {
        let line = "            bee-77      [001] d.h2.   123.456789: bpf_trace_printk: a: b: c";
        assert_eq!(parse(line), Some((Some(77), "a: b: c")));
        let line = " a-b [x]-8 (      8) [001] d.h2.   123.456789: bpf_trace_printk: d";
        assert_eq!(parse(line), Some((Some(8), "d")));
        assert_eq!(parse("CPU:0 [LOST 7 EVENTS]"), None);
        assert_eq!(parse(" bee-77 [001] d.h2. 1.2: sched_switch: x"), None);
    }
}

//! What an event has counted: `read(2)` on it, laid out by `read_format`.

use std::fs::File;
use std::io::Read;
use std::os::fd::AsFd;

use perf_event_open_sys::bindings::{
    PERF_FORMAT_GROUP, PERF_FORMAT_ID, PERF_FORMAT_LOST, PERF_FORMAT_TOTAL_TIME_ENABLED,
    PERF_FORMAT_TOTAL_TIME_RUNNING,
};

use super::{PerfEvent, refused};
use crate::HostError;

/// A count, with what `read_format` asks for; the rest is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// The count.
    pub value: u64,
    /// Nanoseconds for which the event was enabled.
    pub enabled: Option<u64>,
    /// Nanoseconds for which it was on a counter.
    pub running: Option<u64>,
    /// The event's id.
    pub id: Option<u64>,
    /// Records that found no room.
    pub lost: Option<u64>,
}

impl PerfEvent {
    /// Reads the count; of a leader with `PERF_FORMAT_GROUP` those of the group, the leader's first.
    ///
    /// # Errors
    /// When the kernel refuses: -ENOSPC for a group with over 128 events.
    pub fn read(&self) -> Result<Vec<Count>, HostError> {
        let mut bytes = [0_u8; 8 * (4 + 3 * 128)];
        let file = self.as_fd().try_clone_to_owned().map(File::from);
        let len = file
            .and_then(|mut file| file.read(&mut bytes))
            .map_err(|error| refused("read the count of", &error))?;
        let words: Vec<u64> = bytes[..len]
            .chunks_exact(8)
            .map(|word| u64::from_ne_bytes(word.try_into().unwrap_or_default()))
            .collect();
        Ok(parse(&words, self.read_format))
    }
}

/// Takes the kernel's words apart; ones that are missing end the list.
fn parse(words: &[u64], format: u64) -> Vec<Count> {
    let has = |bit: u32| format & u64::from(bit) != 0;
    let mut words = words.iter().copied();
    let mut next_if = |wanted: bool| if wanted { words.next() } else { None };
    if !has(PERF_FORMAT_GROUP) {
        let Some(value) = next_if(true) else { return Vec::new() };
        return vec![Count {
            value,
            enabled: next_if(has(PERF_FORMAT_TOTAL_TIME_ENABLED)),
            running: next_if(has(PERF_FORMAT_TOTAL_TIME_RUNNING)),
            id: next_if(has(PERF_FORMAT_ID)),
            lost: next_if(has(PERF_FORMAT_LOST)),
        }];
    }
    let events = next_if(true).unwrap_or(0);
    let enabled = next_if(has(PERF_FORMAT_TOTAL_TIME_ENABLED));
    let running = next_if(has(PERF_FORMAT_TOTAL_TIME_RUNNING));
    let mut counts = Vec::new();
    for _ in 0..events {
        let Some(value) = next_if(true) else { break };
        let (id, lost) = (next_if(has(PERF_FORMAT_ID)), next_if(has(PERF_FORMAT_LOST)));
        counts.push(Count { value, enabled, running, id, lost });
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_laid_out_by_their_format() {
        let all = u64::from(
            PERF_FORMAT_TOTAL_TIME_ENABLED
                | PERF_FORMAT_TOTAL_TIME_RUNNING
                | PERF_FORMAT_ID
                | PERF_FORMAT_LOST,
        );
        let whole =
            Count { value: 1, enabled: Some(2), running: Some(3), id: Some(4), lost: Some(5) };
        assert_eq!(parse(&[1, 2, 3, 4, 5], all), [whole]);
        assert_eq!(parse(&[7], 0), [Count { value: 7, ..Count::default() }]);
        let group = u64::from(PERF_FORMAT_GROUP | PERF_FORMAT_ID);
        let one = |value, id| Count { value, id: Some(id), ..Count::default() };
        assert_eq!(parse(&[2, 10, 1, 20, 2], group), [one(10, 1), one(20, 2)]);
        assert_eq!(parse(&[u64::MAX, 10, 1], group), [one(10, 1)], "what is missing ends the list");
        assert_eq!(parse(&[], 0), []);
    }
}
